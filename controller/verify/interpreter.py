"""Executes flow entries on packets, by the OpenFlow specification and ovs-actions(7)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from copy import copy
from dataclasses import dataclass, field, replace
from itertools import chain, groupby
from typing import Final, NamedTuple

from controller.dataplane.actions import (
    Action,
    Commit,
    Conjoin,
    DecTtl,
    Hole,
    Load,
    Move,
    Operand,
    Output,
    OutputBits,
    PopVlan,
    Punt,
    PushVlan,
    SetField,
    SetQueue,
    Track,
)
from controller.dataplane.fields import CONJ_ID, Bits
from controller.dataplane.idset import ids_of
from controller.dataplane.shapes import Entry
from controller.dataplane.text import format_entry
from controller.verify.conntrack import Conntrack
from controller.verify.packet import Packet

MAX_STEPS: Final = 64  # Open vSwitch stops a packet after 4,096 resubmits; ours take 18 at most

_METADATA: Final = ("reg", "ct_", CONJ_ID.name)

_Signature = tuple[tuple[str, int], ...]


class Ambiguous(Exception):
    """Two entries of one priority match a packet and differ: OpenFlow leaves open which decides.

    ``steps`` are the tables that it has walked; the last is the one that cannot tell.
    """

    def __init__(self, one: Entry, other: Entry) -> None:
        super().__init__(f"{format_entry(one)} and {format_entry(other)}")
        self.entry = one
        self.steps: tuple[Step, ...] = ()


Choose = Callable[[Entry, Entry], Entry]
"""Which of two entries of one priority that differ decides; the first may be one chosen before."""


def refuse(one: Entry, other: Entry) -> Entry:
    """Raises Ambiguous: what a finished program must never need."""
    raise Ambiguous(one, other)


class Emission(NamedTuple):
    """A packet that left by a port, and the queue it was put in."""

    port: int
    packet: Packet
    queue: int


class Step(NamedTuple):
    """One table's verdict: the entry that matched, None where none did."""

    table: int
    entry: Entry | None


@dataclass(frozen=True, slots=True)
class Result:
    """What became of a packet in one switch."""

    emissions: tuple[Emission, ...]
    steps: tuple[Step, ...]
    conntrack: Conntrack


@dataclass(slots=True)
class _State:
    """A packet on its way, with registers and metadata."""

    packet: Packet
    in_port: int
    conntrack: Conntrack
    registers: dict[str, int] = field(default_factory=dict)
    queue: int = 0
    alive: bool = True
    emissions: list[Emission] = field(default_factory=list)

    def get(self, name: str) -> int:
        if name in ("in_port", "nxm_in_port"):
            return self.in_port
        if name in self.registers or name.startswith(_METADATA):
            return self.registers.get(name, 0)
        if name == "vlan_tci":
            return self.packet.get("vlan_vid")
        return self.packet.get(name)

    def set(self, name: str, value: int) -> None:
        if name in ("in_port", "nxm_in_port"):
            self.in_port = value
        elif name.startswith(_METADATA):
            self.registers[name] = value
        elif name in ("vlan_tci", "vlan_vid"):
            self.packet = self.packet.with_vid(value & 0xFFF)
        else:
            self.packet = self.packet.with_field(name, value)

    def read(self, bits: Bits) -> int:
        return (self.get(bits.field.name) & bits.mask) >> bits.offset

    def write(self, bits: Bits, value: int) -> None:
        kept = self.get(bits.field.name) & ~bits.mask
        self.set(bits.field.name, kept | (value << bits.offset) & bits.mask)


class Interpreter:
    """One switch with its entries, looked up by what they mask, highest priority first."""

    def __init__(self, entries: Iterable[Entry], choose: Choose = refuse) -> None:
        self._choose = choose
        found: dict[int, dict[tuple[int, _Signature], dict[tuple[int, ...], Entry]]] = {}
        for entry in entries:
            signature = tuple((match.field, match.mask) for match in entry.match)
            group = found.setdefault(entry.table, {}).setdefault((-entry.priority, signature), {})
            group[tuple(match.value for match in entry.match)] = entry
        self._tables = {table: sorted(groups.items()) for table, groups in found.items()}

    def choosing(self, choose: Choose) -> Interpreter:
        """The same entries, with another choice between those that OpenFlow leaves open."""
        other = copy(self)
        other._choose = choose
        return other

    def run(self, packet: Packet, in_port: int, conntrack: Conntrack) -> Result:
        """A packet through the switch. Raises Ambiguous."""
        state = _State(packet, in_port, conntrack)
        steps: list[Step] = []
        table: int | None = 0
        while table is not None and len(steps) < MAX_STEPS:
            try:
                entry = self._match(state, table)
            except Ambiguous as error:
                error.steps = (*steps, Step(table, error.entry))
                raise
            steps.append(Step(table, entry))
            table = None if entry is None else _execute(state, entry)
        return Result(tuple(state.emissions), tuple(steps), state.conntrack)

    def _match(self, state: _State, table: int) -> Entry | None:
        """What decides on a packet: the highest priority, conjunctions with their clauses'."""
        for _, found in groupby(self._matching(state, table), key=lambda entry: entry.priority):
            clauses, entries = _apart(found)
            best: Entry | None = None
            for entry in chain(entries, self._conjoined(state, table, clauses)):
                if best is None:
                    best = entry
                elif (entry.actions, entry.goto) != (best.actions, best.goto):
                    best = self._choose(best, entry)
            if best is not None:
                return best
        return None

    def _conjoined(self, state: _State, table: int, clauses: list[Conjoin]) -> Iterator[Entry]:
        """What decides for each conjunction of which a packet meets every clause."""
        for number in sorted(_fulfilled(clauses)):
            state.set(CONJ_ID.name, number)
            found = (entry for entry in self._matching(state, table) if not _clause_of(entry))
            entry = next(found, None)
            state.set(CONJ_ID.name, 0)
            if entry is not None:
                yield entry

    def _matching(self, state: _State, table: int) -> Iterator[Entry]:
        for (_, signature), group in self._tables.get(table, ()):
            entry = group.get(tuple(state.get(name) & mask for name, mask in signature))
            if entry is not None:
                yield entry


def _clause_of(entry: Entry) -> Conjoin | None:
    first = entry.actions[0] if entry.actions else None
    return first if isinstance(first, Conjoin) else None


def _apart(found: Iterable[Entry]) -> tuple[list[Conjoin], list[Entry]]:
    """Clauses of conjunctions, and entries that do something themselves."""
    clauses, entries = [], []
    for entry in found:
        clause = _clause_of(entry)
        if clause is None:
            entries.append(entry)
        else:
            clauses.append(clause)
    return clauses, entries


def _fulfilled(clauses: Iterable[Conjoin]) -> Iterator[int]:
    """Conjunctions of which all clauses are there."""
    met: defaultdict[tuple[int, int], set[int]] = defaultdict(set)
    for clause in clauses:
        for number in ids_of(_number(clause.ids)):
            met[number, clause.of].add(clause.clause)
    return (number for (number, of), found in met.items() if len(found) == of)


def _execute(state: _State, entry: Entry) -> int | None:
    """Carry an entry out; the table to go on in."""
    for action in entry.actions:
        onward = _act(state, action)
        if onward is not None:
            return onward
        if not state.alive:
            return None
    return entry.goto


def _act(state: _State, action: Action) -> int | None:
    """Carry one action out; the table in which the packet goes on after a recirculation."""
    match action:
        case Load(bits, value):
            state.write(bits, _number(value))
        case Move(source, target):
            state.write(target, state.read(source))
        case SetField(packet_field, value):
            state.set(packet_field.name, _number(value))
        case DecTtl():
            ttl = state.packet.get("nw_ttl")
            state.alive = ttl > 1
            state.set("nw_ttl", max(0, ttl - 1))
        case PushVlan(eth_type):
            state.packet = state.packet.pushed(eth_type)
        case PopVlan():
            state.packet = state.packet.popped()
        case SetQueue(queue):
            state.queue = _number(queue)
        case Output(port):
            _emit(state, _number(port))
        case OutputBits(bits):
            _emit(state, state.read(bits))
        case Track(zone, table):
            found, state.conntrack = state.conntrack.look_up(state.read(zone), state.packet)
            state.set("ct_state", found.state)
            state.set("ct_mark", found.mark)
            return table
        case Commit(zone, mark):
            value = state.read(mark.source)
            state.conntrack = state.conntrack.commit(state.read(zone), state.packet, value)
        case Punt():
            pass  # what the controller answers is not the switch's doing
        case Conjoin():
            raise TypeError("a clause of a conjunction is not carried out")
    return None


def _emit(state: _State, port: int) -> None:
    """Send; a packet never leaves by the port it came in by (OpenFlow 1.4.1, section 4.5)."""
    if port and port != state.in_port:
        state.emissions.append(Emission(port, replace(state.packet), state.queue))


def _number(operand: Operand) -> int:
    if isinstance(operand, Hole):
        raise TypeError(f"<{operand.name}> has not been filled")
    return operand
