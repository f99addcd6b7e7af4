"""Who gains, loses, or is carried otherwise, as people and programs read it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Final

from controller.model.intent import Intent
from controller.model.reach import Reach, pairs_of
from controller.model.reach_difference import ReachDifference, ReachGroup
from controller.model.syntax import ports_text
from controller.northbound.views import Body, reach_text, reach_view

MOST_PAIRS: Final = 1000
"""How many pairs are listed one by one. The groups in ``reach`` always have all of them."""


def reach_difference_view(before: Intent, after: Intent, found: ReachDifference) -> Body:
    """The difference as groups, as pairs, and as lines of text.

    A group says the same of every pair of one of its ``sources`` and one of its ``destinations``.
    ``gained``, ``lost`` and ``pairs`` have the first 1,000 pairs each.
    """
    return {
        "reach": {
            "gained": _kind(found.gained),
            "lost": _kind(found.lost),
            "changed": _kind(found.changed),
        },
        "gained": [reach_view(after, reach) for reach in _listed(found.gained)],
        "lost": [reach_view(before, reach) for reach in _listed(found.lost)],
        "pairs": list(_lines(before, after, found)),
    }


def _kind(groups: tuple[ReachGroup, ...]) -> Body:
    return {
        "pairs": sum(group.pairs for group in groups),
        "groups": [_group(group) for group in groups],
    }


def _group(group: ReachGroup) -> Body:
    body: Body = {
        "sources": list(group.sources),
        "destinations": list(group.destinations),
        "allow": [ports_text(ports) for ports in group.allow],
        "rule": group.rule,
        "class": group.qos_class,
        "dscp": group.dscp,
    }
    if group.qos_class_before is not None:
        body["class_before"] = group.qos_class_before
    return body


def _listed(groups: tuple[ReachGroup, ...]) -> list[Reach]:
    some = islice(pairs_of(groups), MOST_PAIRS)
    return sorted(some, key=lambda r: (r.source, r.destination, r.rule))


def _lines(before: Intent, after: Intent, found: ReachDifference) -> Iterator[str]:
    for intent, groups, word in (
        (after, found.gained, "gained"),
        (before, found.lost, "lost"),
    ):
        yield from (f"{reach_text(intent, reach)}: {word}" for reach in _listed(groups))
        yield from _rest(groups, word)
    for group in found.changed:
        shown = (group,)
        change = f"{group.qos_class_before} -> {group.qos_class}"
        yield from (f"{reach_text(after, reach)}: class {change}" for reach in _listed(shown))
        yield from _rest(shown, f"class {change}")


def _rest(groups: Iterable[ReachGroup], word: str) -> Iterator[str]:
    more = sum(group.pairs for group in groups) - MOST_PAIRS
    if more > 0:
        yield f"and {more} pairs more {word}: see `reach`"
