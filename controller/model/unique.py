"""What only one of several things may have."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeVar

T = TypeVar("T")


def unique(
    items: Mapping[str, T],
    key: Callable[[T], object],
    report: Callable[[str, str, T], None],
) -> None:
    """Calls ``report(name, name of the first, item)`` for each item whose key was there before."""
    first: dict[object, str] = {}
    for name, item in items.items():
        other = first.setdefault(key(item), name)
        if other != name:
            report(name, other, item)
