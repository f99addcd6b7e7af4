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
from controller.diff.joined import Joined, Pair
from controller.diff.opens import NOTHING, Opens, opens_of

_MARKED: Final = "marked_"
_PERMIT: Final = "permit."

Marks = Mapping[int | None, Opens]
"""What is permitted by the DSCP that a packet comes with; None: whatever it is."""

_NO_MARKS: Final[Marks] = MappingProxyType({})


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
    if not pairs:
        return found
    found.update((pair, {None: opens}) for pair, opens in Joined.of(program).opened(pairs))
    for row in program.of_relations(*_PLACES):
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
        whatever_marked(after),
    )


def whatever_marked(marks: Marks | None) -> Opens:
    """What is permitted with some mark."""
    return _union((marks or _NO_MARKS).values())


def _by(marks: Marks, mark: int | None) -> Opens:
    whatever = marks.get(None, NOTHING)
    return whatever if mark is None else whatever | marks.get(mark, NOTHING)


def _union(sets: Iterable[Opens]) -> Opens:
    first, *rest = (*sets, NOTHING)
    return reduce(or_, rest, first) if len(rest) > 1 else first  # most often there is one


def _opens(row: Row, columns: Mapping[str, int]) -> Opens:
    return opens_of(row.shape.removeprefix(_PERMIT).removeprefix(_MARKED), columns)


_PLACES: Final = {
    name: {column: place for place, column in enumerate(shape.match_columns)}
    for name, shape in SHAPES.items()
    if name.startswith(_PERMIT) and {"source", "destination"} <= {*shape.match_columns}
}
