"""Rollouts: a plan carried out phase by phase, and the way back where a switch refuses its part.

A rollout starts when every connected switch is known, so that the order of phases holds for all
of them. A phase ends when all that it involves have answered. Where one refuses an entry while
rows are added or swapped, the others are given back what they held: no switch is then left with
half a change, and the whole is tried again later. While rows are only taken away nothing is left
to refuse, so from there on a rollout goes forward.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Final

from controller.dataplane.program import Differences, Program
from controller.dataplane.shapes import Row
from controller.diff.cut import Cut, cuts, needed
from controller.diff.plan import EMPTY, Phase, plan
from controller.reconcile.events import Ahead, Effect, Reverted, SendBundle
from controller.reconcile.state import Rollout, State, SwitchState

DRAIN_S: Final = 0.05
"""How long frames under old tags may still be on the wire before their entries go: a leaf queue of
30 full frames at 50 Mbit/s drains in 7.4 ms, three hops of it in 22 ms."""

ABSENCE_S: Final = 2.0
"""How long a rollout waits for a switch that is away, after a start and after a lost session.

A session that was cut is back within 1 to 2 s (Open vSwitch tries again after 1 s), and while one
switch holds an old program alone, the others must not remove what that still relies on.
"""

MOST_AHEAD: Final = 1000
"""Up to how many rows a switch is sent before their time: with more, a turn of it is no matter."""

Step = tuple[State, list[Effect]]


def advance(state: State, now: float) -> Step:
    """Start a rollout, or move the one under way on as far as it goes now."""
    effects: list[Effect] = []
    if state.hold_until_s is not None and now >= state.hold_until_s:
        state = replace(state, hold_until_s=None)
    if state.await_until_s is not None and (now >= state.await_until_s or _all_there(state)):
        state = replace(state, await_until_s=None)
    if state.rollout is None and state.hold_until_s is None and state.await_until_s is None:
        state = replace(state, rollout=_begin(state))
    while (rollout := state.rollout) and not rollout.waiting:
        if rollout.sent:
            state, more = _end_phase(state, rollout, now)
        elif rollout.not_before_s is not None and now < rollout.not_before_s:
            break
        else:
            state, more = _start_phase(state, rollout)
        effects += more
    return state, effects


def refuse(state: State, name: str) -> State:
    """A switch refused its part of the phase under way."""
    rollout = state.rollout
    if rollout is None or name not in rollout.waiting:
        return state
    if rollout.reverting or not rollout.phases[0][0].is_undone:
        return abandon(state, name)
    waiting = rollout.waiting - {name}
    return replace(state, rollout=replace(rollout, waiting=waiting, refused=name))


def abandon(state: State, name: str) -> State:
    """Give a rollout up because a switch is gone or unknown; where it has no part, it goes on.

    What the others were given so far is in their ``held``, so the next rollout goes on from there;
    entries are removed only at the end of one, so nothing that was allowed is lost.
    """
    rollout = state.rollout
    if rollout is None or not rollout.involves(name):
        return state
    waiting = rollout.waiting - {name}
    if not rollout.sent or not waiting:
        return replace(state, rollout=None)
    phase, work = rollout.phases[0]
    rest = {other: rows for other, rows in work.items() if other != name}
    return replace(state, rollout=replace(rollout, phases=((phase, rest),), waiting=waiting))


def _all_there(state: State) -> bool:
    """Whether everyone has a session who takes part in rollouts.

    Those whose ports are not known keep what they hold, with a session or without.
    """
    unseen = () if state.network is None else state.network.facts.unseen
    return all(state.switch(n).session is not None for n in state.wanted if n not in unseen)


def _begin(state: State) -> Rollout | None:
    """A rollout to what is wanted; none while a switch is yet unknown, or refused a moment ago."""
    if any(_unclear(state, name) for name in state.switches):
        return None
    base = {n: s.held for n, s in state.switches.items() if s.held is not None and s.known}
    target = {name: state.wanted.get(name, EMPTY) for name in base}
    found = _rollout(base, target)
    if found is None and (flush := _flush(state)):
        return Rollout(flush, base, target)
    return found


def _rollout(base: Mapping[str, Program], target: Mapping[str, Program]) -> Rollout | None:
    found = plan(base, target)
    work = tuple(found.phases())
    if not work:
        return None
    drain_s = DRAIN_S if found.drains else 0
    return Rollout(work, base, target, drain_s=drain_s, alone=len(found.switches) == 1)


def _flush(state: State) -> tuple[tuple[Phase, Mapping[str, tuple[Row, ...]]], ...]:
    """A last phase, where a switch has something to forget yet."""
    names = sorted(n for n, s in state.switches.items() if s.known and not s.silent and s.owed)
    return ((Phase.FLUSH, dict.fromkeys(names, ())),) if names else ()


def _unclear(state: State, name: str) -> bool:
    """Whether what a switch holds is about to be known."""
    switch = state.switch(name)
    if switch.session is None or switch.silent:
        return False
    return switch.sending or switch.held is None


def _end_phase(state: State, rollout: Rollout, now: float) -> Step:
    if rollout.refused is not None:
        return _revert(state, rollout, rollout.refused)
    done, rest = rollout.phases[0][0], rollout.phases[1:]
    if not rest and done is not Phase.FLUSH:
        rest = _flush(state)
    if not rest:
        return replace(state, rollout=None), []
    drains = rest[0][0].drains_after(done) and rollout.drain_s
    drain = now + rollout.drain_s if drains else None
    following = replace(rollout, phases=rest, sent=False, not_before_s=drain)
    return replace(state, rollout=following), []


def _revert(state: State, rollout: Rollout, refused: str) -> Step:
    """Back to what was held before; those that nothing is known of are read back first."""
    held = {
        n: s.held for n, s in state.switches.items() if n in rollout.base and s.held is not None
    }
    back = _rollout(held, {name: rollout.base[name] for name in held})
    state = replace(state, rollout=back and replace(back, reverting=True))
    names = frozenset(name for _, work in back.phases for name in work) if back else frozenset()
    return state, [Reverted(state.revision, refused, names)] if names else []


def _start_phase(state: State, rollout: Rollout) -> Step:
    phase, work = rollout.phases[0]
    started = replace(rollout, waiting=frozenset(work), sent=True, not_before_s=None)
    state = replace(state, rollout=started)
    effects: list[Effect] = []
    for name, rows in work.items():
        state, sent = _send(state, rollout, name, phase, rows)
        effects.append(sent)
    return state, effects


def _send(
    state: State, rollout: Rollout, name: str, phase: Phase, rows: tuple[Row, ...]
) -> tuple[State, Effect]:
    switch = state.switch(name)
    session = switch.session
    assert session is not None, f"{name} has no session, yet is in a rollout"
    held = switch.held or EMPTY
    is_flush = phase is Phase.FLUSH
    awaited = held if is_flush else _awaited(held, rollout, name)
    due = () if is_flush else _due(rollout.base[name], held, awaited, phase, rows)
    owed = tuple(dict.fromkeys((*switch.owed, *due)))
    once_more = is_flush or (rollout.ends_alone and not due)
    cuts, owing = (needed(owed), ()) if once_more else (due, owed)
    unread = None if switch.unread is None else (*switch.unread, *rows)
    changes = switch.changes + (not is_flush)  # rows stay as they are being read
    switch = replace(switch, changes=changes, sending=True, awaited=awaited, unread=unread)
    switch = replace(switch, owed=owed, owing=owing)
    state = state.with_switch(name, switch)
    add, remove = ((), rows) if phase.removes else (rows, ())
    ahead = _ahead(switch, rollout, name) if rows else Ahead()
    return state, SendBundle(name, session, add, remove, cuts=cuts, ahead=ahead)


def _ahead(switch: SwitchState, rollout: Rollout, name: str) -> Ahead:
    """What comes next for a switch: its rows of the next phase, or what it is read back for."""
    for phase, work in rollout.phases[1:]:
        if name in work and phase is not Phase.FLUSH:
            some = len(work[name]) <= MOST_AHEAD
            rows = work[name] if some else ()
            return Ahead(remove=rows) if phase.removes else Ahead(add=rows)
    return Ahead(cookies=switch.changed_cookies)


def _awaited(held: Program, rollout: Rollout, name: str) -> Program:
    """What a switch holds after the phase that begins.

    With its last part it holds what it shall: that object itself, which makes comparing cheap. A
    flush is not meant: it also ends what is left of a rollout that was given up half-way.
    """
    if not any(name in work for _, work in rollout.phases[1:]):
        return rollout.target[name]
    phase, work = rollout.phases[0]
    return _applied(held, phase, work[name])


def _due(
    base: Program, held: Program, after: Program, phase: Phase, rows: tuple[Row, ...]
) -> tuple[Cut, ...]:
    """What a switch forgets together with a change of its rows.

    At once, because a controller that ends here knows nothing of it when it comes back; and once
    more when all others have changed too (the flush), because until then packets that they let pass
    may make a connection known again.
    """
    if phase is Phase.ADD:
        return ()
    changed = () if phase.removes else tuple(_replaced(held, rows))
    removed = rows if phase.removes else ()
    found = Differences(added=(), changed=changed, removed=removed)
    return cuts(held, after, found, base)


def _replaced(held: Program, rows: tuple[Row, ...]) -> Iterator[tuple[Row, Row]]:
    for row in rows:
        old = held.get(row.key)
        if old is not None:
            yield old, row


def _applied(held: Program, phase: Phase, rows: tuple[Row, ...]) -> Program:
    """What a switch holds once it has carried out its part of a phase."""
    if phase.removes:
        return held.changed((), (row.key for row in rows))
    return held.changed(rows)
