"""A mapping that is being changed, at the cost of what is changed: the rest is looked up below."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, MutableMapping
from itertools import chain, filterfalse
from typing import TypeVar

V = TypeVar("V")


class Altered(MutableMapping[str, V]):
    """A mapping with some of it otherwise. What it was made from stays as it is."""

    __slots__ = ("_below", "_gone", "_put")

    def __init__(self, below: Mapping[str, V]) -> None:
        self._below = below
        self._put: dict[str, V] = {}
        self._gone: set[str] = set()

    def __getitem__(self, name: str) -> V:
        if name in self._put:
            return self._put[name]
        if name in self._gone:
            raise KeyError(name)
        return self._below[name]

    def __setitem__(self, name: str, value: V) -> None:
        self._put[name] = value
        self._gone.discard(name)

    def __delitem__(self, name: str) -> None:
        if name not in self:
            raise KeyError(name)
        self._put.pop(name, None)
        if name in self._below:
            self._gone.add(name)

    def __contains__(self, name: object) -> bool:
        return name in self._put or (name in self._below and name not in self._gone)

    def __iter__(self) -> Iterator[str]:
        stay = filterfalse(self._gone.__contains__, self._below)
        return chain(stay, filterfalse(self._below.__contains__, self._put))

    def __len__(self) -> int:
        return len(self._below) - len(self._gone) + len(self._put.keys() - self._below.keys())
