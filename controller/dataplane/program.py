"""A program: the complete set of rows of one switch."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain
from types import MappingProxyType
from typing import Final

from controller.dataplane.pipeline import SHAPES
from controller.dataplane.shapes import Entry, Row, RowKey

Part = Mapping[RowKey, Row]

WHOLE: Final = "whole"
"""The key of a program's only part, where it was not put together of several."""


@dataclass(frozen=True, eq=False)
class Program:
    """Rows by key, in parts. Two rows of one key are impossible, so a difference is a set's.

    Parts are what whoever made the program makes anew together. Two programs that share a part, the
    same object, differ in others alone: so a difference costs what was made anew.
    """

    parts: Mapping[Hashable, Part] = field(default_factory=lambda: MappingProxyType({}))

    @staticmethod
    def of(rows: Part) -> Program:
        """A program of one part."""
        return Program({WHOLE: rows})

    @cached_property
    def rows(self) -> Part:
        """All rows. Raises ValueError where two parts have one of the same key."""
        if len(self.parts) == 1:
            return next(iter(self.parts.values()))
        found: dict[RowKey, Row] = {}
        for part in self.parts.values():
            found.update(part)
        if len(found) != len(self):
            raise ValueError("two parts of a program have rows of the same key")
        return MappingProxyType(found)

    def __iter__(self) -> Iterator[Row]:
        return chain.from_iterable(part.values() for part in self.parts.values())

    def __len__(self) -> int:
        return sum(map(len, self.parts.values()))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Program) and not differences(self, other)

    __hash__ = None  # type: ignore[assignment]

    def entries(self) -> Iterator[Entry]:
        """The flow entries of the program."""
        return (SHAPES[row.shape].entry(row) for row in self)


@dataclass(frozen=True, slots=True)
class Differences:
    """What one program has and another has not. ``changed``: (old, new) rows of the same key."""

    added: tuple[Row, ...]
    changed: tuple[tuple[Row, Row], ...]
    removed: tuple[Row, ...]

    def __bool__(self) -> bool:
        return bool(self.added or self.changed or self.removed)


def differences(before: Program, after: Program) -> Differences:
    """The difference of two programs, at the cost of the parts that they do not share."""
    if before is after:
        return Differences((), (), ())
    old, new = _unshared(before, after), _unshared(after, before)
    return Differences(
        added=tuple(row for key, row in new.items() if key not in old),
        changed=tuple(
            (known, row)
            for key, row in new.items()
            if (known := old.get(key)) is not None and known is not row and known != row
        ),
        removed=tuple(row for key, row in old.items() if key not in new),
    )


def _unshared(one: Program, other: Program) -> Part:
    rest = [part for key, part in one.parts.items() if other.parts.get(key) is not part]
    if len(rest) == 1:
        return rest[0]
    return {key: row for part in rest for key, row in part.items()}


def part(rows: Iterable[Row]) -> Part:
    """Rows by key. Raises ValueError where two rows of one key differ."""
    found: dict[RowKey, Row] = {}
    for row in rows:
        other = found.setdefault(row.key, row)
        if other != row:
            raise ValueError(f"two meanings for one match: {other} and {row}")
    return MappingProxyType(found)


def program(rows: Iterable[Row]) -> Program:
    """A program of rows. Raises ValueError where two rows of one key differ."""
    return Program.of(part(rows))


def row_of(entry: Entry) -> Row | None:
    """The row that an entry stands for, None where no shape of the pipeline has it."""
    for shape in _BY_PLACE.get((entry.table, entry.priority), ()):
        row = shape.row_of(entry)
        if row is not None:
            return row
    return None


_BY_PLACE = {
    place: tuple(s for s in SHAPES.values() if (s.table, s.priority) == place)
    for place in {(s.table, s.priority) for s in SHAPES.values()}
}
