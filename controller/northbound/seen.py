"""What of a matrix was seen: that packets have passed, and when last."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from controller.model.identity import IdentityKey
from controller.northbound.ports import Sighting
from controller.northbound.views import Body

Holders = Mapping[IdentityKey, Collection[str]]
"""Who has an identity: names of tenants, or of services."""


def holders(names: Iterable[tuple[str, IdentityKey]]) -> Holders:
    """The names that have each identity."""
    found: defaultdict[IdentityKey, set[str]] = defaultdict(set)
    for name, key in names:
        found[key].add(name)
    return found


def with_seen(
    matrix: Body, sightings: Sequence[Sighting], sources: Holders, destinations: Holders
) -> Body:
    """The matrix, each cell with ``seen``: when a rule of it last let packets pass, or null."""
    by_rule: dict[str, str] = {}
    by_pair: dict[tuple[str, str, str], str] = {}
    for one in sightings:
        if one.source is None or one.destination is None:
            by_rule[one.rule] = max(one.at, by_rule.get(one.rule, ""))
            continue
        for source in sources.get(one.source, ()):
            for destination in destinations.get(one.destination, ()):
                pair = one.rule, source, destination
                by_pair[pair] = max(one.at, by_pair.get(pair, ""))

    def seen(cell: Mapping[str, Any]) -> str | None:
        rules = cell.get("rules") or [opening["rule"] for opening in cell["openings"]]
        ends = cell["source"], cell["destination"]
        return (
            max(max(by_rule.get(rule, ""), by_pair.get((rule, *ends), "")) for rule in rules)
            or None
        )

    return {**matrix, "cells": [{**cell, "seen": seen(cell)} for cell in matrix["cells"]]}
