"""An entry that is no row of ours is never unseen: it is reported, judged and repaired."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from controller.compile import compile_network
from controller.dataplane.pipeline import SHAPES
from controller.dataplane.program import Program, row_of
from controller.diff.plan import delta
from controller.model.network import Network
from controller.reconcile.events import BundleDone, Drift, Effect, GoOn, ReadBack, SendBundle, Tick
from controller.reconcile.state import State
from controller.reconcile.step import AUDIT_S, step
from controller.verify.proof import Held, prove
from tests.chance import often, seed_of
from tests.reconcile.test_loop import converged
from tests.sharing import NEVER, compiler
from tests.sites import two_hosts
from tests.verify.mutants import changes_something
from tests.verify.touches import Switch, Touch, touches

AUDIT = ReadBack("any", 1, 0)


def touched(programs: Mapping[str, Program], touch: Touch) -> Switch:
    """A switch after an edit."""
    rows = [row for row in programs[touch.switch] if row != touch.instead_of]
    switch = Switch.of(touch.switch, rows)
    switch.put(touch.entry, touch.idle_s)
    return switch


@pytest.mark.parametrize(("seed", "pairs"), [(0, NEVER), (1, 1)])
def test_what_no_row_is_is_always_reported(seed: int, pairs: int) -> None:
    """As foreign, as a row that differs, or as one too many; never as what should be there."""
    programs = dict(compiler(pairs)(two_hosts()))
    foreign = 0
    for touch in touches(programs, seed_of(seed), often(80)):
        found = touched(programs, touch).read_back(AUDIT)
        off = delta(found.held, programs[touch.switch])
        assert found.foreign or off, touch
        strays = {stray.cookie for stray in found.strays}
        assert found.foreign == strays | found.unreadable
        foreign += touch.entry in found.strays
    assert foreign > often(40)


def repaired(state: State, switch: Switch, at_s: float) -> list[Drift]:
    """Audit one switch after the other, and let the loop mend this one; the drift it tells of."""
    drifts, effects = list[Drift](), list[Effect]()
    for _ in state.switches:
        state, more = step(state, Tick(), at_s)
        effects += more
        at_s += AUDIT_S / len(state.switches)
    while todo := [e for e in effects if isinstance(e, ReadBack | SendBundle | Drift | GoOn)]:
        effects = []
        for effect in todo:
            if isinstance(effect, Drift):
                drifts.append(effect)
            elif isinstance(effect, GoOn):
                state, more = step(state, Tick(), at_s)
                effects += more
            elif effect.switch == switch.name:
                state, more = step(state, answer(switch, effect), at_s)
                effects += more
    assert state.in_line(switch.name)
    return drifts


def answer(switch: Switch, effect: ReadBack | SendBundle) -> object:
    if isinstance(effect, ReadBack):
        return switch.read_back(effect)
    switch.commit(effect)
    return BundleDone(switch.name, effect.session)


def test_what_no_row_is_is_repaired() -> None:
    world, network = converged()
    programs = dict(compile_network(network))
    for touch in touches(programs, seed_of(2), often(40)):
        switch = touched(programs, touch)
        drifts = repaired(world.state, switch, world.now + 60)
        assert [drift.switch for drift in drifts] == [touch.switch], touch
        assert switch.entries == Switch.of(touch.switch, programs[touch.switch]).entries, touch


def held_by(programs: Mapping[str, Program], switch: Switch) -> dict[str, Held]:
    found = switch.read_back(AUDIT)
    others = {name: Held(rows) for name, rows in programs.items()}
    return {**others, switch.name: Held(found.held, found.strays, found.unreadable)}


@pytest.mark.parametrize(("seed", "pairs"), [(3, NEVER), (4, 1)])
def test_the_proof_judges_what_no_row_is_by_what_it_does(seed: int, pairs: int) -> None:
    network: Network = two_hosts()
    programs = dict(compiler(pairs)(network))
    found = {True: 0, False: 0}
    for touch in touches(programs, seed_of(seed), often(16)):
        held = held_by(programs, touched(programs, touch))
        truth = changes_something(network, held)
        faults = prove(network, held).faults
        assert bool(faults) == bool(truth), (touch, truth, list(map(str, faults)))
        found[bool(truth)] += 1
    assert min(found.values()) > 2, "edits of both kinds must have been tried"


def test_an_entry_with_a_timeout_cannot_be_read_and_is_named() -> None:
    """It would go by itself: whatever it does today is no program."""
    programs = dict(compile_network(two_hosts()))
    row = next(row for row in programs["edge-1"] if row.shape == "permit.tcp")
    touch = Touch("edge-1", "timeout", SHAPES[row.shape].entry(row), row, idle_s=5)
    assert row_of(touch.entry) == row
    held = held_by(programs, touched(programs, touch))
    assert held["edge-1"].unreadable == {row.cookie}
    faults = prove(two_hosts(), held).faults
    assert {"unreadable", "loss"} <= {fault.kind for fault in faults}
    (named,) = (fault.subject for fault in faults if fault.kind == "unreadable")
    assert named == f"edge-1 holds an entry of cookie {row.cookie:#x}, marked as ours, for permit"
