"""Switches in memory that obey at once: what is left of an apply is the controller's own share."""

from __future__ import annotations

from controller.dataplane.program import Program
from controller.dataplane.shapes import Row, RowKey
from controller.model.network import Network
from controller.reconcile.events import (
    BundleDone,
    Effect,
    Event,
    GoOn,
    NetworkChanged,
    Prove,
    Proved,
    ReadBack,
    ReadBackDone,
    SendBundle,
    SwitchUp,
    Tick,
    WakeAt,
)
from controller.reconcile.state import State
from controller.reconcile.step import step
from controller.verify.advance import advance
from controller.verify.proof import Ground, conclude, survey


class Site:
    """The loop, its switches, and a clock that jumps to whatever is waited for."""

    def __init__(self, network: Network) -> None:
        self._rows: dict[str, dict[RowKey, Row]] = {n: {} for n in network.topology.switches}
        self._marked: dict[tuple[str, int], dict[RowKey, Row]] = {}
        self._state = State()
        self._todo: list[Effect] = []
        self._now_s, self._wake_s = 0.0, 0.0
        self._ground: Ground | None = None
        self._feed(NetworkChanged(network, 1))
        for name in self._rows:
            self._feed(SwitchUp(name, 1))
        self._settle()

    def apply(self, network: Network, revision: int) -> None:
        """Change the network, until every switch holds it, has confirmed it, and it is proved."""
        self._feed(NetworkChanged(network, revision))
        self._settle()

    def _settle(self) -> None:
        while self._state.proved != self._state.serial:
            if self._todo:
                self._answer(self._todo.pop(0))
            else:
                self._now_s = max(self._now_s, self._wake_s)
                self._feed(Tick())

    def _feed(self, event: Event) -> None:
        self._state, effects = step(self._state, event, self._now_s, audit_s=1e9)
        for effect in effects:
            if isinstance(effect, WakeAt):
                self._wake_s = effect.time_s
            elif isinstance(effect, SendBundle | ReadBack | Prove | GoOn):
                self._todo.append(effect)

    def _answer(self, effect: Effect) -> None:
        match effect:
            case SendBundle(name, session):
                for row in effect.remove:
                    self._put(name, row.key, None)
                for row in effect.add:
                    self._put(name, row.key, row)
                self._feed(BundleDone(name, session))
            case ReadBack(name, session, asked, cookies, audit=audit):
                held = dict(self._rows[name] if not cookies else {})
                for cookie in cookies:
                    held |= self._marked.get((name, cookie), {})
                found = Program.of(held)
                self._feed(ReadBackDone(name, session, asked, found, cookies=cookies, audit=audit))
            case GoOn():
                self._feed(Tick())
            case Prove(serial, number, network, held):
                self._prove(network, held)
                self._feed(Proved(serial, number))

    def _put(self, name: str, key: RowKey, row: Row | None) -> None:
        """A row in place of that of its key, or nothing; a switch finds rows by cookie at once."""
        old = self._rows[name].pop(key, None)
        if old is not None:
            del self._marked[name, old.cookie][key]
        if row is not None:
            self._rows[name][key] = row
            self._marked.setdefault((name, row.cookie), {})[key] = row

    def _prove(self, network: Network, held: object) -> None:
        assert isinstance(held, dict)
        ground, self._ground = self._ground, None
        self._ground = survey(network, held) if ground is None else advance(ground, network, held)
        proof = conclude(self._ground)
        if not proof.holds:
            raise RuntimeError(f"the benchmark's own site is wrong: {proof.faults[0]}")
