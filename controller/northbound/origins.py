"""Where the objects of an intent were written down, so that answers can name a file and a line.

A stored intent carries no lines; its origins travel next to it, by ``collection/name``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from controller.model.collections import COLLECTIONS
from controller.model.intent import Intent
from controller.model.positions import Path, Place, Positions, rule_places
from controller.northbound.ports import Origins


def origins_of(document: object, positions: Positions) -> dict[str, tuple[str, int]]:
    """The origins of every object of a document that was read with its positions."""
    if not isinstance(document, Mapping):
        return {}
    places = {f"rules/{name}": place for name, place in rule_places(document, positions).items()}
    for collection in COLLECTIONS:
        objects = document.get(collection)
        for name in objects if isinstance(objects, Mapping) else ():
            place = positions.places.get((collection, str(name)))
            if place is not None:
                places[f"{collection}/{name}"] = place
    return {key: (place.file, place.line) for key, place in sorted(places.items())}


def positions_of(document: object, origins: Origins) -> Positions:
    """Positions in a document that came as a tree with its origins: to the object, not the key."""
    places: dict[Path, Place] = {}
    for key, (file, line) in origins.items():
        collection, _, name = key.partition("/")
        places[(collection, name)] = Place(file, line)
    rules = document.get("rules") if isinstance(document, Mapping) else None
    for index, rule in enumerate(rules if isinstance(rules, list) else ()):
        place = places.get(("rules", str(rule.get("name")))) if isinstance(rule, Mapping) else None
        if place is not None:
            places[("rules", index)] = place
    return Positions(places)


def kept(origins: Origins, intent: Intent) -> dict[str, tuple[str, int]]:
    """The origins of objects that are still in an intent."""
    return {key: place for key, place in origins.items() if _value(intent, key) is not None}


def unchanged(origins: Origins, before: Intent, after: Intent) -> dict[str, tuple[str, int]]:
    """The origins of objects that are the same in both intents."""
    return {
        key: place
        for key, place in origins.items()
        if _value(before, key) is not None and _value(before, key) == _value(after, key)
    }


def without(origins: Origins, keys: Iterable[str]) -> dict[str, tuple[str, int]]:
    """The origins of all objects but some."""
    found = dict(origins)
    for key in keys:
        found.pop(key, None)
    return found


def _value(intent: Intent, key: str) -> object | None:
    collection, _, name = key.partition("/")
    objects: Mapping[str, object] = getattr(intent, collection, {})
    return objects.get(name)
