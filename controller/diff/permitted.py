"""What permit rows let one identity open to another, as sets that can be subtracted."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from functools import reduce
from operator import or_
from types import MappingProxyType
from typing import Final, NamedTuple

from controller.dataplane.pipeline import SHAPES
from controller.dataplane.program import Program
from controller.dataplane.shapes import Row

PORT_BITS: Final = 16
_EVERY_PORT: Final = (1 << (1 << PORT_BITS)) - 1
_MARKED: Final = "marked_"
_PERMIT: Final = "permit."


class Opens(NamedTuple):
    """A set of connections: a bit for each port, a single one where a protocol has none.

    ``others`` are the protocols that only a rule for any protocol permits.
    """

    others: int = 0
    icmp: int = 0
    tcp: int = 0
    udp: int = 0

    def __or__(self, more: Opens) -> Opens:
        return Opens(*(one | other for one, other in zip(self, more, strict=True)))

    def without(self, rest: Opens) -> Opens:
        """What is in this set and not in the other."""
        return Opens(*(one & ~other for one, other in zip(self, rest, strict=True)))


NOTHING: Final = Opens()
ANYTHING: Final = Opens(1, 1, _EVERY_PORT, _EVERY_PORT)

Marks = Mapping[int | None, Opens]
"""What is permitted by the DSCP that a packet comes with; None: whatever it is."""

_NO_MARKS: Final[Marks] = MappingProxyType({})


Pair = tuple[int, int]
"""Two identities: who opens, and to whom."""


class Change(NamedTuple):
    """What is no longer permitted, and what is permitted now."""

    lost: Opens
    kept: Opens


def grants(row: Row) -> bool:
    """Whether a row lets one identity open something to another."""
    return row.shape in _PLACES


def pair_of(row: Row) -> Pair:
    """The identities that a granting row is about."""
    places = _PLACES[row.shape]
    return row.match[places["source"]], row.match[places["destination"]]


def permitted(program: Program, pairs: Collection[Pair]) -> Mapping[Pair, Marks]:
    """All that a program permits between pairs of identities.

    By the marks of senders: rows that judge a mark for the receiver follow from those, and both
    are on the edges of both.
    """
    found: dict[Pair, dict[int | None, Opens]] = {}
    for row in program.of_relations(*_PLACES) if pairs else ():
        if pair_of(row) not in pairs:
            continue
        columns = SHAPES[row.shape].columns(row)
        if not columns.get("far"):
            marks = found.setdefault(pair_of(row), {})
            mark = columns.get("dscp")
            marks[mark] = marks.get(mark, NOTHING) | _opens(row, columns)
    return found


def change(before: Marks | None, after: Marks | None) -> Change:
    """How what is permitted between two identities has changed.

    Which mark a connection was opened with is not known, so what any mark has lost is lost.
    """
    before, after = before or _NO_MARKS, after or _NO_MARKS
    marks = {None, *before, *after}
    return Change(
        _union(_by(before, mark).without(_by(after, mark)) for mark in marks),
        _union(after.values()),
    )


def _by(marks: Marks, mark: int | None) -> Opens:
    return marks.get(None, NOTHING) | marks.get(mark, NOTHING)


def _union(sets: Iterable[Opens]) -> Opens:
    return reduce(or_, sets, NOTHING)


def _opens(row: Row, columns: Mapping[str, int]) -> Opens:
    match row.shape.removeprefix(_PERMIT).removeprefix(_MARKED):
        case "any":
            return ANYTHING
        case "icmp":
            return Opens(icmp=1)
        case protocol:
            size = (columns["port_mask"] ^ (1 << PORT_BITS) - 1) + 1
            return NOTHING._replace(**{protocol: ((1 << size) - 1) << columns["port"]})


_PLACES: Final = {
    name: {column: place for place, column in enumerate(shape.match_columns)}
    for name, shape in SHAPES.items()
    if name.startswith(_PERMIT) and "source" in shape.match_columns
}
