"""A program: the complete set of rows of one switch."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from controller.dataplane.pipeline import SHAPES
from controller.dataplane.shapes import Entry, Row, RowKey


@dataclass(frozen=True, slots=True)
class Program:
    """Rows by key. Two rows of one key are impossible, so a difference is a set difference."""

    rows: Mapping[RowKey, Row] = field(default_factory=lambda: MappingProxyType({}))

    def __iter__(self) -> Iterator[Row]:
        return iter(self.rows.values())

    def __len__(self) -> int:
        return len(self.rows)

    def entries(self) -> Iterator[Entry]:
        """The flow entries of the program."""
        return (SHAPES[row.shape].entry(row) for row in self)


def program(rows: Iterable[Row]) -> Program:
    """A program of rows. Raises ValueError where two rows of one key differ."""
    found: dict[RowKey, Row] = {}
    for row in rows:
        other = found.setdefault(row.key, row)
        if other != row:
            raise ValueError(f"two meanings for one match: {other} and {row}")
    return Program(MappingProxyType(found))


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
