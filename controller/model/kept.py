"""Objects that a change leaves as they are stay the same objects, so that ``is`` shows the rest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from controller.model.collections import COLLECTIONS
from controller.model.intent import Intent, frozen


def kept_objects(before: Intent, after: Intent) -> Intent:
    """The intent after, made of the objects of the one before wherever they are equal."""
    if before == after:
        return before
    parts: dict[str, Any] = {
        name: _kept(getattr(before, name), getattr(after, name)) for name in COLLECTIONS
    }
    return replace(after, **parts)


def _kept(before: Mapping[str, Any], after: Mapping[str, Any]) -> Mapping[str, Any]:
    if before == after:
        return before
    return frozen(
        {
            name: before[name] if name in before and before[name] == value else value
            for name, value in after.items()
        }
    )
