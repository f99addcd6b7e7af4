"""Where a shape's columns stand in what a switch reports, learned from one entry that was read.

The first entry of a kind is decoded field by field and named a row. Its bytes then show where each
field and action stands, so which bits are columns; all others are constants. Every later entry with
the same constants is a row of that shape, whatever is in the columns.
"""

from __future__ import annotations

import struct
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from typing import Final, NamedTuple

from controller.dataplane.actions import Action, Hole, Load, SetField
from controller.dataplane.fields import BY_NAME
from controller.dataplane.pipeline import SHAPES
from controller.dataplane.shapes import Key, Match, Row, Shape, tuple_as, varies

_HEAD: Final = struct.Struct("!HH")
_OXM_HEAD: Final = 4
_APPLY_ACTIONS: Final = 4
_INSTRUCTION_HEAD: Final = 8


class Span(NamedTuple):
    """A run of bits: how far it is from the entry's end, and its mask there."""

    shift: int
    ones: int


@dataclass(frozen=True, slots=True)
class Layout:
    """How rows of one shape look: constants under a mask, and the columns.

    A column that is nowhere (a mask that is left out, or whole) has a number of its own. ``twice``:
    spans that are one column. ``masked``: value and mask columns, as indexes of the match.
    """

    shape: str
    mask: int
    fixed: int
    match: tuple[tuple[int, int, int], ...]
    args: tuple[tuple[int, int, int], ...]
    twice: tuple[tuple[Span, Span], ...]
    masked: tuple[tuple[int, int], ...]

    def row(self, number: int, cookie: int) -> Row | None:
        """The row that the bytes, as a number, stand for; None where they are not of this layout.

        What is not in normal form is not, even if it means the same to a switch.
        """
        if number & self.mask != self.fixed:
            return None
        for one, other in self.twice:
            if number >> one.shift & one.ones != number >> other.shift & other.ones:
                return None
        match = tuple([number >> shift & ones | own for shift, ones, own in self.match])
        for value, mask in self.masked:
            if not match[mask] or match[value] & ~match[mask]:
                return None
        args = tuple([number >> shift & ones | own for shift, ones, own in self.args])
        return tuple_as(Row, (self.shape, match, args, cookie))


def layout_of(row: Row, data: bytes, match: tuple[Match, ...]) -> Layout | None:
    """The layout of an entry's bytes, from its match on, which were read as this row.

    None where the bytes do not show it: such entries are read field by field.
    """
    shape = SHAPES[row.shape]
    if varies(shape):
        return None
    found = _Found()
    places = dict(_match_places(data))
    if places.keys() != {item.field for item in match}:
        return None
    for key in shape.keys:
        found.key(key, places)
    for action, offset in zip(shape.actions, _action_offsets(data), strict=True):
        found.action(action, len(data) - offset)
    if any(span.shift < 0 for spans in found.spans.values() for span in spans):
        return None  # a length in it goes beyond it
    layout = found.layout(shape, int.from_bytes(data, "big"))
    return layout if layout.row(int.from_bytes(data, "big"), row.cookie) == row else None


class _Place(NamedTuple):
    """Where a field of the match ends, and where its mask ends, as bits from the entry's end."""

    value: int
    mask: int | None


@dataclass
class _Found:
    """The columns' spans, and numbers of those that are nowhere."""

    spans: defaultdict[str, list[Span]] = field(default_factory=lambda: defaultdict(list))
    own: dict[str, int] = field(default_factory=dict)
    masks: list[tuple[str, str]] = field(default_factory=list)

    def key(self, key: Key, places: dict[str, _Place]) -> None:
        """A column of the match and its mask."""
        place, ones = places.get(key.bits.field.name), (1 << key.bits.width) - 1
        value = key.value.name if isinstance(key.value, Hole) else None
        mask = key.mask.name if isinstance(key.mask, Hole) else None
        if value is not None:
            self._span(value, place and place.value + key.bits.offset, ones, 0)
        if mask is not None:
            masked = None if place is None or place.mask is None else place.mask + key.bits.offset
            self._span(mask, masked, ones, ones if place else 0)
            if value is not None and masked is not None:
                self.masks.append((value, mask))

    def action(self, action: Action, end: int) -> None:
        """The columns of an action that begins so many bytes before the entry's end."""
        for item in fields(action):
            operand = getattr(action, item.name)
            if isinstance(operand, Hole):
                last, size = _operand_place(action)
                self._span(operand.name, (end - last) * 8, (1 << size * 8) - 1, 0)

    def _span(self, name: str, shift: int | None, ones: int, own: int) -> None:
        if shift is None:
            self.own[name] = own
        else:
            self.spans[name].append(Span(shift, ones))

    def layout(self, shape: Shape, number: int) -> Layout:
        """All of it."""
        holes = 0
        for span in (span for spans in self.spans.values() for span in spans):
            holes |= span.ones << span.shift
        index = shape.match_columns.index
        return Layout(
            shape=shape.name,
            mask=(constant := ~holes),
            fixed=number & constant,
            match=tuple(map(self._column, shape.match_columns)),
            args=tuple(map(self._column, shape.arg_columns)),
            twice=tuple((s[0], other) for s in self.spans.values() for other in s[1:]),
            masked=tuple((index(value), index(mask)) for value, mask in self.masks),
        )

    def _column(self, name: str) -> tuple[int, int, int]:
        if name in self.spans:
            return (*self.spans[name][0], 0)
        return 0, 0, self.own[name]


def _operand_place(action: Action) -> tuple[int, int]:
    """Where an action's number ends, from its beginning, and its size; in bytes."""
    if isinstance(action, Load):
        return 24, 8  # header 4, vendor 4, subtype 2, place 2, field 4
    if isinstance(action, SetField):
        return 8 + action.field.size, action.field.size  # header 4, field 4
    return 8, 4  # a port or queue behind the header


def _match_places(data: bytes) -> Iterator[tuple[str, _Place]]:
    _, size = _HEAD.unpack_from(data)
    offset, bits = _HEAD.size, len(data) * 8
    while offset < size:
        header = int.from_bytes(data[offset : offset + _OXM_HEAD], "big")
        name = _NAMES[header >> 16, header >> 9 & 0x7F]
        value = offset + _OXM_HEAD + BY_NAME[name].size
        end = offset + _OXM_HEAD + (header & 0xFF)
        masked = header >> 8 & 1
        yield name, _Place(bits - value * 8, bits - end * 8 if masked else None)
        offset = end


def _action_offsets(data: bytes) -> Iterator[int]:
    _, size = _HEAD.unpack_from(data)
    offset = size + -size % 8
    while offset < len(data):
        kind, length = _HEAD.unpack_from(data, offset)
        if kind == _APPLY_ACTIONS:
            place = offset + _INSTRUCTION_HEAD
            while place < offset + length:
                yield place
                place += _HEAD.unpack_from(data, place)[1]
        offset += length


_NAMES: Final = {(known.oxm_class, known.number): name for name, known in BY_NAME.items()}
