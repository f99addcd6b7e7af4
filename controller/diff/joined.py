"""Rules of many identities as a program says them in parts: who is in which conjunction."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Set
from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import Final, NamedTuple

from controller.dataplane.idset import EMPTY, ids_of
from controller.dataplane.pipeline import SHAPES
from controller.dataplane.program import Differences, Program
from controller.dataplane.shapes import Row
from controller.diff.opens import ANYTHING, NOTHING, Opens, opens_of

Pair = tuple[int, int]
"""Two identities: who opens, and to whom."""


class Conjunction(NamedTuple):
    """A conjunction: for "any" protocol or for "some", and its id."""

    kind: str
    number: int


class Lost(NamedTuple):
    """A conjunction that is no more, or not of all: whom it let open something to whom."""

    conjunction: Conjunction
    sources: Set[int]
    destinations: Set[int]


_KINDS: Final = ("any", "some")
_FROM: Final = tuple(f"permit.from_{kind}" for kind in _KINDS)
_TO: Final = tuple(f"permit.to_{kind}" for kind in _KINDS)
_SHARED: Final = tuple(f"permit.shared_{kind}" for kind in _KINDS)
_AT: Final = ("permit.at_icmp", "permit.at_tcp", "permit.at_udp")
_CLAUSES: Final = frozenset((*_FROM, *_TO, *_AT, *_SHARED))
_NOBODY: Final[Set[int]] = frozenset()


@dataclass(frozen=True)
class Joined:
    """The conjunctions of a program: their sources, their destinations and what they permit."""

    sources: Mapping[Conjunction, Set[int]]
    destinations: Mapping[Conjunction, Set[int]]
    opens: Mapping[Conjunction, Opens]

    @staticmethod
    def of(program: Program) -> Joined:
        """Those of one switch."""
        blocks: defaultdict[Conjunction, Opens] = defaultdict(lambda: NOTHING)
        for row in program.of_relations(*_AT):
            for found in _conjunctions(row):
                blocks[found] |= opens_of(_end(row), SHAPES[row.shape].columns(row))
        each = [Conjunction(_end(row), row.match[0]) for row in program.of_relations(*_SHARED)]
        opens = {one: ANYTHING if one.kind == "any" else blocks[one] for one in each}
        return Joined(_members(program, _FROM), _members(program, _TO), opens)

    def opened(self, pairs: Collection[Pair]) -> Iterator[tuple[Pair, Opens]]:
        """What the conjunctions permit between some pairs."""
        for pair in pairs if self.opens else ():
            found = [opens for one, opens in self.opens.items() if self._has(one, pair)]
            if found:
                yield pair, reduce(or_, found)

    def lost(self, found: Differences) -> Iterator[Lost]:
        """What is lost of them with some rows."""
        return (lost for lost in self._gone(found) if lost.conjunction in self.opens)

    def _gone(self, found: Differences) -> Iterator[Lost]:
        for row, now in (*((row, None) for row in found.removed), *found.changed):
            if row.shape in _SHARED and now is None:
                yield self._whole(Conjunction(_end(row), row.match[0]))
            elif row.shape in _AT:
                yield from map(self._whole, _less(row, now))
            elif row.shape in _FROM:
                for one in _less(row, now):
                    yield Lost(one, {row.match[0]}, self.destinations.get(one, _NOBODY))
            elif row.shape in _TO:
                for one in _less(row, now):
                    yield Lost(one, self.sources.get(one, _NOBODY), {row.match[0]})

    def _whole(self, one: Conjunction) -> Lost:
        return Lost(one, self.sources.get(one, _NOBODY), self.destinations.get(one, _NOBODY))

    def _has(self, one: Conjunction, pair: Pair) -> bool:
        sources, destinations = self.sources.get(one, _NOBODY), self.destinations.get(one, _NOBODY)
        return pair[0] in sources and pair[1] in destinations


def loses(row: Row, now: Row | None) -> bool:
    """Whether a row that is another now was a part of conjunctions that it is no part of now."""
    if row.shape in _SHARED:
        return now is None
    return row.shape in _CLAUSES and bool(_less(row, now))


def together(lost: Iterable[Lost]) -> Iterator[Lost]:
    """The same, each conjunction once: at least what was lost of it."""
    found: dict[Conjunction, tuple[set[int], set[int]]] = {}
    for one, sources, destinations in lost:
        known = found.setdefault(one, (set(), set()))
        known[0].update(sources)
        known[1].update(destinations)
    return (Lost(one, *ends) for one, ends in found.items())


def _members(program: Program, shapes: tuple[str, ...]) -> Mapping[Conjunction, Set[int]]:
    found: defaultdict[Conjunction, set[int]] = defaultdict(set)
    for row in program.of_relations(*shapes):
        for one in _conjunctions(row):
            found[one].add(row.match[0])
    return found


def _less(row: Row, now: Row | None) -> list[Conjunction]:
    """The conjunctions that a clause is no part of any more."""
    left = ids_of(now.args[0] if now else EMPTY)
    return [one for one in _conjunctions(row) if one.number not in left]


def _conjunctions(row: Row) -> Iterator[Conjunction]:
    kind = "some" if row.shape in _AT else _end(row)
    return (Conjunction(kind, number) for number in ids_of(row.args[0]))


def _end(row: Row) -> str:
    """The kind of conjunction, or the protocol, that a clause is for."""
    return row.shape.rpartition("_")[2]
