"""The loop converges, whatever the order of events and whatever switches answer."""

from __future__ import annotations

from dataclasses import dataclass, field

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.strategies import DataObject

from controller.compile import compile_network
from controller.dataplane.program import Program, program
from controller.dataplane.shapes import Row, RowKey
from controller.model.network import Network
from controller.reconcile.events import (
    BundleDone,
    BundleFailed,
    Drift,
    Effect,
    Event,
    NetworkChanged,
    ReadBack,
    ReadBackDone,
    SendBundle,
    SwitchDown,
    SwitchUp,
    Tick,
    WakeAt,
)
from controller.reconcile.state import State
from controller.reconcile.step import step
from tests.sites import two_hosts
from tests.strategies import intents, moved, plugged, site

MOST_STEPS = 500


@dataclass
class World:
    """Switches that keep rows, answer late and sometimes badly; a clock; the loop."""

    switches: dict[str, dict[RowKey, Row]]
    state: State = field(default_factory=State)
    sessions: dict[str, int] = field(default_factory=dict)
    todo: list[Effect] = field(default_factory=list)
    now: float = 0.0
    wake: float | None = None
    bundles: int = 0
    drifts: list[Drift] = field(default_factory=list)

    def feed(self, event: Event) -> None:
        self.state, effects = step(self.state, event, self.now)
        self.wake = None
        for effect in effects:
            if isinstance(effect, WakeAt):
                self.wake = effect.time_s
            elif isinstance(effect, Drift):
                self.drifts.append(effect)
            elif isinstance(effect, ReadBack | SendBundle):
                assert self.sessions.get(effect.switch) == effect.session, "a dead session"
                self.todo.append(effect)

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
            held = program(self.switches[name].values())
            self.feed(ReadBackDone(name, session, effect.asked, held))
        elif fate == "refused":
            self.feed(BundleFailed(name, session, "the table is full", known=True))
        else:
            if fate != "lost before":
                self.commit(effect)
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


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_it_converges_whatever_happens(data: DataObject) -> None:
    first = data.draw(intents(max_instances=5))
    second = data.draw(moved(first))
    topology = site()
    networks = [Network(i, topology, plugged(i, topology)) for i in (first, second)]
    found = world(networks[0])
    for name in found.switches:
        found.connect(name)
    revision, current = 0, networks[0]
    fates = ("well", "well", "refused", "lost before", "lost after")
    for _ in range(data.draw(st.integers(5, 40))):
        what = data.draw(st.sampled_from(("answer", "answer", "change", "lose", "time")))
        if what == "answer" and found.todo:
            index = data.draw(st.integers(0, len(found.todo) - 1))
            found.answer(found.todo.pop(index), data.draw(st.sampled_from(fates)))
        elif what == "change":
            revision += 1
            current = data.draw(st.sampled_from(networks))
            found.feed(NetworkChanged(current, revision))
        elif what == "lose":
            name = data.draw(st.sampled_from(sorted(found.switches)))
            found.lose(name)
            found.connect(name)
        else:
            found.now += data.draw(st.sampled_from((0.01, 0.1, 1.0, 40.0)))
            found.feed(Tick())
    found.feed(NetworkChanged(current, revision + 1))
    found.settle()
    assert_holds(found, current)


def converged() -> tuple[World, Network]:
    network = two_hosts()
    found = world(network)
    found.feed(NetworkChanged(network, 1))
    for name in found.switches:
        found.connect(name)
    found.settle()
    return found, network


def test_a_restart_sends_nothing() -> None:
    found, network = converged()
    again = World(found.switches)
    again.feed(NetworkChanged(network, 1))
    for name in again.switches:
        again.connect(name)
    again.settle()
    assert again.bundles == 0
    assert_holds(again, network)


def test_a_switch_that_refuses_keeps_its_old_program_and_is_tried_again() -> None:
    network = two_hosts()
    found = world(network)
    found.feed(NetworkChanged(network, 1))
    found.connect("fabric-1")
    found.answer(found.todo.pop(0), "well")  # the read-back
    found.answer(found.todo.pop(0), "refused")
    assert found.switches["fabric-1"] == {}
    assert found.state.switch("fabric-1").problem == "the table is full"
    for name in ("edge-1", "edge-2"):
        found.connect(name)
    found.settle()
    assert_holds(found, network)
    assert found.state.switch("fabric-1").problem is None


def test_drift_is_noticed_and_repaired() -> None:
    found, network = converged()
    rows = found.switches["edge-1"]
    key, row = next(item for item in rows.items() if item[1].shape == "permit.tcp")
    del rows[key]
    found.now += 60
    found.feed(Tick())
    found.settle()
    while found.todo:
        found.answer(found.todo.pop(0), "well")
    assert [drift.switch for drift in found.drifts] == ["edge-1"]
    assert rows[key] == row
    assert_holds(found, network)


def test_entries_that_are_not_ours_are_removed_by_cookie() -> None:
    found, network = converged()
    found.now += 60
    found.feed(Tick())
    effect = next(e for e in found.todo if isinstance(e, ReadBack) and e.switch == "edge-1")
    found.todo.remove(effect)
    held: Program = program(found.switches["edge-1"].values())
    found.feed(ReadBackDone("edge-1", effect.session, effect.asked, held, frozenset({0x77})))
    sent = next(e for e in found.todo if isinstance(e, SendBundle))
    assert sent.purge == (0x77,)
    found.settle()
    assert_holds(found, network)
