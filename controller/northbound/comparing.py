"""What two revisions differ in: objects field by field, and what they open."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from controller.model.encode import encode_object
from controller.model.intent import Intent
from controller.northbound.views import Body


def field_changes(before: Intent, after: Intent, changed: list[str]) -> dict[str, Body]:
    """For each changed object the keys that differ, each ``from`` and ``to`` (null: not there)."""
    return {name: _fields(before, after, name) for name in changed}


def _fields(before: Intent, after: Intent, name: str) -> Body:
    collection, _, key = name.partition("/")
    old, new = (_encoded(intent, collection, key) for intent in (before, after))
    return {
        field: {"from": old.get(field), "to": new.get(field)}
        for field in sorted({*old, *new})
        if old.get(field) != new.get(field)
    }


def _encoded(intent: Intent, collection: str, key: str) -> Mapping[str, Any]:
    return encode_object(collection, getattr(intent, collection)[key])
