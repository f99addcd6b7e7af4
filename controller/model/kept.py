"""Objects that a change leaves as they are stay the same objects, so that ``is`` shows the rest."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from controller.model.collections import COLLECTIONS
from controller.model.differences import otherwise
from controller.model.intent import Intent


def kept_objects(before: Intent, after: Intent) -> Intent:
    """The intent after, made of the objects of the one before wherever they are equal."""
    parts: dict[str, Any] = {}
    for name in COLLECTIONS:
        old, new = getattr(before, name), getattr(after, name)
        parts[name] = otherwise(old, {**dict.fromkeys(old), **new})
    same = all(part is getattr(before, name) for name, part in parts.items())
    return before if same else replace(after, **parts)
