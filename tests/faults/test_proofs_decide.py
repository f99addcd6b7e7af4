"""A change counts as applied once it is proved: not before, and not where the proof fails."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from controller.control import Control
from controller.dataplane.program import Program
from controller.model.network import Network
from controller.needs import Revision
from controller.northbound.ports import Outcome
from controller.proving import Prover
from tests.faults.test_unknown_commits import Far, deleting
from tests.northbound.engines import Obedient
from tests.sites import two_hosts


class LateProver(Prover):
    """Ends no proof before it is let to."""

    def __init__(self) -> None:
        super().__init__()
        self.may_end = asyncio.Event()
        self.begun = asyncio.Event()

    async def change(
        self, network: Network, held: Mapping[str, Program], revision: int
    ) -> tuple[str, ...]:
        self.begun.set()
        await self.may_end.wait()
        return ()


FAULT = "web-1 -> api-1 tcp/22: expected denied, found delivered to api-1"


class RefutingProver(Prover):
    """Finds every change wrong while ``finds`` says what."""

    def __init__(self) -> None:
        super().__init__()
        self.finds: tuple[str, ...] = (FAULT,)

    async def change(
        self, network: Network, held: Mapping[str, Program], revision: int
    ) -> tuple[str, ...]:
        return self.finds


def started(prover: Prover, *, away: str = "") -> Control:
    """A controller of two hosts' switches, all of which are connected but one."""
    network = two_hosts()
    control = Control(network.topology, Obedient(), Far(), audit_s=30, prover=prover)
    control.adopt(Revision(1, network.intent, {}))
    control.observe(network.facts)
    for switch in network.topology.switches.values():
        if switch.name != away:
            control.switch_up(switch.datapath_id, 1)
    return control


async def write(control: Control, rule: str, timeout_s: float) -> Outcome:
    return (await control.submit(deleting(rule), wait="applied", timeout_s=timeout_s)).outcome


def test_without_its_proof_nothing_counts_as_applied() -> None:
    async def scenario() -> None:
        prover = LateProver()
        control = started(prover)
        await asyncio.wait_for(prover.begun.wait(), 10)
        outcome = await write(control, "ping", timeout_s=0.5)
        assert not outcome.applied
        assert outcome.pending == {"proof": "has not ended yet"}
        prover.may_end.set()
        assert (await write(control, "web-to-api", timeout_s=10)).applied
        await control.close()

    asyncio.run(scenario())


def test_a_change_whose_proof_fails_is_not_applied() -> None:
    async def scenario() -> None:
        prover = RefutingProver()
        control = started(prover)
        outcome = await write(control, "ping", timeout_s=10)
        assert (outcome.applied, outcome.pending) == (False, {"proof": FAULT})
        assert control.ready() == (False, f"proof: {FAULT}")
        told = [event.data for event in control.journal.since(0) if event.kind == "proof-failed"]
        assert told and all(data == {"faults": [FAULT]} for data in told)
        prover.finds = ()
        assert (await write(control, "web-to-api", timeout_s=10)).applied
        assert control.ready()[0]
        await control.close()

    asyncio.run(scenario())


def test_a_failed_proof_is_told_while_a_host_is_down() -> None:
    async def scenario() -> None:
        control = started(RefutingProver(), away="edge-2")
        outcome = await write(control, "ping", timeout_s=10)
        assert not outcome.applied
        assert outcome.pending == {"edge-2": "not connected", "proof": FAULT}
        assert FAULT in control.ready()[1]
        await control.close()

    asyncio.run(scenario())


def test_an_unfinished_proof_is_told_while_a_host_is_down() -> None:
    async def scenario() -> None:
        prover = LateProver()
        control = started(prover, away="edge-2")
        await asyncio.wait_for(prover.begun.wait(), 30)  # an absent switch is waited for at first
        outcome = await write(control, "ping", timeout_s=0.5)
        assert outcome.pending == {"edge-2": "not connected", "proof": "has not ended yet"}
        prover.may_end.set()
        outcome = await write(control, "web-to-api", timeout_s=10)
        assert outcome.pending == {"edge-2": "not connected"}
        await control.close()

    asyncio.run(scenario())
