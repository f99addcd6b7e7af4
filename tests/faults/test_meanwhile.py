"""What the loop works out while switches are at work keeps none of them waiting for it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import replace

from controller.journal import Journal
from controller.model.intent import frozen
from controller.model.network import Network
from controller.proving import Prover
from controller.reconcile.events import BundleFailed, Event, SendBundle, SwitchUp
from controller.stepping import Loop
from tests.northbound.engines import Obedient
from tests.sites import two_hosts

WAIT_S = 10.0


class Asked(Obedient):
    """Switches that are asked once ``may_ask`` is set, and answer once ``may_answer`` is."""

    def __init__(self) -> None:
        super().__init__()
        self.may_ask, self.may_answer = asyncio.Event(), asyncio.Event()
        self.may_ask.set()
        self.may_answer.set()
        self.refuses = False

    async def send_bundle(self, effect: SendBundle, asked: Callable[[], None]) -> Event:
        await self.may_ask.wait()
        if self.refuses:
            self.refuses = False
            return BundleFailed(effect.switch, effect.session, "expected by the test", known=True)
        asked()
        await self.may_answer.wait()
        return await super().send_bundle(effect, asked)


def relabelled() -> Network:
    """A service is somebody else, so rows are swapped, then taken away."""
    network = two_hosts()
    web = network.intent.services["web"]
    web = replace(web, labels=frozen({"tier": "front"}))
    services = frozen({**network.intent.services, "web": web})
    return replace(network, intent=replace(network.intent, services=services))


async def at_rest(switches: Asked) -> Loop:
    loop = Loop(
        *(switches, Prover(), Journal()), audit_s=3600, incremental=True, clock=time.monotonic
    )
    network = two_hosts()
    loop.change(network, 1)
    for name in network.topology.switches:
        loop.feed(SwitchUp(name, 1))
    await loop.applied(loop.serial, WAIT_S)
    return loop


async def turns() -> None:
    """As many of the event loop as anything that is due could take."""
    for _ in range(50):
        await asyncio.sleep(0)


def works_ahead(loop: Loop) -> bool:
    """Whether what comes next was worked out."""
    return loop.state.rollout is not None and bool(loop.state.rollout.foreseen)


def test_the_next_phase_is_worked_out_once_all_have_been_asked_and_before_they_answer() -> None:
    async def scenario() -> None:
        switches = Asked()
        loop = await at_rest(switches)
        switches.may_ask.clear()
        switches.may_answer.clear()
        loop.change(relabelled(), 2)
        await turns()
        assert loop.state.rollout is not None and loop.state.rollout.waiting
        assert not works_ahead(loop)
        switches.may_ask.set()
        await turns()
        assert works_ahead(loop)
        switches.may_answer.set()
        await loop.applied(loop.serial, WAIT_S)
        assert loop.state.proved == loop.serial
        await loop.close()

    asyncio.run(scenario())


def test_who_refuses_unasked_keeps_nobody_from_going_on() -> None:
    async def scenario() -> None:
        switches = Asked()
        loop = await at_rest(switches)
        switches.refuses = True
        loop.change(relabelled(), 2)
        await loop.applied(loop.serial, WAIT_S)
        assert any(switch.problem for switch in loop.state.switches.values())
        loop.change(two_hosts(), 3)
        await loop.applied(loop.serial, WAIT_S)
        loop.change(relabelled(), 4)
        await loop.applied(loop.serial, WAIT_S)
        assert loop.state.proved == loop.serial
        await loop.close()

    asyncio.run(scenario())
