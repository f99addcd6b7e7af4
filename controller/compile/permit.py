"""Permit: the allow-list, as rows on pairs of identities."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from controller.compile.context import Context
from controller.compile.grants import Grant, grants
from controller.compile.openings import Pair
from controller.dataplane.cookie import Feature, cookie
from controller.dataplane.pipeline import SHAPES
from controller.dataplane.shapes import Row
from controller.model.network import Switch


def pairs(context: Context, switch: Switch) -> Iterator[Pair]:
    """The pairs that some rule opens and of which one end is on an edge switch's host."""
    here = context.people.keys(switch.name)
    return (pair for pair in context.openings.pairs if pair[0] in here or pair[1] in here)


def pair_rows(context: Context, switch: Switch, pair: Pair) -> tuple[Row, ...]:
    """What is permitted to a pair of which one end is here."""
    rules = context.openings.pairs.get(pair)
    here = context.people.keys(switch.name)
    if rules is None or not (pair[0] in here or pair[1] in here):
        return ()
    ends = {"source": context.numbers[pair[0]], "destination": context.numbers[pair[1]]}
    return tuple(_row(context, grant, ends) for grant in grants(rules))


def _row(context: Context, grant: Grant, ends: Mapping[str, int]) -> Row:
    mark = cookie(Feature.PERMIT, context.rule_numbers[grant.rule])
    columns = {**ends, **grant.columns, "class": grant.class_dscp}
    return SHAPES[grant.shape].row(mark, **columns)
