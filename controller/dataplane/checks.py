"""The pipeline's contracts, checked at import: a pipeline that breaks one does not load."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields
from itertools import chain, combinations

from controller.dataplane.actions import Action, Hole, Load, Move, Operand, SetField
from controller.dataplane.fields import whole
from controller.dataplane.registers import Register
from controller.dataplane.shapes import Key, Shape, recirculates, relation
from controller.dataplane.written import onward, unwritten

Tables = Mapping[int, Sequence[Shape]]


class ContractError(Exception):
    """The pipeline contradicts itself; every fault is named with its shape and table."""


def check(tables: Tables, registers: Sequence[Register]) -> None:
    """Raise ContractError unless the pipeline is sound."""
    shapes = list(chain.from_iterable(tables.values()))
    faults = [
        *_overlapping(registers),
        *_misplaced(tables),
        *_misnamed(tables),
        *_backwards(tables),
        *chain.from_iterable(map(_unfit, shapes)),
        *_confused(shapes),
    ]
    # Ways through tables that do not exist cannot be followed, so those faults come first.
    faults = faults or [*_unreachable(tables), *unwritten(tables, registers)]
    if faults:
        raise ContractError("; ".join(faults))


def _at(shape: Shape) -> str:
    return f"table {int(shape.table)}: shape {shape.name}"


def _overlapping(registers: Sequence[Register]) -> Iterator[str]:
    for a, b in combinations(registers, 2):
        if a.bits.field is b.bits.field and a.bits.mask & b.bits.mask:
            yield f"registers {a.name} and {b.name} share bits of {a.bits.field.name}"


def _misplaced(tables: Tables) -> Iterator[str]:
    seen: set[str] = set()
    for table, shapes in tables.items():
        for shape in shapes:
            if shape.table != table:
                yield f"shape {shape.name} stands in table {int(table)} and says {shape.table}"
            if shape.name in seen:
                yield f"{_at(shape)} is there twice"
            seen.add(shape.name)


def _misnamed(tables: Tables) -> Iterator[str]:
    """The part of a name up to the dot is the table's: one for all its shapes, and no other's."""
    owners: dict[str, int] = {}
    for table, shapes in tables.items():
        first = _prefix(shapes[0]) if shapes else ""
        for shape in shapes:
            if _prefix(shape) != first or owners.setdefault(first, table) != table:
                yield f"{_at(shape)} is not named after its table"


def _prefix(shape: Shape) -> str:
    return shape.name.partition(".")[0]


def _backwards(tables: Tables) -> Iterator[str]:
    for shape in chain.from_iterable(tables.values()):
        for table in onward(shape):
            if table not in tables:
                yield f"{_at(shape)} goes to table {int(table)}, which does not exist"
            elif table == shape.goto and table <= shape.table:
                yield f"{_at(shape)} goes to table {int(table)}, which is not further on"
        if any(recirculates(action) is not None for action in shape.actions[:-1]):
            yield f"{_at(shape)} does something after it has recirculated"
        if shape.goto is not None and any(recirculates(a) is not None for a in shape.actions):
            yield f"{_at(shape)} both recirculates and goes on"


def _unfit(shape: Shape) -> Iterator[str]:
    """Numbers fit their bits, moves keep their width, and a row fills every hole."""
    for key in shape.keys:
        full = (1 << key.bits.width) - 1
        mask = full if key.mask is None else key.mask
        room = mask if isinstance(mask, int) else full
        if (isinstance(key.value, int) and key.value & ~room) or room & ~full:
            yield f"{_at(shape)} matches {key.bits.field.name} outside its bits or mask"
    for action in shape.actions:
        match action:
            case Load(bits, value) if _too_wide(value, bits.width):
                yield f"{_at(shape)} loads {value} into {bits.width} bits of {bits.field.name}"
            case SetField(field, value) if _too_wide(value, whole(field).width):
                yield f"{_at(shape)} sets {field.name} to {value}"
            case Move(source, target) if source.width != target.width:
                yield f"{_at(shape)} moves {source.width} bits to {target.width}"
    yield from _unfilled(shape)


def _too_wide(value: Operand, width: int) -> bool:
    return isinstance(value, int) and value >> width != 0


def _unfilled(shape: Shape) -> Iterator[str]:
    columns = dict.fromkeys((*shape.match_columns, *shape.arg_columns), 0)
    for action in shape.entry(shape.row(0, **columns)).actions:
        for name in _holes(action):
            yield f"{_at(shape)}: no row fills <{name}>"


def _holes(value: Action | object) -> Iterator[str]:
    if isinstance(value, Hole):
        yield value.name
    elif hasattr(value, "__dataclass_fields__"):
        for item in fields(value):  # type: ignore[arg-type]
            yield from _holes(getattr(value, item.name))


def _confused(shapes: Sequence[Shape]) -> Iterator[str]:
    """In one place, shapes that match the same bits are told apart by a number, or are variants."""
    for a, b in combinations(shapes, 2):
        same_place = (a.table, a.priority) == (b.table, b.priority)
        if relation(a.name) == relation(b.name):
            if not same_place or a.keys != b.keys:
                yield f"{_at(b)}: variants of {relation(a.name)} match different keys"
        elif same_place and _matched(a) == _matched(b) and not _apart(a, b):
            yield f"{_at(b)} matches the same as {a.name} and is another relation"


def _matched(shape: Shape) -> set[tuple[object, ...]]:
    return {(key.bits, "any" if isinstance(key.mask, Hole) else key.mask) for key in shape.keys}


def _apart(a: Shape, b: Shape) -> bool:
    return any(_contradict(x, y) for x in a.keys for y in b.keys)


def _contradict(x: Key, y: Key) -> bool:
    if x.bits != y.bits or isinstance(x.mask, Hole) or isinstance(y.mask, Hole):
        return False
    if isinstance(x.value, Hole) or isinstance(y.value, Hole):
        return False
    full = (1 << x.bits.width) - 1
    both = (full if x.mask is None else x.mask) & (full if y.mask is None else y.mask)
    return (x.value ^ y.value) & both != 0


def _unreachable(tables: Tables) -> Iterator[str]:
    first = min(tables)
    reached, todo = {first}, [first]
    while todo:
        new = {table for shape in tables[todo.pop()] for table in onward(shape)} - reached
        reached |= new
        todo += new
    for table in tables:
        if table not in reached:
            yield f"table {int(table)} is never reached"
