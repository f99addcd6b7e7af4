"""What a change would do, or two revisions differ in, as people read it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final, Literal

from controller.cli.reaching import reach
from controller.cli.tables import table
from controller.client.answers import Change, Changes, Difference, Plan

SIGNS: Final[tuple[tuple[str, Literal["added", "changed", "removed"]], ...]] = (
    ("+", "added"),
    ("~", "changed"),
    ("-", "removed"),
)
OBJECTS_MAX: Final = 40  # of each sign, so that what follows is not lost; --json has them all


def plan(answer: Plan) -> str:
    """What a change would do."""
    if not answer["changed"]:
        return f"nothing to change: revision {answer['revision']} says so already"
    return "\n".join(_plan(answer))


def _plan(answer: Plan) -> Iterator[str]:
    yield f"plan {answer['plan']}, against revision {answer['revision']}:"
    yield from objects(answer["objects"])
    yield from flows_and_pairs(answer)
    yield f"to make exactly this so: bulkhead apply --plan {answer['plan']}"


def objects(changes: Changes) -> Iterator[str]:
    """The objects that are new, differ or are gone, by name."""
    for sign, kind in SIGNS:
        names = changes[kind]
        yield from (f"  {sign} {name}" for name in names[:OBJECTS_MAX])
        if len(names) > OBJECTS_MAX:
            yield f"  {sign} and {len(names) - OBJECTS_MAX} more {kind} (--json has all)"


def flows_and_pairs(answer: Change | Difference) -> Iterator[str]:
    """Entries by switch, and who gains, loses or is carried otherwise."""
    yield ""
    if answer["switches"]:
        counts = [
            (name, delta["added"], delta["changed"], delta["removed"])
            for name, delta in [*answer["switches"].items(), ("total", answer["flows"])]
        ]
        yield table(("FLOWS", "ADDED", "CHANGED", "REMOVED"), counts)
    else:
        yield "no flow changes"
    for name, delta in answer["switches"].items():
        if "entries" in delta:
            yield from _entries(name, delta["entries"])
    yield ""
    yield from reach(answer)


def _entries(name: str, entries: Mapping[str, Sequence[Mapping[str, str | None]]]) -> Iterator[str]:
    yield f"\n{name}:"
    for sign, kind in SIGNS:
        for entry in entries[kind]:
            subject = f" ({entry['for']})" if entry["for"] else ""
            yield f"  {sign} {entry['table']}{subject}"
            yield from (f"      {entry[part]}" for part in ("entry", "from", "to") if part in entry)
