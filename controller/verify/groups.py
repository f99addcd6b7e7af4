"""Instances that rows cannot tell apart, as senders and as receivers, by what one asks for."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from dataclasses import dataclass, field
from typing import Generic, NamedTuple, TypeVar

from controller.model.identity import IdentityKey

Names = dict[str, None]  # a set in order


class SourceGroup(NamedTuple):
    """Senders at one edge that permit rows cannot tell apart."""

    edge: str
    vrf: str
    source: int
    key: IdentityKey


class TargetGroup(NamedTuple):
    """Receivers that an edge's senders in a VRF reach alike."""

    edge: str
    vrf: str
    destination: int
    far: str
    number: int
    lane: int
    s_vid: int
    key: IdentityKey


class Chain(NamedTuple):
    """An address as an edge's senders in a VRF see it."""

    edge: str
    vrf: str
    ip: int


class Pair(NamedTuple):
    """A group of senders and a group of receivers."""

    source: SourceGroup
    target: TargetGroup


K = TypeVar("K", bound=Hashable)
G = TypeVar("G", SourceGroup, TargetGroup)


@dataclass
class Grouping(Generic[K, G]):
    """Members by group, and the groups that came or went since they were last asked for."""

    members: dict[G, dict[K, str]] = field(default_factory=dict)
    group_of: dict[K, G] = field(default_factory=dict)
    fresh: dict[G, None] = field(default_factory=dict)
    gone: dict[G, None] = field(default_factory=dict)

    def join(self, key: K, group: G, name: str) -> None:
        """Put what a key stands for into a group; it must be in none."""
        if group not in self.members:
            self.members[group] = {}
            if group in self.gone:
                del self.gone[group]  # it is back before anybody asked
            else:
                self.fresh[group] = None
            self._index(group)
        self.members[group][key] = name
        self.group_of[key] = group

    def leave(self, key: K) -> None:
        """Take it out again."""
        group = self.group_of.pop(key, None)
        if group is None:
            return
        del self.members[group][key]
        if not self.members[group]:
            del self.members[group]
            if group in self.fresh:
                del self.fresh[group]
            else:
                self.gone[group] = None
            self._unindex(group)

    def names(self, group: G) -> list[str]:
        """The instances of a group; none for a group that is gone."""
        return list(self.members.get(group, {}).values())

    def news(self) -> tuple[list[G], list[G]]:
        """The groups that came since the last time and still are, and those that went."""
        fresh, gone = list(self.fresh), list(self.gone)
        self.fresh, self.gone = {}, {}
        return fresh, gone

    def _index(self, group: G) -> None:
        raise NotImplementedError

    def _unindex(self, group: G) -> None:
        raise NotImplementedError


@dataclass
class Sources(Grouping[str, SourceGroup]):
    """Groups of senders."""

    by_place: dict[tuple[str, str], dict[SourceGroup, None]] = field(default_factory=dict)
    by_number: dict[int, dict[SourceGroup, None]] = field(default_factory=dict)
    by_key: dict[IdentityKey, dict[SourceGroup, None]] = field(default_factory=dict)

    def _index(self, group: SourceGroup) -> None:
        self.by_place.setdefault((group.edge, group.vrf), {})[group] = None
        self.by_number.setdefault(group.source, {})[group] = None
        self.by_key.setdefault(group.key, {})[group] = None

    def _unindex(self, group: SourceGroup) -> None:
        del self.by_place[group.edge, group.vrf][group]
        del self.by_number[group.source][group]
        del self.by_key[group.key][group]


@dataclass
class Targets(Grouping[Chain, TargetGroup]):
    """Groups of receivers."""

    by_number: dict[tuple[str, str, int], dict[TargetGroup, None]] = field(default_factory=dict)
    by_key: dict[tuple[str, str, IdentityKey], dict[TargetGroup, None]] = field(
        default_factory=dict
    )

    def numbered(self, edge: str, vrf: str, destination: int) -> Iterator[TargetGroup]:
        """The groups that a VRF at an edge resolves to an identity number."""
        yield from self.by_number.get((edge, vrf, destination), ())

    def keyed(self, edge: str, vrf: str, key: IdentityKey) -> Iterator[TargetGroup]:
        """The groups of an identity as a VRF at an edge sees them."""
        yield from self.by_key.get((edge, vrf, key), ())

    def _index(self, group: TargetGroup) -> None:
        self.by_number.setdefault((group.edge, group.vrf, group.destination), {})[group] = None
        self.by_key.setdefault((group.edge, group.vrf, group.key), {})[group] = None

    def _unindex(self, group: TargetGroup) -> None:
        del self.by_number[group.edge, group.vrf, group.destination][group]
        del self.by_key[group.edge, group.vrf, group.key][group]
