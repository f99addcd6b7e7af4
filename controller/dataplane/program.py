"""A program: the complete set of rows of one switch."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain
from types import MappingProxyType
from typing import Final

from controller.dataplane.pipeline import SHAPES
from controller.dataplane.shapes import Entry, Row, RowKey

Rows = Mapping[RowKey, Row]
Bucket = tuple[str, int]

_SPREAD: Final = 32
"""Buckets of a relation: a change copies one of them, a comparison looks at all of them."""


@dataclass(frozen=True, eq=False)
class Program:
    """Rows by key, in buckets. Two rows of one key are impossible, so a difference is a set's.

    Which bucket a row is in follows from its key alone, and a program that was made from another by
    changing rows shares all other buckets with it, the same objects. So to change a program, and to
    compare it with one that it was made from, costs what the change touches.
    """

    buckets: Mapping[Bucket, Rows] = field(default_factory=lambda: MappingProxyType({}))

    @staticmethod
    def of(rows: Rows) -> Program:
        """A program of rows by key."""
        return Program().changed(rows.values())

    @cached_property
    def rows(self) -> Rows:
        """All rows, by key."""
        found: dict[RowKey, Row] = {}
        for bucket in self.buckets.values():
            found.update(bucket)
        return MappingProxyType(found)

    def __iter__(self) -> Iterator[Row]:
        return chain.from_iterable(bucket.values() for bucket in self.buckets.values())

    def __len__(self) -> int:
        return sum(map(len, self.buckets.values()))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Program) and not differences(self, other)

    __hash__ = None  # type: ignore[assignment]

    def get(self, key: RowKey) -> Row | None:
        """The row of a key, None where there is none."""
        return self.buckets.get(bucket_of(key), _NOTHING).get(key)

    def of_relations(self, *relations: str) -> Iterator[Row]:
        """The rows of some relations, at their own cost."""
        return chain.from_iterable(rows.values() for rows in self.buckets_of(*relations))

    def buckets_of(self, *relations: str) -> Iterator[Rows]:
        """The buckets of some relations."""
        for relation in relations:
            for number in range(_SPREAD):
                bucket = self.buckets.get((relation, number))
                if bucket is not None:
                    yield bucket

    def changed(self, put: Iterable[Row], gone: Iterable[RowKey] = ()) -> Program:
        """The program without the rows of some keys, then with others in place of what they had."""
        touched: dict[Bucket, dict[RowKey, Row]] = {}
        for key in gone:
            self._own(touched, key).pop(key, None)
        for row in put:
            key = row.key
            self._own(touched, key)[key] = row
        if not touched:
            return self
        buckets = {**self.buckets, **touched}
        for bucket, rows in touched.items():
            if not rows:
                del buckets[bucket]
        return Program(buckets)

    def _own(self, touched: dict[Bucket, dict[RowKey, Row]], key: RowKey) -> dict[RowKey, Row]:
        bucket = bucket_of(key)
        mine = touched.get(bucket)
        if mine is None:
            mine = touched[bucket] = dict(self.buckets.get(bucket, _NOTHING))
        return mine

    def entries(self) -> Iterator[Entry]:
        """The flow entries of the program."""
        return (SHAPES[row.shape].entry(row) for row in self)


_NOTHING: Final[Rows] = MappingProxyType({})


def bucket_of(key: RowKey) -> Bucket:
    """The bucket that a row of this key is in, in every program."""
    return key.relation, hash(key.match) % _SPREAD


@dataclass(frozen=True, slots=True)
class Differences:
    """What one program has and another has not. ``changed``: (old, new) rows of the same key."""

    added: tuple[Row, ...]
    changed: tuple[tuple[Row, Row], ...]
    removed: tuple[Row, ...]

    def __bool__(self) -> bool:
        return bool(self.added or self.changed or self.removed)


def differences(before: Program, after: Program) -> Differences:
    """The difference of two programs, at the cost of the buckets that they do not share."""
    if before is after or before.buckets is after.buckets:
        return Differences((), (), ())
    return row_differences(_unshared(before, after), _unshared(after, before))


def row_differences(old: Rows, new: Rows) -> Differences:
    """The difference of two sets of rows by key."""
    return Differences(
        added=tuple(row for key, row in new.items() if key not in old),
        changed=tuple(
            (known, row)
            for key, row in new.items()
            if (known := old.get(key)) is not None and known is not row and known != row
        ),
        removed=tuple(row for key, row in old.items() if key not in new),
    )


def _unshared(one: Program, other: Program) -> Rows:
    found: dict[RowKey, Row] = {}
    for key, bucket in one.buckets.items():
        if other.buckets.get(key) is not bucket:
            found.update(bucket)
    return found


def by_key(rows: Iterable[Row]) -> dict[RowKey, Row]:
    """Rows by key. Raises ValueError where two rows of one key differ."""
    found: dict[RowKey, Row] = {}
    for row in rows:
        other = found.setdefault(row.key, row)
        if other != row:
            raise ValueError(f"two meanings for one match: {other} and {row}")
    return found


def program(rows: Iterable[Row]) -> Program:
    """A program of rows. Raises ValueError where two rows of one key differ."""
    return Program.of(by_key(rows))


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
