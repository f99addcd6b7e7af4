"""A change counts as applied when it is proved, also where its writer stops waiting before that."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from controller.control import Control
from controller.dataplane.program import Program, program
from controller.model.network import Network
from controller.needs import Revision
from controller.northbound.ports import Outcome
from controller.proving import Prover
from controller.reconcile.events import BundleDone, Event, ReadBack, ReadBackDone, SendBundle
from tests.faults.test_unknown_commits import Far, deleting
from tests.sites import two_hosts


class Obedient:
    """Switches that do what they are told at once."""

    def __init__(self) -> None:
        self.rows: dict[str, Program] = {}

    async def send_bundle(self, effect: SendBundle) -> Event:
        rows = dict(self._held(effect.switch).rows)
        for row in effect.remove:
            rows.pop(row.key, None)
        self.rows[effect.switch] = program(
            ({**rows, **{row.key: row for row in effect.add}}).values()
        )
        return BundleDone(effect.switch, effect.session)

    async def read_back(self, effect: ReadBack) -> Event:
        return ReadBackDone(effect.switch, effect.session, effect.asked, self._held(effect.switch))

    def _held(self, switch: str) -> Program:
        return self.rows.get(switch, program(()))


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


async def write(control: Control, rule: str, timeout_s: float) -> Outcome:
    return (await control.submit(deleting(rule), wait="applied", timeout_s=timeout_s)).outcome


def test_without_its_proof_nothing_counts_as_applied() -> None:
    async def scenario() -> None:
        network, prover = two_hosts(), LateProver()
        control = Control(network.topology, Obedient(), Far(), audit_s=30, prover=prover)
        control.adopt(Revision(1, network.intent, {}))
        control.observe(network.facts)
        for switch in network.topology.switches.values():
            control.switch_up(switch.datapath_id, 1)
        await asyncio.wait_for(prover.begun.wait(), 10)
        outcome = await write(control, "ping", timeout_s=0.5)
        assert not outcome.applied
        assert outcome.pending == {"proof": "has not ended yet"}
        prover.may_end.set()
        assert (await write(control, "web-to-api", timeout_s=10)).applied
        await control.close()

    asyncio.run(scenario())
