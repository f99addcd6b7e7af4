"""Which register bits have been written when a packet comes to a table, on some way or on every."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from controller.dataplane.actions import Action, Commit, Move, OutputBits, Track
from controller.dataplane.fields import REGS, Bits
from controller.dataplane.registers import Register
from controller.dataplane.shapes import Shape, recirculates, written_bits

Tables = Mapping[int, Sequence[Shape]]

_REGISTER_BITS: Final = 32
_PLACE: Final = {field: number * _REGISTER_BITS for number, field in enumerate(REGS)}


def onward(shape: Shape) -> Iterator[int]:
    """The tables in which a packet goes on after a shape, also by recirculation."""
    if shape.goto is not None:
        yield shape.goto
    for action in shape.actions:
        table = recirculates(action)
        if table is not None:
            yield table


def unwritten(tables: Tables, registers: Sequence[Register]) -> Iterator[str]:
    """Reads of bits that no register names, that nothing writes, or that some way leaves at zero.

    The last is a fault only where the register does not say what its zero means.
    """
    some, every = _written(tables, every=False), _written(tables, every=True)
    for table, shapes in tables.items():
        for shape in shapes:
            at = f"table {int(table)}: shape {shape.name}"
            for bits, own in _reads(shape):
                wanted = _as_set(bits)
                named = [r for r in registers if _as_set(r.bits) & wanted]
                unnamed = wanted
                for register in named:
                    unnamed &= ~_as_set(register.bits)
                if unnamed:
                    yield f"{at} reads bits of {bits.field.name} that no register names"
                if wanted & ~(some[table] | own):
                    yield f"{at} reads bits of {bits.field.name} that nothing has written"
                for register in named:
                    left = wanted & _as_set(register.bits) & ~(every[table] | own)
                    if left and not register.zero:
                        yield f"{at} reads register {register.name}, unwritten on some way there"


def _written(tables: Tables, *, every: bool) -> dict[int, int]:
    """Bits written before each table, to a fixed point: on every way to it, or on some way.

    A set of bits is a number, register after register. A table not reached yet has been written
    in full as far as *every* goes, and not at all as far as *some* goes.
    """
    everything = (1 << len(REGS) * _REGISTER_BITS) - 1
    before = dict.fromkeys(tables, everything if every else 0)
    before[min(tables)] = 0
    changed = True
    while changed:
        changed = False
        for table, shapes in tables.items():
            for shape in shapes:
                after = before[table] | _union(shape.actions)
                for then in onward(shape):
                    joined = before[then] & after if every else before[then] | after
                    changed |= joined != before[then]
                    before[then] = joined
    return before


def _reads(shape: Shape) -> Iterator[tuple[Bits, int]]:
    """Register bits that a shape reads, with what its own actions have written by then."""
    own = 0
    for key in shape.keys:
        if key.bits.field in _PLACE:
            yield key.bits, own
    for action in shape.actions:
        yield from ((bits, own) for bits in _read_bits(action) if bits.field in _PLACE)
        own |= _union((action,))


def _read_bits(action: Action) -> tuple[Bits, ...]:
    match action:
        case Move(source, _):
            return (source,)
        case OutputBits(bits):
            return (bits,)
        case Track(zone, _):
            return (zone,)
        case Commit(zone, mark):
            return (zone, mark.source)
        case _:
            return ()


def _union(actions: Sequence[Action]) -> int:
    bits = 0
    for action in actions:
        for written in written_bits(action):
            bits |= _as_set(written)
    return bits


def _as_set(bits: Bits) -> int:
    return bits.mask << _PLACE[bits.field] if bits.field in _PLACE else 0
