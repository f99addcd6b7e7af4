"""Permit: the allow-list of rules that are not shared, as rows on pairs of identities."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from controller.compile.context import Context
from controller.compile.grants import Grant, grants
from controller.compile.sharing import Pair
from controller.dataplane.cookie import Feature, cookie
from controller.dataplane.pipeline import SHAPES
from controller.dataplane.shapes import Row
from controller.model.network import Switch


def pairs(context: Context, switch: Switch) -> Iterator[Pair]:
    """The pairs with entries of their own of which one end is on an edge switch's host."""
    here = context.people.keys(switch.name)
    return (pair for pair in context.openings.pairs if pair[0] in here or pair[1] in here)


def pair_rows(context: Context, switch: Switch, pair: Pair) -> tuple[Row, ...]:
    """What is permitted to a pair of which one end is here."""
    here = context.people.keys(switch.name)
    rules = context.openings.own(pair) if pair[0] in here or pair[1] in here else ()
    if not rules:
        return ()
    ends = {"source": context.numbers[pair[0]], "destination": context.numbers[pair[1]]}
    return tuple(_row(context, grant, ends) for grant in grants(rules))


def _row(context: Context, grant: Grant, ends: Mapping[str, int]) -> Row:
    mark = cookie(Feature.PERMIT, context.rule_numbers[grant.rule])
    columns = {**ends, **grant.columns, "class": grant.class_dscp}
    return SHAPES[grant.shape].row(mark, **columns)
