"""Where a change stands, in words: who has confirmed it, who has not and why, what is proved."""

from __future__ import annotations

from collections.abc import Sequence

from controller.model.network import Network
from controller.northbound.ports import SwitchStatus
from controller.reconcile.state import State


def confirming(state: State) -> bool:
    """Whether switches are about to confirm what they were sent.

    Those that say nothing, or have refused, are not: nobody knows how long that takes.
    """
    return state.rollout is not None or any(
        switch.session is not None
        and (switch.sending or switch.unconfirmed)
        and not switch.silent
        and switch.problem is None
        for switch in state.switches.values()
    )


def under_way(state: State, serial: int) -> bool:
    """Whether the answer to a write may still change by itself in a moment."""
    connected = [name for name, switch in state.switches.items() if switch.session is not None]
    if any(state.switch(name).serial < serial for name in connected):
        refused = any(_refuses(state, name) for name in connected)
        return not (refused and state.rollout is None)
    return bool(connected) and state.proving > state.judged


def pending(network: Network, state: State, serial: int) -> dict[str, str]:
    """By switch, why it has not confirmed."""
    held_up = _held_up(state)
    return {
        name: _why_not(network, state, name, held_up)
        for name in sorted(network.topology.switches)
        if state.switch(name).serial < serial or serial == 0
    }


def refuted(state: State) -> dict[str, str]:
    """What the last proof has found wrong, if anything: also while some switches are away."""
    return {"proof": state.faults[0]} if state.faults else {}


def unproved(state: State, serial: int) -> dict[str, str]:
    """What a network lacks of its proof: that has not ended, or has found something wrong.

    It is made once all that are connected have confirmed; until then they are what is waited for.
    """
    connected = [switch for switch in state.switches.values() if switch.session is not None]
    confirmed = bool(connected) and all(switch.serial >= serial for switch in connected)
    if confirmed and state.judged < serial:
        return {"proof": "has not ended yet"}
    return refuted(state)


def switch_statuses(network: Network, state: State, serial: int) -> Sequence[SwitchStatus]:
    """The declared switches, by name. ``serial`` is the newest network's."""
    names, held_up = sorted(network.topology.switches), _held_up(state)
    return [_status(network, state, serial, name, held_up) for name in names]


def _status(
    network: Network, state: State, serial: int, name: str, held_up: str | None
) -> SwitchStatus:
    declared = network.topology.switches[name]
    switch = state.switch(name)
    in_sync = state.in_line(name) and state.serial == serial
    return SwitchStatus(
        name=name,
        number=declared.number,
        role=declared.role,
        host=declared.host,
        connected=switch.session is not None,
        in_sync=in_sync,
        revision=switch.revision,
        entries=len(switch.held) if switch.held is not None else 0,
        problem=None if in_sync else _why_not(network, state, name, held_up),
    )


def _why_not(network: Network, state: State, name: str, held_up: str | None) -> str:
    switch = state.switch(name)
    if name in network.facts.unseen:
        return "its OVSDB has not answered: its ports are not known, it keeps what it holds"
    if switch.session is None:
        return "not connected"
    return switch.problem or held_up or "has not confirmed yet"


def _held_up(state: State) -> str | None:
    """Who keeps the others from a change: all switches take it, or none does."""
    for name in sorted(state.switches):
        if _refuses(state, name):
            return f"holds what it held before, since {name} refused its part of the change"
    return None


def _refuses(state: State, name: str) -> bool:
    """Whether a switch has refused its part of what is wanted, and says so."""
    switch = state.switch(name)
    return switch.known and switch.problem is not None
