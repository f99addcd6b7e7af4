"""What a change costs does not grow with the site: counted as work done, not timed."""

from __future__ import annotations

import sys
import tracemalloc
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from types import FrameType
from typing import Any, Final

import pytest

from bench import workload
from controller.compile import Compilation, compilation
from controller.dataplane.shapes import Row
from controller.diff.plan import plan
from controller.model.change import move_tenant
from controller.model.intent import frozen
from controller.model.network import Network

Change = Callable[[Network], Network]
Tracer = Callable[[FrameType, str, Any], Any]


def a_rule(base: Network) -> Network:
    return workload.another_rule(base, 3)


def a_label(base: Network) -> Network:
    """A service becomes of a kind that its host has already."""
    services = dict(base.intent.services)
    services["service-0"] = replace(services["service-0"], labels=frozen({"app": "a2"}))
    return replace(base, intent=replace(base.intent, services=frozen(services)))


def an_instance_less(base: Network) -> Network:
    instances = {n: i for n, i in base.intent.instances.items() if n != "i-7"}
    return replace(base, intent=replace(base.intent, instances=frozen(instances)))


def a_tenants_move(base: Network) -> Network:
    return replace(base, intent=move_tenant(base.intent, "tenant-0", vrf="monitoring", vlan=8000))


def a_port(base: Network) -> Network:
    numbers = {**base.facts.ports, ("edge-0", "p-0"): 9999}
    return replace(base, facts=replace(base.facts, ports=frozen(numbers)))


def an_instance_more(base: Network) -> Network:
    """Another one of a service that has one on the same host."""
    known = base.intent.instances["i-0"]
    more = replace(
        known, name="i-new", id=65000, port="p-new", mac="02:b0:00:00:fd:e8", ip=known.ip + 200
    )
    instances = frozen({**base.intent.instances, more.name: more})
    numbers = frozen({**base.facts.ports, ("edge-0", more.port): 9999})
    intent = replace(base.intent, instances=instances)
    return replace(base, intent=intent, facts=replace(base.facts, ports=numbers))


def a_label_of_its_own(base: Network) -> Network:
    """A service becomes somebody whom there was nobody like: a new identity."""
    services = dict(base.intent.services)
    services["service-0"] = replace(services["service-0"], labels=frozen({"app": "a0", "x": "y"}))
    return replace(base, intent=replace(base.intent, services=frozen(services)))


CHANGES = [
    *(a_rule, a_label, a_label_of_its_own, an_instance_more, an_instance_less),
    *(a_tenants_move, a_port),
]


def site(services: int) -> tuple[Network, Compilation]:
    """A site and its programs after a change: what is kept from one to the next is there."""
    base = workload.relabelled(workload.network(services), 9)
    ports = {place: port for place, port in base.facts.ports.items() if place != ("edge-1", "p-1")}
    unplugged = replace(workload.network(services), facts=replace(base.facts, ports=frozen(ports)))
    return base, compilation(base, compilation(unplugged))


def work(services: int, change: Change) -> Mapping[str, int]:
    base, before = site(services)
    return compilation(change(base), before).work


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_costs_its_own_size(change: Change) -> None:
    small, large = work(200, change), work(2000, change)
    assert small == large
    assert sum(count for name, count in small.items() if name.endswith("touched")) < 400
    assert not any(name.endswith("made") for name in small)


# Those counts are what nodes say of themselves. What follows looks at all that is done to compile
# and to plan: every line of Python that runs, and what the interpreter's own loops set aside.

MOST_BYTES: Final = 320
"""Memory that a change may take at most for each service there is. It is what copies of whole
mappings come to, which are made without a line of Python."""


def steps(services: int, change: Change) -> Counter[str]:
    """How many lines run in each function, while a change is compiled and planned."""
    base, before = site(services)
    after = change(base)
    found: Counter[str] = Counter()

    def enter(frame: FrameType, _event: str, _arg: object) -> Tracer | None:
        module = frame.f_globals.get("__name__", "")
        written = frame.f_code.co_filename != "<string>"  # not made by dataclasses
        if not (module.startswith("controller.") and written):
            return None
        name = f"{module}.{frame.f_code.co_qualname.partition('.<locals>')[0]}"
        name = name.removeprefix("controller.")

        def step(_frame: FrameType, event: str, _arg: object) -> Tracer:
            found[name] += event == "line"
            return step

        return step

    was = sys.gettrace()
    sys.settrace(enter)
    try:
        plan(before.programs, compilation(after, before).programs)
    finally:
        sys.settrace(was)
    return found


@pytest.mark.parametrize("change", CHANGES)
def test_no_other_function_does_more_in_a_larger_site(change: Change) -> None:
    small, large = steps(200, change), steps(2000, change)
    assert sum(small.values()) > 1000
    grow = {name for name, count in large.items() if count > 2 * small[name] + 20}
    assert not grow, {name: (small[name], large[name]) for name in grow}


def peak_bytes(services: int, change: Change) -> int:
    base, before = site(services)
    after = change(base)
    tracemalloc.start()
    try:
        plan(before.programs, compilation(after, before).programs)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("change", CHANGES)
def test_copies_grow_little_with_the_site(change: Change) -> None:
    more = peak_bytes(2000, change) - peak_bytes(200, change)
    assert more <= MOST_BYTES * (2000 - 200)


def test_what_many_edges_have_alike_is_one_row() -> None:
    """A row of somebody else's host is made, and held, once for all edges that meet him."""
    intent, topology = workload.intent_of(300, 3), workload.topology_of(3)
    network = Network(intent, topology, workload.facts_of(intent, topology))
    known: dict[Row, Row] = {}
    held = 0
    for program in compilation(network).programs.values():
        for row in program:
            if row.shape in ("resolve.receiver:away", "origin.address"):
                assert known.setdefault(row, row) is row
                held += 1
    assert held > len(known) > 0
