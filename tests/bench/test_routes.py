"""The links that fail are of every kind that a fabric has."""

from __future__ import annotations

from collections import Counter

from bench.routes import MOST_EDGES, MOST_FAILURES, failing, topology_of


def test_links_of_every_kind_fail() -> None:
    fabric = topology_of(MOST_EDGES)
    links = failing(fabric)
    assert len(links) == len(set(links)) == MOST_FAILURES < len(fabric.links)
    kinds = Counter(frozenset(end.split("-")[0] for end in link.split()) for link in links)
    ends = (("edge", "leaf"), ("leaf", "spine"), ("spine", "core"))
    assert min(kinds[frozenset(kind)] for kind in ends) >= 10


def test_all_links_of_a_small_fabric_fail() -> None:
    fabric = topology_of(8)
    assert sorted(failing(fabric)) == sorted(fabric.links)
