"""Names in groups, followed from change to change: services of a tenant, instances at a port."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from operator import attrgetter
from typing import Any, Final, Literal, NamedTuple, TypeVar

from controller.model.differences import different
from controller.model.intent import Intent, thawed

K = TypeVar("K")
M = TypeVar("M")

Owned = Literal["tenants", "services", "instances"]
_OWNERS: Final[Mapping[Owned, str]] = {
    "tenants": "segment",
    "services": "tenant",
    "instances": "service",
}
"""Of what belongs to another object, the attribute that names it."""


def belongings(intent: Intent, collection: Owned) -> Mapping[str, frozenset[str]]:
    """Names of a collection's objects by that of what they belong to; none of what has none."""
    return _by(intent, collection, _OWNERS[collection])


def plugged(intent: Intent) -> Mapping[str, frozenset[str]]:
    """Names of instances by that of their port, which may be one of any host."""
    return _by(intent, "instances", "port")


def _by(intent: Intent, collection: Owned, attribute: str) -> Mapping[str, frozenset[str]]:
    items, known = getattr(intent, collection), _LAST.setdefault((collection, attribute), [])
    for one in known:
        if one.items is items:
            return one.groups
    owner: Callable[[Any], str] = attrgetter(attribute)
    if known:
        groups = _followed(known[0], items, owner)
    else:
        groups = grouped((owner(item), name) for name, item in items.items())
    known.insert(0, _Known(items, groups))
    del known[_KEPT:]
    return groups


def members(groups: Mapping[K, frozenset[M]], keys: Iterable[K]) -> set[M]:
    """The members of some groups together."""
    return set[M]().union(*(groups[key] for key in keys if key in groups))


def grouped(items: Iterable[tuple[K, M]]) -> Mapping[K, frozenset[M]]:
    """Groups of members, each given with the key of its group."""
    found: dict[K, set[M]] = {}
    for key, member in items:
        found.setdefault(key, set()).add(member)
    return {key: frozenset(some) for key, some in found.items()}


def regrouped(
    groups: Mapping[K, frozenset[M]], gone: Iterable[tuple[K, M]], come: Iterable[tuple[K, M]]
) -> Mapping[K, frozenset[M]]:
    """Groups with some of their members out, then some in; a group without members is none."""
    out, into = grouped(gone), grouped(come)
    if out == into:
        return groups
    found = thawed(groups)
    for key in {*out, *into}:
        some = (groups.get(key, _NOTHING) - out.get(key, _NOTHING)) | into.get(key, _NOTHING)
        if some:
            found[key] = some
        else:
            found.pop(key, None)
    return found


class _Known(NamedTuple):
    """A collection and its groups, which those of others are worked out from."""

    items: Mapping[str, Any]
    groups: Mapping[str, frozenset[str]]


_NOTHING: Final[frozenset[Any]] = frozenset()
_KEPT: Final = 3
_LAST: Final[dict[tuple[Owned, str], list[_Known]]] = {}
"""The last results. They save work and decide nothing."""


def _followed(
    known: _Known, items: Mapping[str, Any], owner: Callable[[Any], str]
) -> Mapping[str, frozenset[str]]:
    names, old = different(known.items, items), known.items
    return regrouped(
        known.groups,
        [(owner(old[name]), name) for name in names if name in old],
        [(owner(items[name]), name) for name in names if name in items],
    )
