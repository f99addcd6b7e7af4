"""The past as people read it: revisions, their differences, events."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from controller.cli.planned import OBJECTS_MAX, SIGNS, flows_and_pairs
from controller.client.answers import Difference, Revision

Answer = Mapping[str, Any]

_MOST: Final = 10  # objects of a revision; --json has them all


def log(answer: Sequence[Revision]) -> str:
    """Revisions, newest first: who, when, why, what."""
    return "\n".join(line for revision in answer for line in _revision(revision))


def _revision(revision: Revision) -> Iterator[str]:
    yield f"revision {revision['revision']}  {revision['created_at']}  {revision['author']}"
    yield f"    {revision['message'] or '(no message)'}"
    objects = [f"{sign} {name}" for sign, kind in SIGNS for name in revision["changes"][kind]]
    yield from (f"      {text}" for text in objects[:_MOST])
    if len(objects) > _MOST:
        yield f"      and {len(objects) - _MOST} more (bulkhead log --json has all)"


def diff(answer: Difference) -> str:
    """What the second of two revisions has otherwise than the first."""
    return "\n".join(_diff(answer))


def _diff(answer: Difference) -> Iterator[str]:
    yield f"from revision {answer['from']} to {answer['to']}:"
    if not any(answer["objects"].values()):
        yield "  nothing differs"
        return
    for sign, kind in SIGNS:
        names = answer["objects"][kind]
        for name in names[:OBJECTS_MAX]:
            yield f"  {sign} {name}"
            for field, values in answer["fields"].get(name, {}).items():
                yield f"      {field}: {_value(values['from'])} -> {_value(values['to'])}"
        if len(names) > OBJECTS_MAX:
            yield f"  {sign} and {len(names) - OBJECTS_MAX} more {kind} (--json has all)"
    yield from flows_and_pairs(answer)


def _value(value: Any) -> str:
    return "(not there)" if value is None else str(value)


def event(item: Answer) -> str:
    """One event as a line."""
    data = {key: value for key, value in item["data"].items() if value not in ([], {}, "")}
    text = " ".join(f"{key}={_short(value)}" for key, value in data.items())
    return f"{item['id']:>5}  {item['at']}  {item['kind']:<12} {text}"


def _short(value: Any) -> str:
    if isinstance(value, Mapping):
        return ",".join(f"{key}:{count}" for key, count in value.items() if count)
    if isinstance(value, list):
        return ",".join(map(str, value)) if len(value) < _MOST else f"{len(value)} items"
    return str(value)
