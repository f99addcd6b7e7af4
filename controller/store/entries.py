"""How an intent and its origins are a document of the store: an entry for each object.

The key is ``collection/name``; the value is ``{"body": ...}``, and ``"origin": [file, line]`` where
it is known where the object was written down. An origin without an object is not kept.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from controller.store.rows import Document

Bodies = Mapping[str, Mapping[str, Any]]
"""Bodies of objects by collection and name."""

Place = tuple[str, int]
"""A file and a line."""


def entry(body: Any, origin: Place | None) -> dict[str, Any]:
    """One object's value."""
    return {"body": body} if origin is None else {"body": body, "origin": list(origin)}


def bodies_of(document: Document) -> tuple[dict[str, dict[str, Any]], dict[str, Place]]:
    """The bodies and the origins that a document holds."""
    bodies: dict[str, dict[str, Any]] = {}
    origins: dict[str, Place] = {}
    for key, value in document.items():
        collection, _, name = key.partition("/")
        bodies.setdefault(collection, {})[name] = value["body"]
        if "origin" in value:
            file, line = value["origin"]
            origins[key] = (file, line)
    return bodies, origins


def from_whole(whole: Mapping[str, Any]) -> dict[str, Any]:
    """The document of what schemas before 2.0.0 stored: ``{"intent": ..., "origins": ...}``."""
    places = whole["origins"]
    return {
        f"{collection}/{name}": entry(body, places.get(f"{collection}/{name}"))
        for collection, found in whole["intent"].items()
        for name, body in _named(found)
    }


def _named(found: Any) -> list[tuple[str, Any]]:
    """Objects by name; rules were a list, each with its name in it."""
    if isinstance(found, Mapping):
        return [*found.items()]
    return [(one["name"], {k: v for k, v in one.items() if k != "name"}) for one in found]
