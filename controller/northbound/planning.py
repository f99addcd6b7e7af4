"""What a change would do: entries by switch and table, and pairs of services that gain or lose."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from controller.dataplane.pipeline import SHAPES, Table
from controller.dataplane.program import Differences, Program, differences
from controller.dataplane.shapes import Row
from controller.dataplane.text import format_entry
from controller.model.collections import COLLECTIONS
from controller.model.differences import different
from controller.model.intent import Intent
from controller.model.network import Network
from controller.model.reach_difference import reach_difference
from controller.northbound.reach_views import reach_difference_view
from controller.northbound.views import Body
from controller.verify.subjects import Subjects

Programs = Mapping[str, Program]


def plan_view(network: Network, after: Network, old: Programs, new: Programs, detail: str) -> Body:
    """The plan from one network, with its programs, to another. ``detail``: counts or flows."""
    found = {name: differences(old[name], new[name]) for name in sorted(new)}
    changed = {name: difference for name, difference in found.items() if difference}
    switches: dict[str, Body] = {name: _switch(item) for name, item in changed.items()}
    if detail == "flows":
        was, then = Subjects.of(network), Subjects.of(after)
        for name, item in changed.items():
            switches[name]["entries"] = _entries(item, was, then)
    return {
        "objects": objects_changed(network.intent, after.intent),
        "flows": _totals(changed.values()),
        "switches": switches,
        **reach_difference_view(
            network.intent, after.intent, reach_difference(network.intent, after.intent)
        ),
    }


def objects_changed(before: Intent, after: Intent) -> dict[str, list[str]]:
    """Names of the objects that are new, differ, or are gone, as ``collection/name``."""
    found: dict[str, list[str]] = {"added": [], "changed": [], "removed": []}
    for collection in COLLECTIONS:
        old: Mapping[str, Any] = getattr(before, collection)
        new: Mapping[str, Any] = getattr(after, collection)
        for name in sorted(different(old, new)):
            how = "removed" if name not in new else "changed" if name in old else "added"
            found[how].append(f"{collection}/{name}")
    return found


def _totals(found: Iterable[Differences]) -> dict[str, int]:
    total = {"added": 0, "changed": 0, "removed": 0}
    for difference in found:
        for key, rows in _kinds(difference).items():
            total[key] += len(rows)
    return total


def _kinds(found: Differences) -> dict[str, tuple[Row, ...]]:
    return {
        "added": found.added,
        "changed": tuple(new for _, new in found.changed),
        "removed": found.removed,
    }


def _switch(found: Differences) -> Body:
    """How many entries, in all and table by table."""
    tables: dict[str, dict[str, int]] = {}
    for kind, rows in _kinds(found).items():
        for row in rows:
            counts = tables.setdefault(table_of(row), {"added": 0, "changed": 0, "removed": 0})
            counts[kind] += 1
    return {**{kind: len(rows) for kind, rows in _kinds(found).items()}, "tables": tables}


def _entries(found: Differences, was: Subjects, then: Subjects) -> Body:
    """Every entry, with the name of its table and the object that it exists for."""
    changed = [
        {**_entry(new, then), "from": _text(old), "to": _text(new)} for old, new in found.changed
    ]
    return {
        "added": _sorted({**_entry(row, then), "entry": _text(row)} for row in found.added),
        "changed": sorted(changed, key=lambda item: item["to"]),
        "removed": _sorted({**_entry(row, was), "entry": _text(row)} for row in found.removed),
    }


def _entry(row: Row, subjects: Subjects) -> dict[str, str | None]:
    subject = subjects.find(SHAPES[row.shape].entry(row))
    return {"table": table_of(row), "for": str(subject) if subject else None}


def _sorted(entries: Iterable[Body]) -> list[Body]:
    return sorted(entries, key=lambda item: str(item["entry"]))


def table_of(row: Row) -> str:
    """The name of a row's table, in small letters as in the pipeline page."""
    return Table(SHAPES[row.shape].table).name.lower()


def _text(row: Row) -> str:
    return format_entry(SHAPES[row.shape].entry(row))
