"""What a change costs does not grow with the site: counted as work done, not timed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import pytest

from bench import workload
from controller.compile import compilation
from controller.model.change import move_tenant
from controller.model.intent import frozen
from controller.model.network import Network

Change = Callable[[Network], Network]


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


def work(services: int, change: Change) -> Mapping[str, int]:
    base = workload.network(services)
    return compilation(change(base), compilation(base)).work


@pytest.mark.parametrize("change", [a_rule, a_label, an_instance_less, a_tenants_move, a_port])
def test_a_change_costs_its_own_size(change: Change) -> None:
    small, large = work(200, change), work(800, change)
    assert small == large
    assert sum(count for name, count in small.items() if name.endswith("touched")) < 300
    assert not any(name.endswith("made") for name in small)
