"""Networks that come while switches confirm are one rollout; a lone one is told at once."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace

import pytest

from controller import proof_turns, stepping
from controller.compile import compile_network
from controller.dataplane.program import Program
from controller.journal import Journal
from controller.model.intent import PortRange, frozen
from controller.model.network import Network
from controller.proof_turns import LONGEST_S, TOGETHER_S
from controller.proving import Prover
from controller.reconcile.events import Event, SendBundle, SwitchUp
from controller.stepping import GATHER_S, Loop
from tests.northbound.engines import Obedient
from tests.sites import two_hosts

MANY = 100
WAIT_S = 10.0


class Late(Obedient):
    """Obedient switches that answer only while they may."""

    def __init__(self) -> None:
        super().__init__()
        self.may_answer = asyncio.Event()
        self.may_answer.set()

    async def send_bundle(self, effect: SendBundle, asked: Callable[[], None]) -> Event:
        await self.may_answer.wait()
        return await super().send_bundle(effect, asked)


class Noting(Prover):
    """Notes the port of each network that it proves, or begins to before it is confirmed."""

    def __init__(self) -> None:
        super().__init__()
        self.ports: list[int] = []
        self.early: list[int] = []
        self.may_begin = asyncio.Event()
        self.may_begin.set()

    def expect(self, network: Network, held: Mapping[str, Program]) -> None:
        self.early += ports([network])
        super().expect(network, held)

    async def change(
        self, network: Network, held: Mapping[str, Program], revision: int
    ) -> tuple[str, ...]:
        self.ports += ports([network])
        await self.may_begin.wait()
        return await super().change(network, held, revision)


class Scene:
    """A loop at rest, its switches and its clock; ``told`` are the networks told of after that."""

    def __init__(self) -> None:
        self.switches = Late()
        self.now_s = 100.0
        self.told: list[Network] = []
        self.prover = Noting()
        self.loop = Loop(
            *(self.switches, self.prover, Journal()),
            audit_s=3600,
            incremental=True,
            clock=lambda: self.now_s,
        )

    async def begin(self) -> None:
        network = network_of(0)
        self.loop.change(network, 1)
        for name in network.topology.switches:
            self.loop.feed(SwitchUp(name, 1))
        await self.confirmed()
        self.loop.on_network = self.told.append

    def change(self, number: int) -> None:
        self.loop.change(network_of(number), number + 1)

    async def confirmed(self) -> None:
        """Until the switches have confirmed, and it is proved, what was wanted last."""
        await self.loop.applied(self.loop.serial, WAIT_S)
        assert self.loop.state.proved == self.loop.serial


def network_of(number: int) -> Network:
    """The small site, a rule's port its number: what changes are rules, so nothing is drained."""
    network = two_hosts()
    rule = network.intent.rules["web-to-api"]
    rule = replace(rule, allow=(PortRange("tcp", 8000 + number, 8000 + number),))
    rules = frozen({**network.intent.rules, rule.name: rule})
    return replace(network, intent=replace(network.intent, rules=rules))


def played(scenario: Callable[[Scene], Awaitable[None]]) -> None:
    async def play() -> None:
        scene = Scene()
        await scene.begin()
        await scenario(scene)
        await scene.loop.close()

    asyncio.run(play())


def ports(networks: list[Network]) -> list[int]:
    return [network.intent.rules["web-to-api"].allow[0].first - 8000 for network in networks]


def test_many_changes_while_one_is_confirmed_are_one_more_rollout() -> None:
    async def scenario(scene: Scene) -> None:
        scene.switches.may_answer.clear()
        for number in range(1, MANY):
            scene.change(number)
        assert ports(scene.told) == [1]
        scene.switches.may_answer.set()
        await scene.confirmed()
        assert ports(scene.told) == [1, MANY - 1]
        assert scene.switches.held == compile_network(network_of(MANY - 1))

    played(scenario)


def test_a_lone_change_is_told_at_once() -> None:
    async def scenario(scene: Scene) -> None:
        for number in (1, 2, 3):
            scene.change(number)
            assert ports(scene.told)[-1] == number, "told before anything else may happen"
            await scene.confirmed()
        assert ports(scene.told) == [1, 2, 3]

    played(scenario)


def test_who_waits_for_a_gathered_change_waits_for_its_own_rollout() -> None:
    async def scenario(scene: Scene) -> None:
        scene.switches.may_answer.clear()
        scene.change(1)
        scene.change(2)
        waiting = asyncio.create_task(scene.loop.applied(scene.loop.serial, WAIT_S))
        await asyncio.sleep(0)
        assert not waiting.done()
        scene.switches.may_answer.set()
        await waiting
        assert scene.switches.held == compile_network(network_of(2))

    played(scenario)


def test_a_switch_that_is_slow_to_confirm_holds_nobody_up_for_longer_than_they_gather() -> None:
    async def scenario(scene: Scene) -> None:
        scene.switches.may_answer.clear()
        scene.change(1)
        scene.change(2)
        scene.now_s += GATHER_S
        assert ports(scene.told) == [1]
        scene.change(3)
        assert ports(scene.told) == [1, 3]
        scene.switches.may_answer.set()
        await scene.confirmed()
        assert scene.switches.held == compile_network(network_of(3))

    played(scenario)


def test_what_a_burst_comes_to_is_proved_once() -> None:
    async def scenario(scene: Scene) -> None:
        scene.switches.may_answer.clear()
        for number in (1, 2, 3):
            scene.change(number)
        scene.switches.may_answer.set()
        await until(lambda: scene.loop.state.proved == scene.loop.serial)
        assert scene.prover.ports == [0, 3]
        assert {*scene.prover.early} == {0, 3}
        assert ports(scene.told) == [1, 3]

    played(scenario)


def test_what_somebody_waits_for_is_proved_at_once() -> None:
    async def scenario(scene: Scene) -> None:
        scene.switches.may_answer.clear()
        scene.change(1)
        waiting = asyncio.create_task(scene.loop.applied(scene.loop.serial, WAIT_S))
        await asyncio.sleep(0)
        scene.change(2)
        scene.switches.may_answer.set()
        await waiting
        await scene.confirmed()
        assert scene.prover.ports == [0, 1, 2]

    played(scenario)


@pytest.mark.parametrize(
    ("took_s", "after_s", "proved"),
    [
        *((0.0, TOGETHER_S - 0.1, [0, 2]), (0.0, TOGETHER_S, [0, 1, 2])),
        *((0.2, 3.9, [0, 2]), (0.2, 4.0, [0, 1, 2])),
        *((60.0, LONGEST_S - 0.1, [0, 2]), (60.0, LONGEST_S, [0, 1, 2])),
    ],
)
def test_a_burst_without_end_is_proved_now_and_then_for_a_twentieth_of_its_time(
    monkeypatch: pytest.MonkeyPatch, took_s: float, after_s: float, proved: list[int]
) -> None:
    monkeypatch.setattr(stepping, "GATHER_S", 10 * LONGEST_S)

    async def scenario(scene: Scene) -> None:
        scene.prover.took_s = took_s
        scene.switches.may_answer.clear()
        scene.change(1)
        scene.change(2)
        scene.now_s += after_s
        scene.switches.may_answer.set()
        await until(lambda: scene.loop.state.proved == scene.loop.serial)
        assert scene.prover.ports == proved

    played(scenario)


def test_what_became_due_during_a_proof_waits_for_its_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stepping, "GATHER_S", 10 * TOGETHER_S)

    async def scenario(scene: Scene) -> None:
        def more(network: Network) -> None:
            if ports([network]) == [2]:
                scene.change(3)
            elif ports([network]) == [3]:
                scene.switches.may_answer.clear()
                scene.change(4)

        scene.loop.on_network = more
        scene.switches.may_answer.clear()
        scene.change(1)
        scene.change(2)
        scene.now_s += TOGETHER_S
        scene.prover.may_begin.clear()
        scene.switches.may_answer.set()
        await until(lambda: not scene.switches.may_answer.is_set())
        assert scene.prover.ports == [0, 1], "2 is due, 3 under way, and 4 waits"
        before = scene.loop.state.proved
        scene.prover.may_begin.set()
        await until(lambda: scene.loop.state.proved > before)
        assert scene.prover.ports == [0, 1]
        scene.switches.may_answer.set()
        await scene.confirmed()
        assert scene.prover.ports[-1] == 4

    played(scenario)


def test_a_proof_that_was_put_off_is_made_though_what_follows_is_never_confirmed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(proof_turns, "TOGETHER_S", 0.05)

    async def scenario(scene: Scene) -> None:
        scene.switches.may_answer.clear()
        scene.change(1)
        scene.change(2)
        scene.loop.on_network = lambda _network: scene.switches.may_answer.clear()
        scene.switches.may_answer.set()
        await until(lambda: scene.prover.ports == [0, 1])
        assert scene.loop.state.rollout is not None, "the second is under way"
        scene.switches.may_answer.set()
        await scene.confirmed()

    played(scenario)


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(WAIT_S):
        while not holds():
            await asyncio.sleep(0.001)
