"""What a burst is held to, and what of it is its result."""

from __future__ import annotations

import asyncio
import json
from typing import Any, cast

import pytest

from bench import workload
from bench.burst import (
    CALLS_PER_S,
    Lone,
    Placed,
    hosts_of,
    judge,
    lone_figures,
    movers,
    other_host,
    tenants_here,
    usual_ms,
)
from bench.http import Connection
from bench.targets import CALLS, target

SITE = workload.network(40)
AWAY = frozenset({"edge-2"})


def test_a_refused_call_is_an_error() -> None:
    with pytest.raises(RuntimeError, match="HTTP 429: b'too many'"):
        judge({429: b"too many"})
    judge({})


def test_too_few_calls_are_told_as_such() -> None:
    wanted = target("burst", 1000, CALLS)
    assert wanted is not None
    assert wanted.met(0.9 * CALLS_PER_S)
    assert not wanted.met(0.9 * CALLS_PER_S - 1)


async def answer(status: int, **pending: str) -> tuple[int, bytes]:
    return status, json.dumps({"pending": pending}).encode()


@pytest.mark.parametrize(("status", "pending"), [(200, {}), (201, {"edge-2": "is not connected"})])
def test_a_call_is_confirmed_by_all_that_are_here(status: int, pending: dict[str, str]) -> None:
    lone = Lone(cast(Connection, None), SITE, AWAY)
    assert asyncio.run(lone.timed(answer(status, **pending))) > 0


@pytest.mark.parametrize(
    ("status", "pending"),
    [(409, {}), (200, {"edge-0": "was not read"}), (200, {"edge-2": "", "proof": "is under way"})],
)
def test_a_call_that_is_not_is_no_figure(status: int, pending: dict[str, str]) -> None:
    lone = Lone(cast(Connection, None), SITE, AWAY)
    with pytest.raises(RuntimeError, match=f"answered {status}"):
        asyncio.run(lone.timed(answer(status, **pending)))


def test_calls_that_bring_many_entries_are_told_apart_and_none_is_left_out() -> None:
    placed = [*(Placed(10.0, 4) for _ in range(98)), Placed(70.0, 499), Placed(120.0, 500)]
    assert max(usual_ms(placed)) == 70.0
    assert len(usual_ms(placed)) == 99
    found: dict[str, Any] = {figure.name: figure.value for figure in lone_figures(placed)}
    assert found["a lone placement, median"] == 10.0
    assert found["any lone placement, p99"] == 120.0
    assert found["lone placements told apart"] == 1
    assert found["entries that each of those brought its host, median"] == 500
    assert found["the longest of those"] == 120.0
    names = {figure.name for figure in lone_figures(placed[:99])}
    assert names == {"a lone placement, median", "any lone placement, p99"}


@pytest.mark.parametrize(("hosts", "here"), [(2, 20), (5, 8)])
def test_who_moves_moves_between_hosts_whose_switches_are_here(hosts: int, here: int) -> None:
    intent = workload.intent_of(100, hosts)
    site = workload.Network(intent, workload.topology_of(hosts), SITE.facts)
    one, other = hosts_of(site)[:2]
    assert {intent.instances[name].host for name in movers(site)} == {one, other}
    assert other_host(site, one) == other
    assert other_host(site, other) == one
    assert tenants_here(site) == here
