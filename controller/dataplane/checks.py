"""The pipeline's contracts, checked at import: a pipeline that breaks one does not load."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain

from controller.dataplane.actions import Action, Commit, Move, OutputBits, Track
from controller.dataplane.fields import Bits
from controller.dataplane.registers import Register
from controller.dataplane.shapes import Shape, recirculates, relation, written_bits


class ContractError(Exception):
    """The pipeline contradicts itself; every fault is named."""


def check(tables: Mapping[int, Sequence[Shape]], registers: Sequence[Register]) -> None:
    """Raise ContractError unless the pipeline is sound."""
    shapes = list(chain.from_iterable(tables.values()))
    faults = [
        *_overlapping(registers),
        *_misplaced(tables),
        *_backwards(tables),
        *_confused(shapes),
        *_unreachable(tables),
        *_read_before_written(tables, registers),
    ]
    if faults:
        raise ContractError("; ".join(faults))


def _overlapping(registers: Sequence[Register]) -> Iterator[str]:
    for i, a in enumerate(registers):
        for b in registers[i + 1 :]:
            if a.bits.field is b.bits.field and a.bits.mask & b.bits.mask:
                yield f"registers {a.name} and {b.name} share bits of {a.bits.field.name}"


def _misplaced(tables: Mapping[int, Sequence[Shape]]) -> Iterator[str]:
    seen: set[str] = set()
    for table, shapes in tables.items():
        for shape in shapes:
            if shape.table != table:
                yield f"shape {shape.name} stands in table {table} and says {shape.table}"
            if shape.name in seen:
                yield f"shape {shape.name} is there twice"
            seen.add(shape.name)


def _backwards(tables: Mapping[int, Sequence[Shape]]) -> Iterator[str]:
    for shape in chain.from_iterable(tables.values()):
        if shape.goto is not None and (shape.goto <= shape.table or shape.goto not in tables):
            yield f"shape {shape.name} goes to table {shape.goto}, which is not further on"
        for action in shape.actions[:-1]:
            if recirculates(action) is not None:
                yield f"shape {shape.name} does something after it has recirculated"
        if shape.goto is not None and any(recirculates(a) is not None for a in shape.actions):
            yield f"shape {shape.name} both recirculates and goes on"


def _confused(shapes: Sequence[Shape]) -> Iterator[str]:
    """Shapes of one place that match the same keys must be variants of one relation."""
    seen: dict[object, Shape] = {}
    for shape in shapes:
        place = (shape.table, shape.priority, shape.keys)
        other = seen.setdefault(place, shape)
        if other is not shape and relation(other.name) != relation(shape.name):
            yield f"shapes {other.name} and {shape.name} match the same and are two relations"
    for shape in shapes:
        same = [s for s in shapes if relation(s.name) == relation(shape.name)]
        if any(s.keys != shape.keys or s.priority != shape.priority for s in same):
            yield f"variants of {relation(shape.name)} match different keys"


def _onward(shape: Shape) -> Iterator[int]:
    if shape.goto is not None:
        yield shape.goto
    for action in shape.actions:
        table = recirculates(action)
        if table is not None:
            yield table


def _unreachable(tables: Mapping[int, Sequence[Shape]]) -> Iterator[str]:
    reached, todo = {0}, [0]
    while todo:
        for shape in tables.get(todo.pop(), ()):
            new = set(_onward(shape)) - reached
            reached |= new
            todo += new
    yield from (f"table {table} is never reached" for table in tables if table not in reached)


def _read_before_written(
    tables: Mapping[int, Sequence[Shape]], registers: Sequence[Register]
) -> Iterator[str]:
    """Each register that a table looks at has been written on some way to that table.

    Where no way wrote it the register is zero, which the pipeline uses: the sender's half has
    ``far`` 0, an untagged port ``nested`` 0. Never written at all is a fault.
    """
    before = _written_before(tables)
    for table, shapes in tables.items():
        for shape in shapes:
            own: list[Bits] = []
            for bits in (key.bits for key in shape.keys):
                yield from _unwritten(shape, bits, before[table], registers)
            for action in shape.actions:
                for bits in _read_bits(action):
                    yield from _unwritten(shape, bits, [*before[table], *own], registers)
                own += written_bits(action)


def _written_before(tables: Mapping[int, Sequence[Shape]]) -> dict[int, list[Bits]]:
    """What may have been written when a packet comes to each table, to a fixed point."""
    before: dict[int, set[Bits]] = {table: set() for table in tables}
    changed = True
    while changed:
        changed = False
        for table, shapes in tables.items():
            for shape in shapes:
                here = before[table].union(*(written_bits(action) for action in shape.actions))
                for onward in _onward(shape):
                    if onward in before and not here <= before[onward]:
                        before[onward] |= here
                        changed = True
    return {table: list(bits) for table, bits in before.items()}


def _read_bits(action: Action) -> Iterator[Bits]:
    match action:
        case Move(source, _):
            yield source
        case OutputBits(bits):
            yield bits
        case Track(zone, _):
            yield zone
        case Commit(zone, mark):
            yield from (zone, mark.source)


def _unwritten(
    shape: Shape, bits: Bits, written: Iterable[Bits], registers: Sequence[Register]
) -> Iterator[str]:
    if not bits.field.name.startswith("reg"):
        return
    if not any(r.bits.field is bits.field and r.bits.mask & bits.mask for r in registers):
        yield f"shape {shape.name} reads bits of {bits.field.name} that no register names"
    if not any(w.field is bits.field and w.mask & bits.mask for w in written):
        yield f"shape {shape.name} reads bits of {bits.field.name} that nothing has written"
