"""Rows as they are read from a switch, put together to a program."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Set as AbstractSet
from typing import Final

from controller.dataplane.program import Bucket, Program, Rows, bucket_of
from controller.dataplane.shapes import Row, RowKey, relation, tuple_as

_NONE: Final[dict[RowKey, Row]] = {}


class Gathering:
    """Rows one by one, held against the program that they are expected to be.

    What comes out shares every bucket with it that is equal, and is itself where all are: so
    comparing the two afterwards costs what differs. Of rows that are as expected nothing is kept
    but which they are: as many objects anew would have the garbage collector look at all there is.
    ``at_once``: they are of one moment. Of others, one that is not as expected is what counts.
    """

    def __init__(self, expected: Program, *, at_once: bool = True) -> None:
        self._at_once = at_once
        self._whole = expected
        self._expected = expected.buckets
        self._same: defaultdict[Bucket, set[int]] = defaultdict(set)
        self._others: defaultdict[Bucket, dict[RowKey, Row]] = defaultdict(dict)

    def add(self, row: Row) -> None:
        """One row more. Raises ValueError where another of its key, at one moment, differs."""
        shape, match, _, _ = row
        place = bucket_of(key := tuple_as(RowKey, (relation(shape), match)))
        expected = self._expected.get(place, _NONE).get(key)
        as_expected = expected == row
        if as_expected:
            self._same[place].add(id(expected))
        if place in self._others or not as_expected:
            self._compare(place, row, expected)

    def _compare(self, place: Bucket, row: Row, expected: Row | None) -> None:
        """A row that is not as expected, or one of a bucket where some were not."""
        others, same = self._others[place], id(expected) in self._same[place]
        other = others.get(row.key, expected if same else None)
        if expected != row:
            others[row.key] = row
        if self._at_once and other is not None and other != row:
            raise ValueError(f"two meanings for one match: {other} and {row}")

    def program(self) -> Program:
        """All that were added."""
        expected = self._expected
        places = self._same.keys() | self._others.keys()
        buckets = {place: rows for place in places if (rows := self._bucket(place))}
        if buckets.keys() == expected.keys() and all(
            rows is expected[place] for place, rows in buckets.items()
        ):
            return self._whole
        return Program.of_buckets(buckets)

    def _bucket(self, place: Bucket) -> Rows:
        """A bucket; the expected one, where it is the same."""
        expected = self._expected.get(place, _NONE)
        same: AbstractSet[int] = self._same.get(place, frozenset())
        others = self._others.get(place, _NONE)
        if not others and len(same) == len(expected):
            return expected
        return {**{key: row for key, row in expected.items() if id(row) in same}, **others}
