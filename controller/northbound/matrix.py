"""Who may open something to whom, as a matrix: of tenants, or of the services of two tenants.

A matrix is cut to what a reader takes in: so many names, those that hold a text.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from controller.model.identity import identities
from controller.model.intent import Intent, Rule
from controller.model.selection import LabelIndex, class_of
from controller.model.syntax import ports_text
from controller.northbound.ports import Sighting
from controller.northbound.seen import Holders, holders, with_seen
from controller.northbound.views import Body

_KEPT: Final = 100
_SIDES: Final = ("sources", "destinations")


@dataclass(frozen=True, slots=True)
class Cut:
    """Which names are shown on each side: the first ``limit`` that hold ``match``."""

    match: str = ""
    limit: int = 40

    def of(self, names: Iterable[str]) -> list[str]:
        """Those of some names."""
        return sorted(name for name in names if self.match in name)[: self.limit]


class Matrices:
    """The matrices of one intent: worked out once for all who ask the same of it.

    Every page asks with every event, and a site of ten thousand services takes a while.
    """

    def __init__(self, intent: Intent) -> None:
        self.intent = intent
        self._found: OrderedDict[tuple[str, str, Cut], Body] = OrderedDict()

    def of(
        self, source: str | None, destination: str | None, cut: Cut, seen: Sequence[Sighting]
    ) -> Body:
        """Of all tenants, or of the services of two, which are known; and what of it was seen."""
        ends = source or destination or "", destination or source or ""
        found = self._found.get((*ends, cut))
        if found is None:
            found = self._found[*ends, cut] = _matrix(self.intent, *ends, cut)
            if len(self._found) > _KEPT:
                self._found.popitem(last=False)
        return with_seen(found, seen, *(self._holders(found, side) for side in _SIDES))

    def _holders(self, matrix: Body, side: str) -> Holders:
        """Who of one side of a matrix has which identity."""
        shown, keys = frozenset(matrix[side]), identities(self.intent)
        if matrix["of"] == "services":
            return holders((name, keys[name]) for name in shown)
        services = self.intent.services.items()
        return holders((s.tenant, keys[name]) for name, s in services if s.tenant in shown)


def _matrix(intent: Intent, source: str, destination: str, cut: Cut) -> Body:
    if source:
        return services_matrix(intent, source, destination, cut)
    return tenants_matrix(intent, cut)


def tenants_matrix(intent: Intent, cut: Cut) -> Body:
    """Tenant to tenant: the rules that let some service of one open something to one of the other.

    ``cells`` has only what is allowed; everything else is denied.
    """
    index = LabelIndex(intent)
    names = cut.of(intent.tenants)
    cells: dict[tuple[str, str], list[str]] = {}
    for rule in intent.rules.values():
        sources = _tenants(intent, index.services(rule.source)).intersection(names)
        destinations = _tenants(intent, index.services(rule.destination)).intersection(names)
        for source in sources:
            for destination in destinations:
                cells.setdefault((source, destination), []).append(rule.name)
    shown = [
        {"source": source, "destination": destination, "rules": sorted(rules)}
        for (source, destination), rules in sorted(cells.items())
    ]
    total = len(intent.tenants)
    return {
        "of": "tenants",
        "total": {"sources": total, "destinations": total},
        "sources": names,
        "destinations": names,
        "cells": shown,
    }


def services_matrix(intent: Intent, source: str, destination: str, cut: Cut) -> Body:
    """Service to service, of two tenants: what each rule allows, and in which class."""
    index = LabelIndex(intent)
    ours, theirs = (_of_tenant(intent, name) for name in (source, destination))
    rows, columns = cut.of(ours), cut.of(theirs)
    cells: dict[tuple[str, str], list[Body]] = {}
    for rule in intent.rules.values():
        openers = index.services(rule.source).intersection(rows)
        opened = index.services(rule.destination).intersection(columns)
        for one in openers:
            for other in opened:
                cells.setdefault((one, other), []).append(_opening(intent, rule, other))
    shown = [
        {"source": one, "destination": other, "openings": openings}
        for (one, other), openings in sorted(cells.items())
    ]
    return {
        "of": "services",
        "total": {"sources": len(ours), "destinations": len(theirs)},
        "sources": rows,
        "destinations": columns,
        "cells": shown,
    }


def _opening(intent: Intent, rule: Rule, destination: str) -> Body:
    allow = [ports_text(ports) for ports in rule.allow]
    return {"rule": rule.name, "allow": allow, "class": class_of(intent, rule, destination)}


def _tenants(intent: Intent, services: Iterable[str]) -> set[str]:
    return {intent.services[name].tenant for name in services}


def _of_tenant(intent: Intent, tenant: str) -> list[str]:
    return [name for name, service in intent.services.items() if service.tenant == tenant]
