"""What an entry does to a packet: a closed union of frozen actions.

An operand is a number or, in a shape's template, a :class:`Hole` that a row fills.
"""

from __future__ import annotations

from dataclasses import dataclass

from controller.dataplane.fields import Bits, Field


@dataclass(frozen=True, slots=True)
class Hole:
    """A number that each row of a shape gives: its name is the column's."""

    name: str


Operand = int | Hole


@dataclass(frozen=True, slots=True)
class Load:
    """Write a number into a range of bits (NXAST_REG_LOAD, ovs-actions(7))."""

    bits: Bits
    value: Operand


@dataclass(frozen=True, slots=True)
class Move:
    """Copy a range of bits to another of the same width (NXAST_REG_MOVE)."""

    source: Bits
    target: Bits


@dataclass(frozen=True, slots=True)
class SetField:
    """Write a whole packet field (OFPAT_SET_FIELD)."""

    field: Field
    value: Operand


@dataclass(frozen=True, slots=True)
class DecTtl:
    """Count the IPv4 TTL down; a packet whose TTL is spent is dropped (OFPAT_DEC_NW_TTL)."""


@dataclass(frozen=True, slots=True)
class PushVlan:
    """Add an outer VLAN tag of this EtherType."""

    eth_type: int


@dataclass(frozen=True, slots=True)
class PopVlan:
    """Remove the outer VLAN tag."""


@dataclass(frozen=True, slots=True)
class SetQueue:
    """Choose the queue of the port that the packet leaves by."""

    queue: Operand


@dataclass(frozen=True, slots=True)
class Output:
    """Send by a port."""

    port: Operand


@dataclass(frozen=True, slots=True)
class OutputBits:
    """Send by the port whose number a register holds (NXAST_OUTPUT_REG)."""

    bits: Bits


@dataclass(frozen=True, slots=True)
class Punt:
    """Hand the packet up to the controller, as fast as a meter lets (NXAST_CONTROLLER2).

    The meter stands before the switch's slow path: what is too much costs the switch nothing.
    """

    meter: Operand


@dataclass(frozen=True, slots=True)
class Track:
    """Look the packet up in a conntrack zone and go on in ``table`` (NXAST_CT)."""

    zone: Bits
    table: int


@dataclass(frozen=True, slots=True)
class Commit:
    """Confirm the connection in a zone and copy ``mark`` into its ct_mark (NXAST_CT, commit)."""

    zone: Bits
    mark: Move


@dataclass(frozen=True, slots=True)
class Conjoin:
    """Fulfil one clause of ``of`` of some conjunctions (conjunction(), ovs-actions(7)).

    An entry of nothing else does nothing itself: a packet that meets entries of all clauses of a
    conjunction is looked up again, with its id in conj_id. ``ids`` are a set of those in one
    number (:mod:`controller.dataplane.idset`). Clauses count from 1.
    """

    clause: int
    of: int
    ids: Operand


Action = (
    Load
    | Move
    | SetField
    | DecTtl
    | PushVlan
    | PopVlan
    | SetQueue
    | Output
    | OutputBits
    | Punt
    | Track
    | Commit
    | Conjoin
)
