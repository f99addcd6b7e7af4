"""Rollouts: a plan carried out phase by phase, and the way back where a switch refuses its part.

A rollout starts when every connected switch is known, so that the order of phases holds for all
of them; one that only adds rows has no order, and does not wait long for who is slow to say what he
holds. A phase ends when all that it involves have answered. Where one refuses an entry while
rows are added or swapped, the others are given back what they held: no switch is then left with
half a change, and the whole is tried again later. While rows are only taken away nothing is left
to refuse, so from there on a rollout goes forward.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from controller.dataplane.program import Program
from controller.dataplane.shapes import Row
from controller.diff.plan import EMPTY, Phase, plan
from controller.reconcile.events import Effect, Reverted
from controller.reconcile.parts import foreseen, prepared, send
from controller.reconcile.state import Rollout, State

DRAIN_S: Final = 0.05
"""How long frames under old tags may still be on the wire before their entries go: a leaf queue of
30 full frames at 50 Mbit/s drains in 7.4 ms, three hops of it in 22 ms."""

ABSENCE_S: Final = 2.0
"""How long a rollout waits for a switch that is away, after a start and after a lost session.

A session that was cut is back within 1 to 2 s (Open vSwitch tries again after 1 s), and while one
switch holds an old program alone, the others must not remove what that still relies on.
"""

UNREAD_S: Final = 0.5
"""How long what only adds rows waits for a switch that has connected and is yet to be read."""

Step = tuple[State, list[Effect]]


def advance(state: State, now: float) -> Step:
    """Start a rollout, or move the one under way on as far as it goes now."""
    effects: list[Effect] = []
    if state.hold_until_s is not None and now >= state.hold_until_s:
        state = replace(state, hold_until_s=None)
    if state.await_until_s is not None and (now >= state.await_until_s or _all_there(state)):
        state = replace(state, await_until_s=None)
    if state.unread_until_s is not None and (now >= state.unread_until_s or state.is_read):
        state = replace(state, unread_until_s=None)
    if state.rollout is None and state.hold_until_s is None and state.await_until_s is None:
        state = replace(state, rollout=_begin(state))
        if state.rollout is not None and (ahead := prepared(state, state.rollout)):
            # What they forget is worked out while they are filled: in the next step.
            return replace(state, rollout=replace(state.rollout, soon=True)), ahead
    rollout = state.rollout
    if rollout and rollout.waiting and rollout.soon:
        state = replace(state, rollout=foreseen(state, rollout))
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
    left = replace(rollout, phases=((phase, rest),), waiting=waiting, soon=False)
    return replace(state, rollout=left)


def forget_unsent(state: State) -> State:
    """Without a rollout of which nothing was sent yet: a switch holds something else than it was
    believed to when that was planned."""
    rollout = state.rollout
    unsent = rollout is not None and rollout.soon and not rollout.sent
    return replace(state, rollout=None) if unsent else state


def _all_there(state: State) -> bool:
    """Whether everyone has a session who takes part in rollouts.

    Those whose ports are not known keep what they hold, with a session or without.
    """
    unseen = () if state.network is None else state.network.facts.unseen
    return all(state.switch(n).session is not None for n in state.wanted if n not in unseen)


def _begin(state: State) -> Rollout | None:
    """A rollout to what is wanted; none while a switch is yet unknown, or refused a moment ago.

    Somebody unread may rely on what others hold, so meanwhile nothing of that is altered.
    """
    if any(_is_sending(state, name) for name in state.switches) or state.unread_until_s is not None:
        return None
    base = {n: s.held for n, s in state.switches.items() if s.held is not None and s.known}
    target = {name: state.wanted.get(name, EMPTY) for name in base}
    found = _rollout(base, target)
    if not state.is_read:
        return found if found is not None and found.only_adds else None
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


def _is_sending(state: State, name: str) -> bool:
    """Whether a switch that answers is being changed."""
    switch = state.switch(name)
    return switch.session is not None and not switch.silent and switch.sending


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
    following = replace(rollout, phases=rest, sent=False, not_before_s=drain, soon=False)
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
    soon = not rollout.is_last
    started = replace(rollout, waiting=frozenset(work), sent=True, not_before_s=None, soon=soon)
    state = replace(state, rollout=started)
    effects: list[Effect] = []
    for name, rows in work.items():
        state, sent = send(state, rollout, name, phase, rows)
        effects.append(sent)
    return state, effects
