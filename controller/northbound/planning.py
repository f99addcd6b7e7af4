"""What a change would do: flows by switch, and pairs of services that gain or lose each other."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from controller.dataplane.pipeline import SHAPES
from controller.dataplane.program import Program
from controller.dataplane.shapes import Row
from controller.dataplane.text import format_entry
from controller.diff.plan import SwitchDelta, plan
from controller.model.collections import COLLECTIONS
from controller.model.intent import Intent
from controller.model.meaning import gained_lost
from controller.northbound.views import Body, reach_text, reach_view

Programs = Mapping[str, Program]


def plan_view(before: Intent, after: Intent, old: Programs, new: Programs, detail: str) -> Body:
    """The plan from one intent, with its programs, to another. ``detail``: counts or flows."""
    deltas = plan(old, new).switches
    gained, lost = gained_lost(before, after)
    return {
        "objects": objects_changed(before, after),
        "flows": _totals(deltas.values()),
        "switches": {name: _switch(found, old[name], detail) for name, found in deltas.items()},
        "gained": [reach_view(after, reach) for reach in gained],
        "lost": [reach_view(before, reach) for reach in lost],
        "pairs": [
            *(f"{reach_text(after, reach)}: gained" for reach in gained),
            *(f"{reach_text(before, reach)}: lost" for reach in lost),
        ],
    }


def objects_changed(before: Intent, after: Intent) -> dict[str, list[str]]:
    """Names of the objects that are new, differ, or are gone, as ``collection/name``."""
    found: dict[str, list[str]] = {"added": [], "changed": [], "removed": []}
    for collection in COLLECTIONS:
        old: Mapping[str, Any] = getattr(before, collection)
        new: Mapping[str, Any] = getattr(after, collection)
        for name in sorted({*old, *new}):
            if name not in old:
                found["added"].append(f"{collection}/{name}")
            elif name not in new:
                found["removed"].append(f"{collection}/{name}")
            elif old[name] != new[name]:
                found["changed"].append(f"{collection}/{name}")
    return found


def _totals(deltas: Iterable[SwitchDelta]) -> dict[str, int]:
    total = {"added": 0, "changed": 0, "removed": 0}
    for found in deltas:
        for key, count in _counts(found).items():
            total[key] += count
    return total


def _counts(found: SwitchDelta) -> dict[str, int]:
    return {
        "added": len(found.added),
        "changed": len(found.changed),
        "removed": len(found.removed),
    }


def _switch(found: SwitchDelta, old: Program, detail: str) -> Body:
    counts = _counts(found)
    if detail != "flows":
        return counts
    entries: Body = {
        "added": _texts(found.added),
        "changed": [{"from": _text(old.rows[row.key]), "to": _text(row)} for row in found.changed],
        "removed": _texts(found.removed),
    }
    return {**counts, "entries": entries}


def _texts(rows: Iterable[Row]) -> list[str]:
    return sorted(map(_text, rows))


def _text(row: Row) -> str:
    return format_entry(SHAPES[row.shape].entry(row))
