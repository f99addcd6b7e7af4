"""What the loop works out while switches are at work keeps none of them waiting for it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest

from bench.rig import site_of
from controller import stepping
from controller.compile import compile_network
from controller.control import Control
from controller.diff.cut import Cut
from controller.errors import Conflict, UnknownOutcome
from controller.journal import Journal
from controller.model.intent import Intent, frozen
from controller.model.network import Facts, Network
from controller.needs import Revision
from controller.northbound.ports import Draft, Note, Write, Written
from controller.proving import Prover
from controller.reconcile.events import (
    BundleFailed,
    Event,
    NetworkChanged,
    Prepare,
    SendBundle,
    SwitchDown,
    SwitchUp,
)
from controller.reconcile.rollout import Step
from controller.reconcile.state import State
from controller.reconcile.step import step
from controller.stepping import Loop
from tests.northbound.engines import Obedient, Remembered
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
        self.prepared: list[SendBundle] = []
        self.sent: list[SendBundle] = []

    def prepare(self, effect: Prepare) -> None:
        self.prepared.append(effect.bundle)

    async def send_bundle(self, effect: SendBundle, asked: Callable[[], None]) -> Event:
        self.sent.append(effect)
        await self.may_ask.wait()
        if self.refuses:
            self.refuses = False
            return BundleFailed(effect.switch, effect.session, "expected by the test", known=True)
        asked()
        await self.may_answer.wait()
        return await super().send_bundle(effect, asked)


def relabelled() -> Network:
    """A service is somebody else, so rows are swapped, then taken away."""
    return labelled(two_hosts(), "web", "front")


def labelled(network: Network, name: str, tier: str) -> Network:
    service = replace(network.intent.services[name], labels=frozen({"tier": tier}))
    services = frozen({**network.intent.services, name: service})
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


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> list[Event]:
    """The events that were stepped on, as they are worked out."""
    found: list[Event] = []

    def noted(state: State, event: Event, now: float, audit_s: float) -> Step:
        found.append(event)
        return step(state, event, now, audit_s)

    monkeypatch.setattr(stepping, "step", noted)
    return found


def foreseeing(then: Callable[[Loop], None], revision: int = 2) -> tuple[Asked, Loop]:
    """A loop that foresees a network, meets something else or not, and is told of that network."""

    async def scenario() -> tuple[Asked, Loop]:
        switches, network = Asked(), relabelled()
        loop = await at_rest(switches)
        before = loop.state
        switches.prepared.clear()
        switches.sent.clear()
        loop.foresee(network, 2)
        await turns()
        assert loop.state is before and not switches.sent
        assert switches.prepared
        then(loop)
        loop.change(replace(network), revision)
        await loop.applied(loop.serial, WAIT_S)
        assert loop.state.proved == loop.serial and loop.state.revision == revision
        assert {n: s.held for n, s in loop.state.switches.items()} == compile_network(network)
        await loop.close()
        return switches, loop

    return asyncio.run(scenario())


def test_what_is_being_stored_is_filled_meanwhile_and_sent_once_it_is_wanted(
    steps: list[Event],
) -> None:
    switches, _ = foreseeing(lambda _loop: None)
    assert switches.sent[0].members in [bundle.members for bundle in switches.prepared]
    assert [event.revision for event in steps if isinstance(event, NetworkChanged)] == [1, 2]


def test_what_was_foreseen_counts_for_nothing_once_something_else_has_happened() -> None:
    def leaves(loop: Loop) -> None:
        loop.feed(SwitchDown("edge-1", 1))
        loop.feed(SwitchUp("edge-1", 2))

    switches, _ = foreseeing(leaves)
    assert {sent.session for sent in switches.sent if sent.switch == "edge-1"} == {2}


def test_another_network_than_was_foreseen_is_what_comes(steps: list[Event]) -> None:
    foreseeing(lambda loop: loop.change(two_hosts(), 2), revision=3)
    assert [event.revision for event in steps if isinstance(event, NetworkChanged)] == [1, 2, 2, 3]


def test_another_revision_than_was_foreseen_is_what_comes(steps: list[Event]) -> None:
    foreseeing(lambda _loop: None, revision=7)
    assert [event.revision for event in steps if isinstance(event, NetworkChanged)] == [1, 2, 7]


def test_a_network_that_cannot_be_foreseen_is_told_of_when_it_is_wanted() -> None:
    async def scenario() -> None:
        loop = await at_rest(Asked())
        broken: Any = None
        network = replace(relabelled(), topology=broken)
        loop.foresee(network, 2)
        with pytest.raises(AttributeError):
            loop.change(network, 2)
        await loop.close()

    asyncio.run(scenario())


class Slow(Remembered):
    """Commits once it ``may``; what it raises then, if anything, is ``wrong``."""

    def __init__(self) -> None:
        super().__init__()
        self.may, self.begun = asyncio.Event(), asyncio.Event()
        self.wrong: Exception | None = None

    async def commit(self, drafts: Sequence[Draft], *, expected: int) -> Sequence[Revision]:
        self.begun.set()
        await self.may.wait()
        if self.wrong is not None:
            raise self.wrong
        return await super().commit(drafts, expected=expected)


async def ready(switches: Asked, store: Slow, network: Network) -> Control:
    """A controller at rest."""
    control = Control(network.topology, switches, store, audit_s=3600)
    made = await Remembered.commit(store, [Draft(network.intent, {}, Note("", ""))], expected=0)
    control.adopt(made[-1])
    control.observe(network.facts)
    for switch in network.topology.switches.values():
        control.switch_up(switch.datapath_id, 1)
    await control.loop.applied(control.loop.serial, WAIT_S)
    switches.prepared.clear()
    switches.sent.clear()
    return control


def relabelling(service: str, app: str) -> Write:
    def plan(network: Network, _origins: object) -> Draft:
        intent = labelled(network, service, app).intent
        return Draft(intent, {}, Note("", "", {"changed": [f"services/{service}"]}))

    return Write(plan)


async def relabel(switches: Asked, store: Slow) -> tuple[Control, asyncio.Task[Written]]:
    """A controller in which a relabelling has got as far as to be stored."""
    control = await ready(switches, store, two_hosts())
    wanted = Draft(relabelled().intent, {}, Note("", "", {"changed": ["services/web"]}))
    write = Write(lambda _network, _origins: wanted)
    writing = asyncio.create_task(control.submit(write, wait="applied", timeout_s=WAIT_S))
    await store.begun.wait()
    await turns()
    return control, writing


def test_switches_are_sent_nothing_that_counts_before_it_is_stored() -> None:
    async def scenario() -> None:
        switches, store = Asked(), Slow()
        control, writing = await relabel(switches, store)
        assert switches.prepared and not switches.sent
        store.may.set()
        assert (await writing).outcome.applied
        assert switches.sent[0].members == switches.prepared[0].members
        await control.close()

    asyncio.run(scenario())


def test_what_comes_not_to_be_stored_changes_nothing() -> None:
    async def scenario() -> None:
        switches, store = Asked(), Slow()
        control, writing = await relabel(switches, store)
        store.wrong = UnknownOutcome("the store is gone")
        store.may.set()
        with pytest.raises(UnknownOutcome):
            await writing
        await turns()
        assert not switches.sent and control.loop.at_rest
        store.wrong = None
        wanted = Draft(relabelled().intent, {}, Note("", "", {"changed": ["services/web"]}))
        again = Write(lambda _network, _origins: wanted)
        assert (await control.submit(again, wait="applied", timeout_s=WAIT_S)).outcome.applied
        await control.close()

    asyncio.run(scenario())


def test_writes_that_are_stored_together_are_foreseen_together(steps: list[Event]) -> None:
    async def scenario() -> None:
        switches, store = Asked(), Slow()
        control = await ready(switches, store, two_hosts())
        both = (relabelling("web", "front"), relabelling("api", "back"))
        writing = asyncio.gather(
            *(control.submit(write, wait="applied", timeout_s=WAIT_S) for write in both)
        )
        await store.begun.wait()
        await turns()
        store.may.set()
        written = await writing
        assert [one.outcome.revision for one in written] == [2, 3]
        assert [e.revision for e in steps if isinstance(e, NetworkChanged)] == [1, 3]
        await control.close()

    asyncio.run(scenario())


def test_a_revision_of_somebody_else_with_the_number_that_was_foreseen() -> None:
    async def scenario() -> None:
        switches, store = Asked(), Slow()
        control, writing = await relabel(switches, store)
        other = labelled(two_hosts(), "api", "back")
        await Remembered.commit(store, [Draft(other.intent, {}, Note("", ""))], expected=1)
        store.wrong = Conflict("another writer was first")
        store.may.set()
        await turns()
        await control.loop.applied(control.loop.serial, WAIT_S)
        assert control.revision() == 2
        assert control.installed() == compile_network(other)
        writing.cancel()
        await control.close()

    asyncio.run(scenario())


def test_a_port_that_goes_while_a_write_is_stored() -> None:
    async def scenario() -> None:
        switches, store = Asked(), Slow()
        control, writing = await relabel(switches, store)
        ports = dict(two_hosts().facts.ports)
        del ports["edge-1", two_hosts().intent.instances["web-1"].port]
        facts = Facts(ports)
        control.observe(facts)
        store.may.set()
        assert (await writing).outcome.applied
        assert control.installed() == compile_network(replace(relabelled(), facts=facts))
        await control.close()

    asyncio.run(scenario())


def test_what_one_switch_alone_swaps_is_filled_meanwhile(steps: list[Event]) -> None:
    async def scenario() -> None:
        switches, store = Asked(), Slow()
        network = site_of(40)
        control = await ready(switches, store, network)
        write = relabelling("service-0", "front")
        writing = asyncio.create_task(control.submit(write, wait="applied", timeout_s=WAIT_S))
        await store.begun.wait()
        await turns()
        (first,) = switches.prepared
        assert first.add and not switches.sent
        store.may.set()
        assert (await writing).outcome.applied
        assert switches.sent[0].members == first.members
        assert switches.sent[0].cuts, "which are worked out while it is filled"
        await control.close()

    asyncio.run(scenario())


def test_nothing_is_worked_out_ahead_of_what_will_gather(steps: list[Event]) -> None:
    async def scenario() -> None:
        switches = Asked()
        loop = await at_rest(switches)
        switches.may_answer.clear()
        loop.change(relabelled(), 2)
        await turns()
        loop.foresee(labelled(relabelled(), "api", "back"), 3)
        assert [e.revision for e in steps if isinstance(e, NetworkChanged)] == [1, 2]
        switches.may_answer.set()
        await loop.applied(loop.serial, WAIT_S)
        await loop.close()

    asyncio.run(scenario())


def test_nothing_is_sent_ahead_where_nothing_changes_or_far_too_much() -> None:
    async def scenario() -> None:
        switches = Asked()
        loop = await at_rest(switches)
        switches.prepared.clear()
        loop.foresee(two_hosts(), 2)
        owing = replace(loop.state.switch("edge-1"), owed=(Cut(100),))
        loop.state = loop.state.with_switch("edge-1", owing)
        loop.foresee(two_hosts(), 2)
        assert not switches.prepared
        await loop.close()
        new = Loop(
            *(switches, Prover(), Journal()), audit_s=3600, incremental=True, clock=time.monotonic
        )
        empty = Network(Intent(), site_of(400).topology)
        new.change(empty, 1)
        for name in empty.topology.switches:
            new.feed(SwitchUp(name, 1))
        await new.applied(new.serial, WAIT_S)
        new.foresee(site_of(400), 2)
        assert not switches.prepared
        await new.close()

    asyncio.run(scenario())
