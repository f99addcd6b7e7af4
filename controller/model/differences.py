"""What differs between two mappings: told by who makes one from the other, else found by looking.

Told or found, it is the same. So who makes, compiles and proves a change all ask at its own cost.
"""

from __future__ import annotations

from collections.abc import Mapping, Set
from itertools import compress
from operator import is_not
from types import MappingProxyType
from typing import Any, Final, NamedTuple, TypeVar

from controller.model.intent import frozen, thawed

K = TypeVar("K")
V = TypeVar("V")


def different(old: Mapping[K, Any], new: Mapping[K, Any]) -> set[K]:
    """The keys of what is in one mapping and not, or not equal, in the other."""
    if old is new:
        return set()
    names = _known(old, new)
    return set(_tell(old, new, found(old, new)) if names is None else names)


def found(old: Mapping[K, Any], new: Mapping[K, Any]) -> frozenset[K]:
    """The same, by looking.

    Whatever is the same object in both is passed over without a step of Python's own: looking at
    all of 10,000 names takes half a millisecond.
    """
    others = compress(new, map(is_not, new.values(), map(old.get, new)))
    names = {key for key in others if key not in old or old[key] != new[key]}
    added = sum(key not in old for key in names)
    if len(old) + added > len(new):
        names |= old.keys() - new.keys()
    return frozenset(names)


def otherwise(before: Mapping[str, V], changes: Mapping[str, V | None]) -> Mapping[str, V]:
    """A mapping with some of it put, and what is None gone: what is equal stays the same object.

    So does the mapping where all of it is. ``before`` is as :func:`frozen` makes it. What differs
    is known without looking.
    """
    changed = {name: value for name, value in changes.items() if before.get(name) != value}
    if not changed:
        return before
    now = thawed(before)
    for name, value in changed.items():
        if value is None:
            del now[name]
        else:
            now[name] = value
    # Sorted as it was, unless a name is new.
    after = MappingProxyType(now) if changed.keys() <= before.keys() else frozen(now)
    _tell(before, after, frozenset(changed))
    return after


class _Known(NamedTuple):
    """What differs between two mappings, which are kept so that no others can be taken for them."""

    old: Mapping[Any, Any]
    new: Mapping[Any, Any]
    names: frozenset[Any]


_KEPT: Final = 16
_LAST: Final[list[_Known]] = []
"""The last answers. They save work and decide nothing."""


def _known(old: Mapping[K, Any], new: Mapping[K, Any]) -> Set[K] | None:
    """What differs, where it is known of every step from one mapping to the other."""
    names: Set[K] | None = None
    at = new
    for step in _LAST:  # the last one first, so that one pass goes back all the way
        if step.new is not at:
            continue
        if step.old is old and names is None:
            return step.names
        names, at = step.names | (names or frozenset()), step.old
        if at is old:  # it may have been changed back on the way
            return {key for key in names if _differs(key, old, new)}
    return None


def _differs(key: K, old: Mapping[K, Any], new: Mapping[K, Any]) -> bool:
    if key in old and key in new:
        return bool(old[key] != new[key])
    return key in old or key in new


def _tell(old: Mapping[K, Any], new: Mapping[K, Any], names: frozenset[K]) -> frozenset[K]:
    _LAST.insert(0, _Known(old, new, names))
    del _LAST[_KEPT:]
    return names
