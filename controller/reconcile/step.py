"""``step(state, event, now)``: one event in, the next state and what to do about it out.

The loop converges on what is wanted, whatever order events come in: a switch is read back when it
connects and after every change; where it differs from its wanted program the difference is rolled
out (:mod:`controller.reconcile.rollout`); what all have confirmed is proved. A switch that refuses
keeps its old program whole, is reported and tried again.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from controller.compile import compilation
from controller.dataplane.program import Program, program
from controller.dataplane.shapes import Row
from controller.diff.plan import EMPTY, SwitchDelta, delta
from controller.reconcile.events import (
    BundleDone,
    BundleFailed,
    Drift,
    Effect,
    Event,
    GoOn,
    NetworkChanged,
    Problem,
    Prove,
    Proved,
    ReadBack,
    ReadBackDone,
    ReadBackFailed,
    SendBundle,
    Settled,
    SwitchDown,
    SwitchUp,
    WakeAt,
)
from controller.reconcile.rollout import (
    ABSENCE_S,
    UNREAD_S,
    Step,
    abandon,
    advance,
    forget_unsent,
    refuse,
)
from controller.reconcile.state import State, SwitchState

RETRY_FIRST_S: Final = 0.5
RETRY_MOST_S: Final = 30.0
AUDIT_S: Final = 30.0


def step(state: State, event: Event, now: float, audit_s: float = AUDIT_S) -> Step:
    """The next state and the effects of an event at time ``now``, in seconds of any clock."""
    state, effects = _take(state, event, now)
    state, more = _advance(state, now, audit_s)
    effects += more
    wake = _next_wake(state)
    effects += [] if wake is None else [WakeAt(wake)]
    return state, [*effects, GoOn()] if state.rollout and state.rollout.soon else effects


def _take(state: State, event: Event, now: float) -> Step:
    match event:
        case NetworkChanged():
            first = state.serial == 0
            state = _network_changed(state, event)
            return replace(state, await_until_s=now + ABSENCE_S) if first else state, []
        case SwitchUp(name, session):
            old = state.switch(name)
            fresh = SwitchState(
                session=session, changes=old.changes, revision=old.revision, owed=old.owed
            )
            known = abandon(state, name).with_switch(name, fresh)
            return replace(known, unread_until_s=now + UNREAD_S), []
        case SwitchDown(name, session) if state.switch(name).session == session:
            down = replace(state.switch(name), session=None, held=None, serial=0)
            down = replace(down, reading=False, sending=False, audit=None)
            left = abandon(state, name).with_switch(name, down)
            return replace(left, await_until_s=now + ABSENCE_S), []
        case ReadBackDone() if _is_current(state, event.switch, event.session):
            return (_audited(state, event), []) if event.audit else _read_back(state, event)
        case ReadBackFailed(audit=True) if _is_current(state, event.switch, event.session):
            return state.with_switch(event.switch, _doubted(state.switch(event.switch))), []
        case ReadBackFailed() if _is_current(state, event.switch, event.session):
            state, effects = _failed(state, event.switch, event.reason, now, known=False)
            silent = replace(state.switch(event.switch), silent=True)
            return state.with_switch(event.switch, silent), effects
        case BundleDone() if _is_current(state, event.switch, event.session):
            return _committed(state, event.switch), []
        case BundleFailed() if _is_current(state, event.switch, event.session):
            return _failed(state, event.switch, event.reason, now, known=event.known)
        case Proved(serial, _, faults) if _is_awaited(state, event):
            proved = state.proved if faults else serial
            return replace(state, judged=serial, proved=proved, faults=faults), []
        case _:
            return state, []


def _is_awaited(state: State, event: Proved) -> bool:
    """Whether a proof says something new; one of the newest network must be of all that joined."""
    newest = event.serial == state.proving
    return state.judged < event.serial <= state.proving and (
        not newest or event.number == state.proof_number
    )


def _is_current(state: State, name: str, session: int) -> bool:
    return state.switch(name).session == session


def _network_changed(state: State, event: NetworkChanged) -> State:
    """What was refused may fit now: nobody waits for the time to try again."""
    compiled = compilation(event.network, state.compiled if state.incremental else None)
    return replace(
        state,
        hold_until_s=None,
        compiled=compiled,
        network=event.network,
        revision=event.revision,
        serial=state.serial + 1,
        wanted=compiled.programs,
    )


def _read_back(state: State, event: ReadBackDone) -> Step:
    switch = replace(state.switch(event.switch), reading=False)
    if event.asked != switch.changes:  # changed meanwhile: ask again
        return state.with_switch(event.switch, switch), []
    if event.cookies and switch.unread is None:  # all it holds has to be read
        return state.with_switch(event.switch, switch), []
    effects: list[Effect] = []
    believed, held = switch.held, event.held
    if believed is not None:
        off = _off(believed, switch.unread, event)
        held = believed.changed((*off.added, *off.changed), (row.key for row in off.removed))
        if off or event.foreign:
            drift = Drift(event.switch, off.removed, off.changed, off.added, event.foreign)
            effects.append(drift)
            state = forget_unsent(state)
    elif event.cookies:  # what it held besides is not known any more
        return state.with_switch(event.switch, switch), []
    switch = replace(switch, held=held, unread=(), unconfirmed=False, silent=False, retry_at_s=None)
    state = state.with_switch(event.switch, switch)
    if event.foreign and state.rollout is None and state.serial:
        return _purge(state, event, effects)
    return state, effects


def _audited(state: State, event: ReadBackDone) -> State:
    """Where an audit has found what was not expected, all the switch holds is read at one moment.

    What it was sent meanwhile, the audit may have seen or not.
    """
    switch = state.switch(event.switch)
    meanwhile, switch = switch.audit, replace(switch, audit=None)
    if meanwhile is not None and switch.held is not None:
        moved = {row.key for row in meanwhile}
        off = delta(switch.held, event.held)
        differs = (row for rows in (off.added, off.changed, off.removed) for row in rows)
        if event.foreign or any(row.key not in moved for row in differs):
            switch = _doubted(switch)
    return state.with_switch(event.switch, switch)


def _doubted(switch: SwitchState) -> SwitchState:
    """A switch whose audit found what was not expected, or no end: it is read whole.

    What is being read already may be older than what was found, so that is not believed.
    """
    changes = switch.changes + switch.reading
    return replace(switch, audit=None, unconfirmed=True, unread=None, changes=changes)


def _off(believed: Program, unread: tuple[Row, ...] | None, event: ReadBackDone) -> SwitchDelta:
    """What a switch holds otherwise than believed, as far as it was asked for."""
    if not event.cookies:
        return delta(believed, event.held)
    asked = {row.key: None for row in unread or () if row.cookie in event.cookies}
    gone = [row for key in asked if (row := believed.get(key)) and event.held.get(key) is None]
    added = [row for row in event.held if believed.get(row.key) is None]
    changed = [row for row in event.held if believed.get(row.key) not in (None, row)]
    return SwitchDelta(tuple(added), tuple(changed), tuple(gone))


def _purge(state: State, event: ReadBackDone, effects: list[Effect]) -> Step:
    """Remove entries that no shape has, by cookie; ours of the same cookie come back with it."""
    wanted = state.wanted.get(event.switch, EMPTY)
    kept = program(row for row in event.held if row.cookie not in event.foreign)
    again = tuple(row for row in wanted if row.cookie in event.foreign)
    switch = state.switch(event.switch)
    sent = SendBundle(event.switch, event.session, again, (), tuple(sorted(event.foreign)))
    switch = replace(
        switch,
        held=program((*kept, *again)),
        changes=switch.changes + 1,
        sending=True,
        unconfirmed=True,
        unread=None,
        audit=None,
    )
    return state.with_switch(event.switch, switch), [*effects, sent]


def _committed(state: State, name: str) -> State:
    switch = state.switch(name)
    rollout = state.rollout
    if rollout and name in rollout.waiting:
        switch = replace(switch, held=switch.awaited, owed=switch.owing)
        state = replace(state, rollout=replace(rollout, waiting=rollout.waiting - {name}))
    return state.with_switch(name, replace(switch, sending=False, unconfirmed=True))


def _failed(state: State, name: str, reason: str, now: float, *, known: bool) -> Step:
    """A switch refused (its old program stands) or did not answer (read it back)."""
    switch = state.switch(name)
    wait = min(RETRY_MOST_S, RETRY_FIRST_S * 2**switch.failures)
    switch = replace(
        switch,
        held=switch.held if known else None,
        reading=False,
        sending=False,
        unconfirmed=True,
        unread=None,
        audit=None,
        problem=reason,
        failures=switch.failures + 1,
        retry_at_s=None if known else now + wait,
    )
    state = _hold(refuse(state, name), now + wait) if known else abandon(state, name)
    return state.with_switch(name, switch), [Problem(name, reason)]


def _hold(state: State, until_s: float) -> State:
    return replace(state, hold_until_s=until_s)


def _advance(state: State, now: float, audit_s: float) -> Step:
    """Do whatever the state calls for now."""
    effects: list[Effect] = []
    if state.audit_at_s is None or now >= state.audit_at_s:
        if state.audit_at_s is not None:
            state, effects = _audit(state)
        state = replace(state, audit_at_s=now + audit_s / max(1, len(state.switches)))
    if state.serial:
        state, more = advance(state, now)
        effects += more
    for name in sorted(state.switches):
        state, more = _ask(state, name, now)
        effects += more
    state, more = _settle(state)
    effects += more
    state, more = _prove(state)
    return state, effects + more


def _audit(state: State) -> Step:
    """Look at what one switch holds, the next time the next: all at once would hold up all else.

    Who is to be read whole is not looked at besides.
    """
    names = sorted(state.switches)
    if not names:
        return state, []
    name = names[bisect_right(names, state.audited) % len(names)]
    state = replace(state, audited=name)
    switch = state.switch(name)
    if switch.session is None or switch.audit is not None:
        return state, []
    if switch.held is None or switch.unread is None:
        return state, []
    held, begun = switch.held, replace(switch, audit=switch.unread)
    effect = ReadBack(
        *(name, switch.session, switch.changes), expected=held, among=len(held), audit=True
    )
    return state.with_switch(name, begun), [effect]


def _ask(state: State, name: str, now: float) -> Step:
    """Read a switch back when it is unknown, or changed and no longer being changed.

    It may be forgetting connections meanwhile.
    """
    switch, rollout = state.switch(name), state.rollout
    sending = switch.sending and not (rollout is not None and rollout.forgets(name))
    busy = switch.session is None or switch.reading or sending
    early = switch.retry_at_s is not None and now < switch.retry_at_s
    if busy or early:
        return state, []
    rolling = rollout is not None and rollout.changes(name)
    if switch.held is not None and (not switch.unconfirmed or rolling):
        return state, []
    if switch.held is not None and switch.unread == ():
        return state.with_switch(name, replace(switch, unconfirmed=False, retry_at_s=None)), []
    assert switch.session is not None
    cookies = switch.changed_cookies(switch.held)
    whole = state.wanted.get(name, EMPTY) if switch.held is None else switch.held
    expected, among = EMPTY if cookies else whole, len(whole)
    effect = ReadBack(name, switch.session, switch.changes, cookies, expected, among)
    asked = replace(switch, reading=True, retry_at_s=None)
    return state.with_switch(name, asked), [effect]


def _settle(state: State) -> Step:
    """Mark switches whose confirmed content is what is wanted now."""
    settled = frozenset(_newly_in_line(state))
    for name in settled:
        switch = replace(
            state.switch(name),
            held=state.wanted.get(name, EMPTY),  # equal: the same object makes differences cheap
            serial=state.serial,
            revision=state.revision,
            problem=None,
            failures=0,
            retry_at_s=None,
        )
        state = state.with_switch(name, switch)
    return state, [Settled(state.revision, settled)] if settled else []


def _prove(state: State) -> Step:
    """Ask for a proof once all that are connected have confirmed, whoever is not is not asked.

    Who joins them later was not: with him it is asked for again, and until then nothing is proved.
    """
    connected = {n: s.held for n, s in state.switches.items() if s.session is not None}
    held = {n: rows for n, rows in connected.items() if rows is not None and state.in_line(n)}
    network = state.network
    if network is None or not held or held.keys() != connected.keys():
        return state, []
    if state.proving == state.serial and held.keys() <= state.asked:
        return state, []
    number, before = state.proof_number + 1, state.serial - 1
    asked = replace(
        state,
        proving=state.serial,
        proof_number=number,
        asked=frozenset(held),
        judged=min(state.judged, before),
        proved=min(state.proved, before),
    )
    return asked, [Prove(state.serial, number, network, held)]


def _newly_in_line(state: State) -> Iterator[str]:
    for name, switch in state.switches.items():
        known = switch.session is not None and switch.held is not None
        confirmed = known and not (switch.unconfirmed or switch.sending or switch.owed)
        if confirmed and state.serial and switch.serial != state.serial:
            assert switch.held is not None
            if not delta(switch.held, state.wanted.get(name, EMPTY)):
                yield name


def _next_wake(state: State) -> float | None:
    times = [s.retry_at_s for s in state.switches.values() if s.session is not None]
    times += [state.audit_at_s, state.rollout.not_before_s if state.rollout else state.hold_until_s]
    times += [] if state.rollout else [state.await_until_s, state.unread_until_s]
    return min((time for time in times if time is not None), default=None)
