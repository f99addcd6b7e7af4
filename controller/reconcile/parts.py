"""What each switch is sent in a phase: its rows, what it forgets with them, and what comes next.

What is worked out here while a switch is busy saves time and decides nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from controller.dataplane.program import Differences, Program
from controller.dataplane.shapes import Row
from controller.diff.cut import Cut, cuts, needed
from controller.diff.plan import EMPTY, Phase
from controller.reconcile.events import Ahead, Effect, Prepare, SendBundle
from controller.reconcile.state import Foreseen, Rollout, State, SwitchState

MOST_AHEAD: Final = 1000
"""Up to how many rows a switch is sent before their time: with more, a turn of it is no matter, and
what never comes true is no small thing to have sent."""


def prepared(state: State, rollout: Rollout) -> list[Effect]:
    """What a rollout that is about to begin will send with cuts that are yet to be worked out."""
    phase, work = rollout.phases[0]
    if phase is Phase.ADD:
        return []  # it cuts nothing
    return [
        Prepare(_bundle(state.switch(name), rollout, name, phase, rows))
        for name, rows in work.items()
        if 0 < len(rows) <= MOST_AHEAD
    ]


def foreseen(state: State, rollout: Rollout) -> Rollout:
    """With what switches forget in the next phase where all goes well in this one."""
    following = replace(rollout, phases=rollout.phases[1:])
    phase, work = following.phases[0]
    found: dict[str, Foreseen] = {}
    for name in work if phase is not Phase.FLUSH else ():
        switch = state.switch(name)
        held = switch.awaited if name in rollout.phases[0][1] else switch.held
        if held is not None:
            found[name] = _foreseen(held, following, name)
    return replace(rollout, foreseen=found, soon=False)


def send(
    state: State, rollout: Rollout, name: str, phase: Phase, rows: tuple[Row, ...]
) -> tuple[State, Effect]:
    """A switch's part of a phase, and the state with that under way."""
    switch = state.switch(name)
    held = switch.held or EMPTY
    is_flush = phase is Phase.FLUSH
    known = rollout.foreseen.get(name)
    if is_flush:
        known = Foreseen(held, held, ())
    elif known is None or known.held is not held:
        known = _foreseen(held, rollout, name)
    awaited, due = known.awaited, known.cuts
    owed = tuple(dict.fromkeys((*switch.owed, *due)))
    once_more = is_flush or (rollout.ends_alone and not due)
    cuts, owing = (needed(owed), ()) if once_more else (due, owed)
    unread = None if switch.unread is None else (*switch.unread, *rows)
    audit = None if switch.audit is None else (*switch.audit, *rows)
    changes = switch.changes + (not is_flush)  # rows stay as they are being read
    switch = replace(switch, changes=changes, sending=True, awaited=awaited)
    switch = replace(switch, unread=unread, audit=audit)
    switch = replace(switch, owed=owed, owing=owing)
    state = state.with_switch(name, switch)
    return state, replace(_bundle(switch, rollout, name, phase, rows), cuts=cuts)


def _bundle(
    switch: SwitchState, rollout: Rollout, name: str, phase: Phase, rows: tuple[Row, ...]
) -> SendBundle:
    """The rows, and what comes next."""
    assert switch.session is not None, f"{name} has no session, yet is in a rollout"
    add, remove = ((), rows) if phase.removes else (rows, ())
    ahead = _ahead(switch, rollout, name) if rows else Ahead()
    return SendBundle(name, switch.session, add, remove, ahead=ahead)


def _ahead(switch: SwitchState, rollout: Rollout, name: str) -> Ahead:
    """What comes next for a switch: its rows of the next phase, or what it is read back for."""
    for phase, work in rollout.phases[1:]:
        if name in work and phase is not Phase.FLUSH:
            some = len(work[name]) <= MOST_AHEAD
            rows = work[name] if some else ()
            return Ahead(remove=rows) if phase.removes else Ahead(add=rows)
    # It will be asked when it holds what is awaited.
    awaited = switch.awaited or EMPTY
    return Ahead(cookies=switch.changed_cookies(awaited), among=len(awaited))


def _foreseen(held: Program, rollout: Rollout, name: str) -> Foreseen:
    """What comes of the phase that begins, of a switch that holds this."""
    phase, work = rollout.phases[0]
    awaited = _awaited(held, rollout, name)
    return Foreseen(held, awaited, _due(rollout.base[name], held, awaited, phase, work[name]))


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
