"""Who may open what to whom, pair by pair and lazily: rules of everybody make a hundred million.

Pairs come by source, destination and rule. What is kept of an intent is what each rule selects; a
page costs the services that it goes through.
"""

from __future__ import annotations

import heapq
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final, NamedTuple

from controller.errors import Problem
from controller.model.intent import Intent, Rule
from controller.model.reach import Reach
from controller.model.selection import LabelIndex, class_of
from controller.northbound.bodies import BadParameters
from controller.northbound.paging import Page, name_of, wrong_cursor
from controller.northbound.views import reach_view

PAGE: Final = 1000
"""Pairs of a page, unless the request says."""


class PairKey(NamedTuple):
    """What pairs are ordered by."""

    source: str
    destination: str
    rule: str


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which pairs: of a source, a destination (services), or with a tenant at one end or both.

    ``after`` is the last of the page before.
    """

    source: str | None = None
    destination: str | None = None
    tenant: str | None = None
    after: PairKey | None = None
    limit: int = PAGE


def key_of(cursor: str) -> PairKey | None:
    """The pair that a cursor stands for, None for none. Raises BadParameters."""
    if not cursor:
        return None
    parts = name_of(cursor).split("/")
    if len(parts) != len(PairKey._fields):
        raise BadParameters((Problem("cursor", wrong_cursor(cursor)),))
    return PairKey(*parts)


class Openings:
    """What the rules of an intent select, kept for the pages of its pairs."""

    def __init__(self, intent: Intent) -> None:
        index = LabelIndex(intent)
        self.intent = intent
        self._rules: Sequence[tuple[Rule, frozenset[str], frozenset[str]]] = [
            (rule, index.services(rule.source), index.services(rule.destination))
            for rule in intent.rules.values()
        ]
        self._sources = sorted(frozenset[str]().union(*(opening[1] for opening in self._rules)))
        self._sorted: dict[frozenset[str], Sequence[str]] = {}

    def page(self, wanted: Wanted) -> Page:
        """So many pairs as are wanted, in order."""
        found = list(islice(self._pairs(wanted), wanted.limit + 1))
        items = [reach_view(self.intent, reach) for reach in found[: wanted.limit]]
        more = len(found) > wanted.limit
        last = found[wanted.limit - 1] if more else None
        name = f"{last.source}/{last.destination}/{last.rule}" if last else None
        return Page(items, name)

    def _pairs(self, wanted: Wanted) -> Iterator[Reach]:
        tenants = _services_of(self.intent, wanted.tenant)
        everyone, of_tenant = self._targets(wanted, None), self._targets(wanted, tenants)
        start = bisect_left(self._sources, wanted.after.source) if wanted.after else 0
        sources = self._sources[start:] if wanted.source is None else [wanted.source]
        for source in sources:
            inside = tenants is None or source in tenants
            for key in self._of(source, everyone if inside else of_tenant, wanted.after):
                rule = self.intent.rules[key.rule]
                yield Reach(
                    *(source, key.destination, rule.allow, rule.name),
                    *(class_of(self.intent, rule, key.destination), rule.dscp),
                )

    def _of(
        self, source: str, targets: Mapping[str, Sequence[str]], after: PairKey | None
    ) -> Iterator[PairKey]:
        """The keys of one source's pairs, behind ``after``."""
        opened = [
            _keys(source, rule.name, targets[rule.name], after)
            for rule, sources, _ in self._rules
            if rule.name in targets and source in sources
        ]
        found = heapq.merge(*opened)
        return found if after is None else (key for key in found if key > after)

    def _targets(self, wanted: Wanted, tenant: frozenset[str] | None) -> dict[str, Sequence[str]]:
        """Whom each rule opens, of those that are wanted; without rules that open nobody."""
        found: dict[str, Sequence[str]] = {}
        for rule, _, destinations in self._rules:
            some = destinations if tenant is None else destinations & tenant
            if wanted.destination is not None:
                some = some & {wanted.destination}
            if some:
                found[rule.name] = self._in_order(some)
        return found

    def _in_order(self, names: frozenset[str]) -> Sequence[str]:
        if names not in self._sorted:
            self._sorted[names] = sorted(names)
        return self._sorted[names]


def _keys(
    source: str, rule: str, destinations: Sequence[str], after: PairKey | None
) -> Iterator[PairKey]:
    first = 0
    if after is not None and after.source == source:
        first = bisect_left(destinations, after.destination)
    for index in range(first, len(destinations)):
        yield PairKey(source, destinations[index], rule)


def _services_of(intent: Intent, tenant: str | None) -> frozenset[str] | None:
    if tenant is None:
        return None
    return frozenset(name for name, service in intent.services.items() if service.tenant == tenant)
