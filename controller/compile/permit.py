"""Permit: the allow-list, as rows on pairs of identities."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from controller.compile.context import Context
from controller.compile.grants import Grant, Grantable, grants
from controller.compile.openings import Pair
from controller.dataplane.cookie import Feature, cookie
from controller.dataplane.pipeline import SHAPES
from controller.dataplane.program import Part, part
from controller.dataplane.shapes import Row
from controller.model.network import Switch


class Permitted(NamedTuple):
    """A pair's rows, with the rules and numbers that they were made of."""

    rules: tuple[Grantable, ...]
    numbers: tuple[int, ...]
    ids: tuple[int, int]
    rows: Part


def permitted(
    context: Context, before: Mapping[Pair, Permitted] | None = None
) -> Mapping[Pair, Permitted]:
    """The rows of every pair that some rule opens; a pair of the same rules is taken over."""
    known = before or {}
    ids = {key: context.identities[name] for name, key in context.keys.items()}
    found = {}
    for pair, rules in context.openings.pairs.items():
        numbers = tuple(context.rule_numbers[rule.name] for rule, _ in rules)
        old = known.get(pair)
        both = ids[pair[0]], ids[pair[1]]
        if old is not None and (old.rules, old.numbers, old.ids) == (rules, numbers, both):
            found[pair] = old
        else:
            found[pair] = Permitted(rules, numbers, both, part(_rows(context, rules, both)))
    return found


def parts(
    context: Context, switch: Switch, every: Mapping[Pair, Permitted]
) -> Iterator[tuple[Pair, Part]]:
    """The pairs of which one end has an instance on this edge, each with its rows."""
    here = {context.keys[name] for name in {i.service for i in context.local[switch.name]}}
    return (
        (pair, found.rows) for pair, found in every.items() if pair[0] in here or pair[1] in here
    )


def _rows(context: Context, rules: tuple[Grantable, ...], ids: tuple[int, int]) -> Iterator[Row]:
    ends = {"source": ids[0], "destination": ids[1]}
    return (_row(context, grant, ends) for grant in grants(rules))


def _row(context: Context, grant: Grant, ends: Mapping[str, int]) -> Row:
    mark = cookie(Feature.PERMIT, context.rule_numbers[grant.rule])
    columns = {**ends, **grant.columns, "class": grant.class_dscp}
    return SHAPES[grant.shape].row(mark, **columns)
