"""A world for the loop: switches that keep rows, answer late and sometimes badly, and a clock."""

from __future__ import annotations

from dataclasses import dataclass, field

from controller.compile import compile_network
from controller.dataplane.program import program
from controller.dataplane.shapes import Row, RowKey
from controller.model.network import Network
from controller.reconcile.events import (
    BundleDone,
    BundleFailed,
    Drift,
    Effect,
    Event,
    GoOn,
    Prove,
    Proved,
    ReadBack,
    ReadBackDone,
    Reverted,
    SendBundle,
    SwitchDown,
    SwitchUp,
    Tick,
    WakeAt,
)
from controller.reconcile.state import State
from controller.reconcile.step import step
from controller.verify.conntrack import Conntrack
from tests.diff.test_flushed import flush

MOST_STEPS = 500


@dataclass
class World:
    """Switches that keep rows and connections, answer late and sometimes badly; a clock; the loop.

    ``late``: other events come before what the loop would do at once.

    Fates of a bundle: ``well``; ``refused``; ``lost before`` and ``lost after`` it was carried out;
    ``not flushed``: its rows are in, and connections that it cuts are still known.
    """

    switches: dict[str, dict[RowKey, Row]]
    conntrack: dict[str, Conntrack] = field(default_factory=dict)
    state: State = field(default_factory=State)
    sessions: dict[str, int] = field(default_factory=dict)
    todo: list[Effect] = field(default_factory=list)
    now: float = 0.0
    wake: float | None = None
    bundles: int = 0
    drifts: list[Drift] = field(default_factory=list)
    reverted: list[Reverted] = field(default_factory=list)
    proofs: list[Prove] = field(default_factory=list)
    late: bool = False

    def feed(self, event: Event) -> None:
        self.state, effects = step(self.state, event, self.now)
        self.wake = None
        for effect in effects:
            if isinstance(effect, WakeAt):
                self.wake = effect.time_s
            elif isinstance(effect, Drift):
                self.drifts.append(effect)
            elif isinstance(effect, Reverted):
                self.reverted.append(effect)
            elif isinstance(effect, Prove):
                self.proofs.append(effect)
            elif isinstance(effect, ReadBack | SendBundle):
                assert self.sessions.get(effect.switch) == effect.session, "a dead session"
                self.todo.append(effect)
        if GoOn() in effects and not self.late:
            self.feed(Tick())

    def connect(self, name: str) -> None:
        self.sessions[name] = self.sessions.get(name, 0) + 1
        self.feed(SwitchUp(name, self.sessions[name]))

    def lose(self, name: str) -> None:
        session = self.sessions[name]
        self.sessions[name] = session + 1  # a number that no effect has
        self.feed(SwitchDown(name, session))

    def answer(self, effect: Effect, fate: str) -> None:
        """One switch's answer: well, refused, or nobody knows (done or not)."""
        assert isinstance(effect, ReadBack | SendBundle)
        name, session = effect.switch, effect.session
        if self.sessions[name] != session:
            return
        if isinstance(effect, ReadBack):
            rows, cookies = self.switches[name].values(), effect.cookies
            held = program(row for row in rows if not cookies or row.cookie in cookies)
            audit = effect.audit
            self.feed(ReadBackDone(name, session, effect.asked, held, cookies=cookies, audit=audit))
        elif fate == "refused":
            self.feed(BundleFailed(name, session, "the table is full", known=True))
        else:
            if fate != "lost before":
                self.commit(effect)
            if fate in ("well", "lost after"):
                flush(self.conntrack, name, effect.cuts)
            if fate == "well":
                self.feed(BundleDone(name, session))
            else:
                self.feed(BundleFailed(name, session, "no answer", known=False))

    def commit(self, effect: SendBundle) -> None:
        self.bundles += 1
        rows = self.switches[effect.switch]
        for row in effect.remove:
            rows.pop(row.key, None)
        for row in effect.add:
            rows[row.key] = row

    def wait(self, seconds: float) -> None:
        """Let time pass."""
        self.now += seconds
        self.feed(Tick())

    def settle(self) -> None:
        """Well-meaning switches from here on, and time, until nothing is left to do."""
        for _ in range(MOST_STEPS):
            if self.todo:
                self.answer(self.todo.pop(0), "well")
            elif all(self.state.in_line(name) for name in self.switches):
                return
            else:
                assert self.wake is not None, "nothing to do, no time to wait for, not in line"
                self.now = max(self.now, self.wake)
                self.feed(Tick())
        raise AssertionError("the loop does not come to rest")


def world(network: Network) -> World:
    return World({name: {} for name in network.topology.switches})


def assert_holds(found: World, network: Network) -> None:
    for name, wanted in compile_network(network).items():
        assert found.switches[name] == dict(wanted.rows), name


def prove(found: World) -> None:
    """Say of the last proof asked for that it holds."""
    last = found.proofs[-1]
    found.feed(Proved(last.serial, last.number))
