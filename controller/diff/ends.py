"""Who is at the ends of connections: a switch's instances, and the addresses that they resolve."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from operator import itemgetter
from typing import Final, NamedTuple

from controller.dataplane.pipeline import SHAPES
from controller.dataplane.program import Differences, Program
from controller.dataplane.shapes import Row
from controller.diff.permitted import grants, pair_of

_SENDERS: Final = ("admit.ipv4", "admit.nested_ipv4")
_RECEIVERS: Final = ("resolve.receiver:here", "resolve.receiver:away")


class Place(NamedTuple):
    """An instance of the switch: its conntrack zone, its address, and what it is judged as."""

    zone: int
    ip: int
    vrf: int
    identity: int


class Peer(NamedTuple):
    """An address that a VRF resolves, and the identity behind it."""

    vrf: int
    ip: int
    identity: int


@dataclass(frozen=True, slots=True)
class Touched:
    """What rows that are gone or altered were about.

    ``pairs`` holds, for each identity, those of which it was permitted something, or that were
    permitted something of it.
    """

    places: frozenset[Place]
    peers: frozenset[Peer]
    pairs: Mapping[int, frozenset[int]]


@dataclass(frozen=True, slots=True)
class Meeting:
    """An instance and the addresses of one identity, with both identities before and after.

    ``after`` None: the instance does not resolve those addresses any more.
    """

    here: Place
    addresses: tuple[int, ...]
    before: tuple[int, int]
    after: tuple[int, int] | None


def touched(found: Differences) -> Touched | None:
    """None where nothing that permits or identifies is gone or altered."""
    places: set[Place] = set()
    peers: set[Peer] = set()
    pairs: dict[int, set[int]] = defaultdict(set)
    for row, now in (*((row, None) for row in found.removed), *found.changed):
        if row.shape in _SENDERS:
            if now is None or place(now) != place(row):
                places.add(place(row))
        elif row.shape in _RECEIVERS:
            if now is None or peer(now) != peer(row):
                peers.add(peer(row))
        elif now is None and grants(row):
            source, destination = pair_of(row)
            pairs[source].add(destination)
            pairs[destination].add(source)
    if not (places or peers or pairs):
        return None
    return Touched(
        frozenset(places), frozenset(peers), {one: frozenset(all_) for one, all_ in pairs.items()}
    )


class Ends:
    """A program's instances by zone, and its peers by VRF and address."""

    def __init__(self, program: Program) -> None:
        self.places: dict[int, Place] = {}
        self.peers: dict[int, dict[int, int]] = defaultdict(dict)
        for row in program:
            if row.shape in _SENDERS:
                found = place(row)
                self.places[found.zone] = found
            elif row.shape in _RECEIVERS:
                vrf, ip, identity = peer(row)
                self.peers[vrf][ip] = identity


def ended(what: Touched, new: Ends) -> frozenset[int]:
    """Zones whose instance is no more, or has another address.

    Not that of an instance which has gone to another host, or is not plugged: its address still
    resolves to its identity. Nobody else uses its zone, and where two edges share one Open vSwitch
    it has taken its connections with it.
    """
    return frozenset(here.zone for here in what.places if _is_over(here, new))


def _is_over(here: Place, new: Ends) -> bool:
    now = new.places.get(here.zone)
    if now is None:
        return new.peers.get(here.vrf, {}).get(here.ip) != here.identity
    return now.ip != here.ip


def meetings(what: Touched, old: Ends, new: Ends) -> Iterator[Meeting]:
    """Instances and addresses between which something that was permitted may be no more.

    Addresses that share an identity before and after are one meeting; which those are is found
    once for all instances of a VRF. Zones that have ended have no meetings.
    """
    views: dict[tuple[int, int], _View] = {}
    over = ended(what, new)
    moved = {here.zone for here in what.places}
    rest = (here for zone, here in old.places.items() if zone not in moved)
    for here in (*what.places, *rest):
        now = new.places.get(here.zone)
        if now is None or here.zone in over:
            continue
        place = (here.vrf, now.vrf)
        if place not in views:
            views[place] = _View(old.peers.get(here.vrf, {}), new.peers.get(now.vrf, {}))
        view = views[place]
        wanted = view.groups if here != now else view.touched(what.pairs.get(here.identity, ()))
        for (was, is_), addresses in wanted.items():
            after = None if is_ is None else (now.identity, is_)
            yield Meeting(here, tuple(addresses), (here.identity, was), after)


Group = tuple[int, int | None]
"""The identity behind some addresses before and after; None: they are not resolved any more."""


class _View:
    """The addresses that a VRF resolves, in groups."""

    def __init__(self, before: Mapping[int, int], after: Mapping[int, int]) -> None:
        self.groups: dict[Group, list[int]] = defaultdict(list)
        for ip, identity in before.items():
            self.groups[identity, after.get(ip)].append(ip)
        self._moved = {group: ips for group, ips in self.groups.items() if group[0] != group[1]}

    def touched(self, identities: Iterable[int]) -> Mapping[Group, list[int]]:
        """The groups of these identities, and those whose identity is another now."""
        same = [(identity, identity) for identity in identities]
        return self._moved | {group: self.groups[group] for group in same if group in self.groups}


def place(row: Row) -> Place:
    """The instance that an admitting row is about."""
    return Place(*_PLACE[row.shape](row.match + row.args))


def peer(row: Row) -> Peer:
    """The address that a resolving row is about."""
    return Peer(*_PEER[row.shape](row.match + row.args))


def _columns(shape: str, *names: str) -> Callable[[tuple[int, ...]], tuple[int, ...]]:
    """Reads columns out of a row's: of every row, where looking each up by name is the most."""
    has = (*SHAPES[shape].match_columns, *SHAPES[shape].arg_columns)
    return itemgetter(*map(has.index, names))


_PLACE: Final = {name: _columns(name, "zone", "ip", "vrf", "source") for name in _SENDERS}
_PEER: Final = {name: _columns(name, "vrf", "ip", "destination") for name in _RECEIVERS}
