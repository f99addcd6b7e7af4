"""Instances as rows speak of them, and who is where: kept from one network to the next."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final, NamedTuple, TypeVar

from controller.model.counts import recounted
from controller.model.identity import IdentityKey
from controller.model.intent import Instance, Segment, thawed
from controller.model.wire import outer_of

K = TypeVar("K")
M = TypeVar("M")
V = TypeVar("V")
Names = Mapping[str, "Placed"]

_NOBODY: Final[Names] = MappingProxyType({})
_UNTAGGED: Final[Mapping[int, int]] = MappingProxyType({})
_NONE: Final[Mapping[IdentityKey, int]] = MappingProxyType({})


KEPT_ROWS: Final = 1 << 16
"""How many rows of a kind that many switches have alike are known again, so that all share one.

As many as there are instance ids. Where VRFs see more between them, every switch has its own.
"""


class Placed(NamedTuple):
    """All that an instance's rows are made of.

    ``identity`` is the number of ``key``; ``edge`` the switch of its host, of that ``number``,
    empty where there is none; ``port`` its OpenFlow port there, None while it is not plugged;
    ``lane`` the links that frames to it may use.
    """

    instance: Instance
    segment: Segment
    key: IdentityKey
    identity: int
    vrf_id: int
    tag: int
    edge: str
    number: int
    port: int | None
    lane: int


@dataclass(frozen=True)
class People:
    """Instances by name, by identity and by edge switch.

    ``present`` is each edge's identities, ``segments`` its segments and ``outer`` the outer tags of
    these, each with how many instances there are of it.
    """

    by_name: Names = field(default_factory=dict)
    by_key: Mapping[IdentityKey, Names] = field(default_factory=dict)
    at: Mapping[str, Names] = field(default_factory=dict)
    present: Mapping[str, Mapping[IdentityKey, int]] = field(default_factory=dict)
    segments: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    outer: Mapping[str, Mapping[int, int]] = field(default_factory=dict)

    def changed(self, changes: Mapping[str, Placed | None]) -> People:
        """The same with some instances otherwise, None where there is none of the name any more."""
        gone = [old for name in changes if (old := self.by_name.get(name)) is not None]
        come = [new for new in changes.values() if new is not None]
        by_name = thawed(self.by_name)
        for name, placed in changes.items():
            if placed is not None:
                by_name[name] = placed
            else:
                by_name.pop(name, None)
        return People(
            by_name,
            _regrouped(self.by_key, [(p.key, p) for p in gone], [(p.key, p) for p in come]),
            _regrouped(self.at, [(p.edge, p) for p in gone], [(p.edge, p) for p in come]),
            _recounted(self.present, _keys(gone), _keys(come)),
            _recounted(self.segments, _homes(gone), _homes(come)),
            _recounted(self.outer, _outers(gone), _outers(come)),
        )

    def of_key(self, key: IdentityKey) -> Names:
        """The instances of an identity."""
        return self.by_key.get(key, _NOBODY)

    def here(self, edge: str) -> Names:
        """The instances of an edge switch's host."""
        return self.at.get(edge, _NOBODY)

    def keys(self, edge: str) -> Mapping[IdentityKey, int]:
        """The identities of an edge switch's host."""
        return self.present.get(edge, _NONE)

    def outers(self, edge: str) -> Mapping[int, int]:
        """The outer tags of the segments of an edge switch's host."""
        return self.outer.get(edge, _UNTAGGED)

    def vrfs(self, edge: str) -> frozenset[str]:
        """The VRFs with instances on an edge switch's host."""
        return frozenset(vrf for vrf, _ in self.keys(edge))


def _keys(placed: Iterable[Placed]) -> Iterator[tuple[str, IdentityKey]]:
    return ((p.edge, p.key) for p in placed)


def _homes(placed: Iterable[Placed]) -> Iterator[tuple[str, str]]:
    return ((p.edge, p.segment.name) for p in placed)


def _outers(placed: Iterable[Placed]) -> Iterator[tuple[str, int]]:
    return ((p.edge, outer_of(p.tag)) for p in placed)


def _regrouped(
    groups: Mapping[K, Names], gone: list[tuple[K, Placed]], come: list[tuple[K, Placed]]
) -> Mapping[K, Names]:
    """Groups with some members out and others in; a group without members is none."""
    touched = {key: thawed(groups.get(key, _NOBODY)) for key in {k for k, _ in (*gone, *come)}}
    for key, placed in gone:
        del touched[key][placed.instance.name]
    for key, placed in come:
        touched[key][placed.instance.name] = placed
    return _without_empty(groups, touched)


def _recounted(
    counts: Mapping[str, Mapping[M, int]],
    gone: Iterable[tuple[str, M]],
    come: Iterable[tuple[str, M]],
) -> Mapping[str, Mapping[M, int]]:
    """Counts of each edge with some less and some more; those where nothing is are the same."""
    touched: dict[str, tuple[list[M], list[M]]] = {}
    for which, things in enumerate((gone, come)):
        for edge, thing in things:
            touched.setdefault(edge, ([], []))[which].append(thing)
    left = {edge: recounted(counts.get(edge, {}), *both) for edge, both in touched.items()}
    return _without_empty(counts, left)


def _without_empty(
    old: Mapping[K, Mapping[M, V]], new: Mapping[K, Mapping[M, V]]
) -> dict[K, Mapping[M, V]]:
    found = thawed(old)
    found.update(new)
    for key, members in new.items():
        if not members:
            del found[key]
    return found


def mac_number(mac: str) -> int:
    """A MAC address as a number."""
    return int(mac.replace(":", ""), 16)
