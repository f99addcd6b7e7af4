"""Shapes as templates of flow-mods: rows of one shape are packed by ``struct``, many at a time.

A shape is encoded once, its holes at zero, and read as one big number; where a column goes is seen
by setting its lowest bit alone. The bytes around its places are constants of the template's
``struct``; the places are words in between, of which a column is one part or all.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from enum import IntEnum
from functools import cache
from itertools import repeat
from typing import Any, Final, NamedTuple

from controller.dataplane.actions import Hole, Load, SetField
from controller.dataplane.pipeline import SHAPES
from controller.dataplane.shapes import Row, Shape
from controller.southbound.openflow.encode import encode_entry
from controller.southbound.openflow.messages import HEADER

_COOKIE_BITS: Final = 64
_NUMBER_BITS: Final = 32  # of a port or queue, in an action
_CODES: Final = {1: "B", 2: "H", 4: "I", 8: "Q"}


class MaskKind(IntEnum):
    """How a mask column makes the match look: the field left out, whole, or under a mask."""

    NONE = 0
    WHOLE = 1
    PART = 2


Kinds = tuple[MaskKind, ...]


class Place(NamedTuple):
    """Where a column goes: how far it is shifted left, and how many bits it has."""

    column: int
    shift: int
    width: int


class Word(NamedTuple):
    """A number between the constants: its own bits, and columns shifted into place."""

    fixed: int
    places: tuple[tuple[int, int], ...]

    def values(self, columns: Sequence[Sequence[int]]) -> Iterable[int]:
        """The word in every row."""
        (column, shift), *more = self.places
        if not (shift or self.fixed or more):
            return columns[column]
        fixed = self.fixed
        values = [fixed | value << shift for value in columns[column]]
        for column, shift in more:
            pairs = zip(values, columns[column], strict=True)
            values = [value | other << shift for value, other in pairs]
        return values


@dataclass(frozen=True, slots=True)
class Template:
    """What follows the header of a flow-mod: constants and words, in the order of ``layout``."""

    layout: struct.Struct
    pieces: tuple[bytes | Word, ...]

    def pack(self, rows: Sequence[Row]) -> list[bytes]:
        """The rows' flow-mods without their headers. Raises struct.error: a number is too big."""
        columns = list(zip(*[(*row.match, *row.args, row.cookie) for row in rows], strict=True))
        values = [
            piece.values(columns) if isinstance(piece, Word) else repeat(piece)
            for piece in self.pieces
        ]
        return list(map(self.layout.pack, *values))


@cache
def template(shape_name: str, command: int, kinds: Kinds) -> Template:
    """A shape's template for a command, with its mask columns of these kinds."""
    shape = SHAPES[shape_name]
    names = (*shape.match_columns, *shape.arg_columns)
    of_mask = dict(zip(_mask_columns(shape), kinds, strict=True))
    zero = {name: _start(shape, name, of_mask.get(name)) for name in names}
    base = _body(shape, command, zero)
    number = fixed = int.from_bytes(base, "big")

    def changed(name: str, value: int) -> list[int]:
        return _bits(int.from_bytes(_body(shape, command, {**zero, name: value}), "big") ^ number)

    places = [Place(len(names), len(base) * 8 - _COOKIE_BITS, _COOKIE_BITS)]
    for index, name in enumerate(names):
        kind, width = of_mask.get(name), _width(shape, name)
        if kind is MaskKind.PART:
            for shift in changed(name, 3):
                places.append(Place(index, shift - 1, width))
                fixed &= ~(1 << shift - 1)
        elif kind is None:
            places += [Place(index, shift, width) for shift in changed(name, zero[name] ^ 1)]
    return _compiled(fixed.to_bytes(len(base), "big"), places)


def kinds_of(row: Row) -> Kinds:
    """How the mask columns of a row make its match look."""
    return tuple(
        MaskKind.WHOLE
        if row.match[index] == ones
        else MaskKind.PART
        if row.match[index]
        else MaskKind.NONE
        for index, ones in _MASKS[row.shape]
    )


def _body(shape: Shape, command: int, columns: Mapping[str, int]) -> bytes:
    row = shape.row(0, **columns)
    return encode_entry(shape.entry(row), command, 0)[HEADER.size :]


def _start(shape: Shape, name: str, kind: MaskKind | None) -> int:
    """A column at zero; a mask such that it looks as its kind says, its lowest bit set."""
    if kind is MaskKind.WHOLE:
        return (1 << _width(shape, name)) - 1
    return int(kind is MaskKind.PART)


def _mask_columns(shape: Shape) -> tuple[str, ...]:
    names = (key.mask.name for key in shape.keys if isinstance(key.mask, Hole))
    return tuple(dict.fromkeys(names))


def _width(shape: Shape, column: str) -> int:
    """The bits of a column: it has to fit wherever it goes."""
    hole = Hole(column)
    widths = [k.bits.width for k in shape.keys if hole in (k.value, k.mask)]
    for action in shape.actions:
        if hole in (getattr(action, item.name) for item in fields(action)):
            widths.append(_operand_bits(action))
    return min(widths)


def _operand_bits(action: Any) -> int:
    if isinstance(action, Load):
        return action.bits.width
    return action.field.size * 8 if isinstance(action, SetField) else _NUMBER_BITS


def _bits(number: int) -> list[int]:
    return [bit for bit in range(number.bit_length()) if number >> bit & 1]


def _compiled(data: bytes, places: Iterable[Place]) -> Template:
    """Constants and words of a message."""
    form, pieces, done = "!", list[bytes | Word](), 0
    for start, end, inside in _windows(len(data), places):
        if start > done:
            form += f"{start - done}s"
            pieces.append(data[done:start])
        form += _CODES[end - start]
        right = (len(data) - end) * 8
        moved = tuple((place.column, place.shift - right) for place in inside)
        pieces.append(Word(int.from_bytes(data[start:end], "big"), moved))
        done = end
    if done < len(data):
        form += f"{len(data) - done}s"
        pieces.append(data[done:])
    return Template(struct.Struct(form), tuple(pieces))


def _windows(size: int, places: Iterable[Place]) -> Iterator[tuple[int, int, list[Place]]]:
    """Runs of 1, 2, 4 or 8 bytes that hold all places: from, to, and which.

    A run that has another length takes constant bytes before it along, or behind it.
    """
    runs: list[tuple[int, int, list[Place]]] = []
    for place in sorted(places, key=lambda place: -place.shift):
        start = size - 1 - (place.shift + place.width - 1) // 8
        end = size - place.shift // 8
        if runs and start < runs[-1][1]:
            first, last, inside = runs[-1]
            runs[-1] = (min(first, start), max(last, end), [*inside, place])
        else:
            runs.append((start, end, [place]))
    done = 0
    limits = [*(run[0] for run in runs[1:]), size]
    for (start, end, inside), limit in zip(runs, limits, strict=True):
        length = min(n for n in _CODES if n >= end - start)
        start = max(done, end - length)
        end = start + length
        if end > limit:
            raise ValueError(f"no {length} bytes around the places {inside}")
        yield start, end, inside
        done = end


_MASKS: Final = {
    shape.name: tuple(
        (shape.match_columns.index(name), (1 << _width(shape, name)) - 1)
        for name in _mask_columns(shape)
    )
    for shape in SHAPES.values()
}
