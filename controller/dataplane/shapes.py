"""Tables are relations: a shape is a list of match keys and an action template, a row fills both.

``Shape`` is declared once in the pipeline; a ``Row`` is a tuple of numbers for one shape; an
``Entry`` is what the two mean to a switch, in one normal form, equal when the switch would behave
equally.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields, replace
from functools import cache, cached_property
from operator import itemgetter
from typing import Final, NamedTuple

from controller.dataplane.actions import Action, Conjoin, Hole, Load, Move, Operand, Track
from controller.dataplane.fields import Bits, Field

tuple_as: Final = tuple.__new__
"""Makes a named tuple of a tuple with as many items: in half the time of its own constructor."""


class Match(NamedTuple):
    """One field of an entry's match; ``value`` has no bit outside ``mask``."""

    field: str
    value: int
    mask: int


@dataclass(frozen=True, slots=True)
class Entry:
    """One flow entry in normal form: ``match`` sorted by field name, one item a field."""

    table: int
    priority: int
    match: tuple[Match, ...]
    actions: tuple[Action, ...]
    goto: int | None
    cookie: int


@dataclass(frozen=True, slots=True)
class Key:
    """One column of a match: ``bits`` equal ``value`` under ``mask`` (None: all of the bits)."""

    bits: Bits
    value: Operand
    mask: Operand | None = None


class RowKey(NamedTuple):
    """What makes a row itself: its relation and its match columns."""

    relation: str
    match: tuple[int, ...]


class Row(NamedTuple):
    """One row: the shape's name, its match columns, its action columns, and its cookie."""

    shape: str
    match: tuple[int, ...]
    args: tuple[int, ...]
    cookie: int

    @property
    def key(self) -> RowKey:
        """The row without what it does: two rows of one key cannot be in one program."""
        return tuple_as(RowKey, (relation(self.shape), self.match))


@cache
def relation(shape: str) -> str:
    """The relation of a shape: its name up to a colon.

    Shapes that match the same keys and differ in what they do are variants of one relation
    (``resolve.receiver:here``, ``resolve.receiver:away``): a row that goes from one variant to
    another has changed, it has not been removed and added.
    """
    return shape.partition(":")[0]


@dataclass(frozen=True)
class Shape:
    """A table's kind of row: where it stands, what it matches, what it does.

    ``match_columns`` and ``arg_columns`` are the names of its holes, in order of appearance.
    """

    name: str
    table: int
    priority: int
    keys: tuple[Key, ...]
    actions: tuple[Action, ...]
    goto: int | None
    meaning: str

    @cached_property
    def match_columns(self) -> tuple[str, ...]:
        """Names of the match holes."""
        operands = (operand for key in self.keys for operand in (key.value, key.mask))
        return _holes(operands)

    @cached_property
    def arg_columns(self) -> tuple[str, ...]:
        """Names of the action holes that are not match holes too."""
        operands = (
            getattr(action, item.name) for action in self.actions for item in fields(action)
        )
        return tuple(name for name in _holes(operands) if name not in self.match_columns)

    @cached_property
    def _columns(self) -> tuple[str, ...]:
        return (*self.match_columns, *self.arg_columns)

    @cached_property
    def _of_columns(self) -> tuple[int, _Picker, _Picker]:
        """How many columns there are, and what picks those of the match and the others."""
        return len(self._columns), _picker(self.match_columns), _picker(self.arg_columns)

    def row(self, cookie: int, **columns: int) -> Row:
        """A row from named columns. Raises TypeError where a column is missing or unknown."""
        count, match, args = self._of_columns
        try:
            if len(columns) == count:
                return tuple_as(Row, (self.name, match(columns), args(columns), cookie))
        except KeyError:
            pass
        raise TypeError(f"shape {self.name} has columns {self._columns}, got {tuple(columns)}")

    def columns(self, row: Row) -> dict[str, int]:
        """A row's columns by name."""
        return dict(zip(self._columns, (*row.match, *row.args), strict=True))

    def entry(self, row: Row) -> Entry:
        """The flow entry that a row stands for."""
        columns = self.columns(row)
        return Entry(
            table=self.table,
            priority=self.priority,
            match=merge_matches(
                (key.bits, _fill(key.value, columns), _fill_mask(key, columns)) for key in self.keys
            ),
            actions=tuple(_fill_action(action, columns) for action in self.actions),
            goto=self.goto,
            cookie=row.cookie,
        )

    def row_of(self, entry: Entry) -> Row | None:
        """The row whose entry this is, or None where the entry is not of this shape."""
        if (entry.table, entry.priority, entry.goto) != (self.table, self.priority, self.goto):
            return None
        columns: dict[str, int] = {}
        found = {match.field: match for match in entry.match}
        if not self._read_match(found, columns) or not self._read_actions(entry, columns):
            return None
        row = self.row(entry.cookie, **columns)
        return row if self.entry(row) == entry else None

    def _read_match(self, found: Mapping[str, Match], columns: dict[str, int]) -> bool:
        for key in self.keys:
            match = found.get(key.bits.field.name)
            if match is None:
                if not isinstance(key.mask, Hole):
                    return False
                match = Match(key.bits.field.name, 0, 0)
            value = (match.value & key.bits.mask) >> key.bits.offset
            mask = (match.mask & key.bits.mask) >> key.bits.offset
            if not _bind(key.value, value, columns):
                return False
            if key.mask is not None and not _bind(key.mask, mask, columns):
                return False
        return True

    def _read_actions(self, entry: Entry, columns: dict[str, int]) -> bool:
        if len(entry.actions) != len(self.actions):
            return False
        for template, action in zip(self.actions, entry.actions, strict=True):
            if type(template) is not type(action):
                return False
            for item in fields(template):
                operand = getattr(template, item.name)
                if isinstance(operand, Hole):
                    columns[operand.name] = getattr(action, item.name)
        return True


_Picker = Callable[[Mapping[str, int]], tuple[int, ...]]


def _picker(names: tuple[str, ...]) -> _Picker:
    """Takes what columns of some names have, in that order."""
    if len(names) > 1:
        return itemgetter(*names)  # the quickest, and no tuple where there is one name
    return lambda columns: tuple(columns[name] for name in names)


def merge_matches(items: Iterable[tuple[Bits, int, int]]) -> tuple[Match, ...]:
    """Match columns joined to one item a field, sorted by name. ``items``: (bits, value, mask)."""
    merged: dict[Field, tuple[int, int]] = {}
    for bits, value, mask in items:
        old_value, old_mask = merged.get(bits.field, (0, 0))
        mask <<= bits.offset
        merged[bits.field] = (old_value | (value << bits.offset) & mask, old_mask | mask)
    return tuple(
        sorted(Match(field.name, value, mask) for field, (value, mask) in merged.items() if mask)
    )


def recirculates(action: Action) -> int | None:
    """The table in which an action lets the packet go on, None for most."""
    return action.table if isinstance(action, Track) else None


def varies(shape: Shape) -> bool:
    """Whether a shape's rows have as many actions as a column says."""
    return any(isinstance(action, Conjoin) for action in shape.actions)


def written_bits(action: Action) -> tuple[Bits, ...]:
    """The register bits that an action writes."""
    match action:
        case Load(bits, _) | Move(_, bits):
            return (bits,)
        case _:
            return ()


def _holes(operands: Iterable[object]) -> tuple[str, ...]:
    names = (o.name for o in operands if isinstance(o, Hole))
    return tuple(dict.fromkeys(names))


def _fill(operand: Operand, columns: Mapping[str, int]) -> int:
    return columns[operand.name] if isinstance(operand, Hole) else operand


def _fill_mask(key: Key, columns: Mapping[str, int]) -> int:
    return (1 << key.bits.width) - 1 if key.mask is None else _fill(key.mask, columns)


def _fill_action(action: Action, columns: Mapping[str, int]) -> Action:
    filled = {
        item.name: columns[operand.name]
        for item in fields(action)
        if isinstance(operand := getattr(action, item.name), Hole)
    }
    return replace(action, **filled) if filled else action  # type: ignore[arg-type]


def _bind(operand: Operand, value: int, columns: dict[str, int]) -> bool:
    """Take a hole's column from a value; False where a number is another than this one."""
    if isinstance(operand, Hole):
        columns[operand.name] = value
        return True
    return operand == value
