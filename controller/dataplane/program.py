"""A program: the complete set of rows of one switch."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain, compress, filterfalse
from operator import is_not
from types import MappingProxyType
from typing import Final

from controller.dataplane.pipeline import SHAPES
from controller.dataplane.shapes import Entry, Row, RowKey

Rows = Mapping[RowKey, Row]
Buckets = tuple[Rows, ...]
Bucket = tuple[str, int]

_SPREAD: Final = 256
"""Buckets of a relation. A change copies those of the rows that it touches, and the row of them;
a comparison looks at all those of a relation of which any differs. With the 10,000 rows of a large
host one has some 40 rows, so either costs some 10,000 bytes."""


@dataclass(frozen=True, eq=False)
class Program:
    """Rows by key, in buckets. Two rows of one key are impossible, so a difference is a set's.

    Which bucket a row is in follows from its key alone, and a program that was made from another by
    changing rows shares all other buckets with it, the same objects, and all buckets of relations
    that were not changed. So to change a program, and to compare it with one that it was made from,
    costs what the change touches.
    """

    relations: Mapping[str, Buckets] = field(default_factory=lambda: MappingProxyType({}))
    size: int = 0
    """How many rows there are."""

    @staticmethod
    def of(rows: Rows) -> Program:
        """A program of rows by key."""
        return Program().changed(rows.values())

    @staticmethod
    def of_buckets(buckets: Mapping[Bucket, Rows]) -> Program:
        """A program of buckets that have rows."""
        found: dict[str, list[Rows]] = {}
        for (relation, number), rows in buckets.items():
            found.setdefault(relation, [_NOTHING] * _SPREAD)[number] = rows
        relations = {relation: tuple(some) for relation, some in found.items()}
        return Program(relations, sum(map(len, buckets.values())))

    @cached_property
    def rows(self) -> Rows:
        """All rows, by key."""
        found: dict[RowKey, Row] = {}
        for bucket in chain.from_iterable(self.relations.values()):
            found.update(bucket)
        return MappingProxyType(found)

    @property
    def buckets(self) -> Mapping[Bucket, Rows]:
        """The buckets that have rows."""
        return {
            (relation, number): rows
            for relation, buckets in self.relations.items()
            for number, rows in enumerate(buckets)
            if rows
        }

    def __iter__(self) -> Iterator[Row]:
        return chain.from_iterable(bucket.values() for bucket in self.buckets_of(*self.relations))

    def __len__(self) -> int:
        return self.size

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Program) and not differences(self, other)

    __hash__ = None  # type: ignore[assignment]

    def get(self, key: RowKey) -> Row | None:
        """The row of a key, None where there is none."""
        relation, number = bucket_of(key)
        return self.relations.get(relation, _NO_BUCKETS)[number].get(key)

    def of_relations(self, *relations: str) -> Iterator[Row]:
        """The rows of some relations, at their own cost."""
        return chain.from_iterable(rows.values() for rows in self.buckets_of(*relations))

    def buckets_of(self, *relations: str) -> Iterator[Rows]:
        """The buckets of some relations that have rows."""
        return (rows for name in relations for rows in self.relations.get(name, ()) if rows)

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
        found: dict[str, list[Rows]] = {}
        size = self.size
        for (relation, number), rows in touched.items():
            if relation not in found:
                found[relation] = list(self.relations.get(relation, _NO_BUCKETS))
            size += len(rows) - len(found[relation][number])
            found[relation][number] = rows or _NOTHING
        relations = {**self.relations, **{name: tuple(some) for name, some in found.items()}}
        return Program({name: some for name, some in relations.items() if any(some)}, size)

    def _own(self, touched: dict[Bucket, dict[RowKey, Row]], key: RowKey) -> dict[RowKey, Row]:
        relation, number = bucket = bucket_of(key)
        mine = touched.get(bucket)
        if mine is None:
            mine = touched[bucket] = dict(self.relations.get(relation, _NO_BUCKETS)[number])
        return mine

    def entries(self) -> Iterator[Entry]:
        """The flow entries of the program."""
        return (SHAPES[row.shape].entry(row) for row in self)


_NOTHING: Final[Rows] = MappingProxyType({})
_NO_BUCKETS: Final[Buckets] = (_NOTHING,) * _SPREAD


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
    if before is after:
        return Differences((), (), ())
    old: dict[RowKey, Row] = {}
    new: dict[RowKey, Row] = {}
    for one, other in unshared(before, after, {**before.relations, **after.relations}):
        old.update(one)
        new.update(other)
    return row_differences(old, new)


def unshared(
    before: Program, after: Program, relations: Iterable[str]
) -> Iterator[tuple[Rows, Rows]]:
    """The buckets of some relations that two programs do not share, each with the other's."""
    for relation in relations:
        was = before.relations.get(relation, _NO_BUCKETS)
        now = after.relations.get(relation, _NO_BUCKETS)
        for one, other in zip(was, now, strict=True) if was is not now else ():
            if one is not other:
                yield one, other


def row_differences(old: Rows, new: Rows) -> Differences:
    """The difference of two sets of rows by key."""
    added, changed = list[Row](), list[tuple[Row, Row]]()
    for key, row in unlike(new, old):
        known = old.get(key)
        if known is None:
            added.append(row)
        elif known != row:
            changed.append((known, row))
    removed = map(old.__getitem__, filterfalse(new.__contains__, old))
    return Differences(tuple(added), tuple(changed), tuple(removed))


def unlike(rows: Rows, others: Rows) -> Iterator[tuple[RowKey, Row]]:
    """Rows in whose place others have none, or another object, if only an equal one.

    The interpreter does nothing for those that are the same, which most are.
    """
    return compress(rows.items(), map(is_not, map(others.get, rows), rows.values()))


def by_key(rows: Iterable[Row]) -> dict[RowKey, Row]:
    """Rows by key. Raises ValueError where two rows of one key differ."""
    found: dict[RowKey, Row] = {}
    for row in rows:
        other = found.setdefault(row.key, row)
        if other is not row and other != row:
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
