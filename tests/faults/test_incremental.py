"""The setting ``incremental`` changes what a change costs, and nothing of what it leads to."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

import pytest

from controller.compile import compile_network
from controller.control import Control
from controller.dataplane.program import Program
from controller.model.change import Change, apply_changes
from controller.model.network import Network
from controller.needs import Revision
from controller.northbound.ports import Draft, Note, Origins, Write
from controller.northbound.programs import Programs
from tests.faults.test_unknown_commits import Far
from tests.northbound.engines import Obedient
from tests.sites import two_hosts

LESS = Change("delete", "rules", "ping")
CHANGES = (
    Change("put", "services", "web", {"tenant": "shop", "labels": {"tier": "api"}}),
    Change("put", "instances", "web-1", {"service": "web", "host": "host-2", "ip": "10.0.0.11"}),
    Change("put", "services", "web", {"tenant": "shop", "labels": {"tier": "web"}}),
    LESS,
)


@dataclass(frozen=True, slots=True)
class Ended:
    """What became of the changes: the last network, what switches hold, and what the last cost."""

    network: Network
    held: Mapping[str, Program]
    work: Mapping[str, int]
    proved_as_change: bool


def write(change: Change) -> Write:
    def plan(network: Network, origins: Origins) -> Draft:
        note = Note("test", "", {"changed": [f"{change.collection}/{change.name}"]})
        return Draft(apply_changes(network.intent, [change]), origins, note)

    return Write(plan)


def ended(*, incremental: bool) -> Ended:
    async def scenario() -> Ended:
        network, switches = two_hosts(), Obedient()
        control = Control(network.topology, switches, Far(), audit_s=3600, incremental=incremental)
        control.adopt(Revision(1, network.intent, {}))
        control.observe(network.facts)
        for switch in network.topology.switches.values():
            control.switch_up(switch.datapath_id, 1)
        for change in CHANGES:
            found = await control.submit(write(change), wait="applied", timeout_s=10)
            assert found.outcome.applied, found.outcome.pending
        assert control.revision() == 1 + len(CHANGES)
        compiled = control.loop.state.compiled
        assert compiled is not None
        proved = control.proofs().change is not None
        await control.close()
        return Ended(control.network(), dict(switches.held), compiled.work, proved)

    return asyncio.run(scenario())


def test_it_leads_to_the_same_programs_on_or_off() -> None:
    on, off = ended(incremental=True), ended(incremental=False)
    assert on.network.intent == off.network.intent
    assert on.held == off.held == compile_network(on.network)


@pytest.mark.parametrize("incremental", [True, False])
def test_off_compiles_and_proves_the_whole_anew(*, incremental: bool) -> None:
    found = ended(incremental=incremental)
    assert any(name.endswith(" made") for name in found.work) is not incremental
    assert found.proved_as_change is incremental


@pytest.mark.parametrize("incremental", [True, False])
def test_plans_go_by_it_too(*, incremental: bool) -> None:
    base = two_hosts()
    after = Network(apply_changes(base.intent, [LESS]), base.topology, base.facts)

    async def both() -> tuple[Mapping[str, Program], Mapping[str, Program]]:
        programs = Programs(incremental=incremental)
        return await programs.of(base), await programs.of(after)

    before, then = asyncio.run(both())
    assert (before["fabric-1"].rows is then["fabric-1"].rows) is incremental
    assert then == compile_network(after)
