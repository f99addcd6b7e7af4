"""Who is at the ends of connections: a switch's instances, and the addresses that they resolve."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from operator import itemgetter
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from controller.dataplane.pipeline import SHAPES
from controller.dataplane.program import Differences, Program, Rows
from controller.dataplane.shapes import Row, RowKey
from controller.diff.permitted import grants, pair_of
from controller.model.same import Same

_SENDERS: Final = ("admit.ipv4", "admit.nested_ipv4")
_RESOLVES: Final = "resolve.receiver"
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
    """Instances of one identity and the addresses of another, with both before and after.

    ``after`` None: the instances do not resolve those addresses any more. ``is_own``: it is one
    instance, and who that is has changed.
    """

    places: tuple[Place, ...]
    addresses: tuple[int, ...]
    before: tuple[int, int]
    after: tuple[int, int] | None
    is_own: bool = False

    @property
    def is_moved(self) -> bool:
        """Whether the addresses stand for somebody else now, and not the instances."""
        return self.after is None or self.after[1] != self.before[1]


def touched(found: Differences, also: Iterable[tuple[int, int]] = ()) -> Touched | None:
    """None where nothing that permits or identifies is gone or altered.

    ``also`` are pairs of identities of which something else than a row of theirs is gone.
    """
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
            _pair(pairs, pair_of(row))
    for two in also:
        _pair(pairs, two)
    if not (places or peers or pairs):
        return None
    return Touched(
        frozenset(places), frozenset(peers), {one: frozenset(all_) for one, all_ in pairs.items()}
    )


def _pair(pairs: dict[int, set[int]], two: tuple[int, int]) -> None:
    source, destination = two
    pairs[source].add(destination)
    pairs[destination].add(source)


class Ends:
    """A program's instances by zone, and its peers by VRF and address; looked up when asked for."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self._addresses: dict[int, Mapping[int, list[int]]] = {}

    @cached_property
    def places(self) -> Mapping[int, Place]:
        """The switch's instances."""
        buckets = self._program.buckets_of(*_SENDERS)
        return {here.zone: here for bucket in buckets for here in _places(Same(bucket))}

    @cached_property
    def alike(self) -> Mapping[tuple[int, int], list[Place]]:
        """The switch's instances by VRF and identity."""
        found: dict[tuple[int, int], list[Place]] = defaultdict(list)
        for here in self.places.values():
            found[here.vrf, here.identity].append(here)
        return found

    @cached_property
    def peers(self) -> Mapping[int, Mapping[int, int]]:
        """VRF to the addresses it resolves, each with the identity behind it."""
        found: dict[int, dict[int, int]] = defaultdict(dict)
        for bucket in self._program.buckets_of(_RESOLVES):
            for vrf, identities in _peers(Same(bucket)).items():
                found[vrf].update(identities)
        return found

    def addresses(self, vrf: int) -> Mapping[int, list[int]]:
        """The addresses that a VRF resolves, by the identity behind them."""
        if vrf not in self._addresses:
            found: dict[int, list[int]] = defaultdict(list)
            for bucket in self._program.buckets_of(_RESOLVES):
                for identity, some in _addresses(Same(bucket)).get(vrf, _NOBODY).items():
                    found[identity] += some
            self._addresses[vrf] = found
        return self._addresses[vrf]

    def peer(self, vrf: int, ip: int) -> int | None:
        """The identity behind an address, None where it is not resolved."""
        row = self._program.get(RowKey(_RESOLVES, (vrf, ip)))
        return None if row is None else peer(row).identity


def ends_of(program: Program) -> Ends:
    """A program's; those of the last few are kept."""
    return _ends(Same(program))


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
        return new.peer(here.vrf, here.ip) != here.identity
    return now.ip != here.ip


def meetings(what: Touched, old: Ends, new: Ends) -> Iterator[Meeting]:
    """Instances and addresses between which something that was permitted may be no more.

    Addresses that share an identity before and after are one meeting. Zones that have ended have no
    meetings.
    """
    moved = {here.zone for here in what.places}
    yield from _of_moved(what, old, new)
    for (vrf, identity), places in old.alike.items():
        those = _touched_groups(what, old, new, vrf, what.pairs.get(identity, frozenset()))
        if those:
            stay = (p for p in places if p.zone not in moved and p.zone in new.places)
            yield from _meetings(tuple(stay), identity, those)


_NOBODY: Final[Mapping[int, Any]] = MappingProxyType({})

Group = tuple[int, int | None]
"""The identity behind some addresses before and after; None: they are not resolved any more."""

Groups = Mapping[Group, list[int]]


def _meetings(
    places: tuple[Place, ...], identity: int, groups: Groups, *, is_own: bool = False
) -> Iterator[Meeting]:
    for (was, is_), addresses in groups.items() if places else ():
        after = None if is_ is None else (identity, is_)
        yield Meeting(places, tuple(addresses), (places[0].identity, was), after, is_own)


def _of_moved(what: Touched, old: Ends, new: Ends) -> Iterator[Meeting]:
    """Meetings of instances that are somebody else now, or resolve by another VRF: with all."""
    views: dict[tuple[int, int], Groups] = {}
    over = ended(what, new)
    for here in what.places:
        now = new.places.get(here.zone)
        if now is None or here.zone in over:
            continue
        view = (here.vrf, now.vrf)
        if view not in views:
            views[view] = grouped(old, here.vrf, new, now.vrf)
        yield from _meetings((here,), now.identity, views[view], is_own=True)


def grouped(old: Ends, before: int, new: Ends, after: int) -> Groups:
    """All addresses that a VRF resolved, by who is behind them, and behind them in a VRF after.

    Most are alike, so they are taken together; only those that are not are looked up.
    """
    was, is_ = old.peers.get(before, _NOBODY), new.peers.get(after, _NOBODY)
    stay = before == after
    apart = {ip for ip, _ in was.items() - is_.items()} if stay else was.keys() & is_.keys()
    found: dict[Group, list[int]] = defaultdict(list)
    for identity, some in old.addresses(before).items():
        alike = [ip for ip in some if ip not in apart] if apart else some
        found[identity, identity if stay else None] = alike
    for ip in apart:
        found[was[ip], is_.get(ip)] = [*found[was[ip], is_.get(ip)], ip]
    return found


def _touched_groups(
    what: Touched, old: Ends, new: Ends, vrf: int, identities: frozenset[int]
) -> Groups:
    """Addresses whose identity is another now, and those of some identities that stay."""
    found: dict[Group, list[int]] = defaultdict(list)
    for other in what.peers:
        if other.vrf == vrf and (now := new.peer(vrf, other.ip)) != other.identity:
            found[other.identity, now].append(other.ip)
    known = old.addresses(vrf) if identities else {}
    for identity in identities & known.keys():
        stay = [ip for ip in known[identity] if new.peer(vrf, ip) == identity]
        if stay:
            found[identity, identity] = stay
    return found


@lru_cache(maxsize=16)
def _ends(program: Same[Program]) -> Ends:
    return Ends(program.value)


@lru_cache(maxsize=1 << 16)
def _places(bucket: Same[Rows]) -> tuple[Place, ...]:
    """The instances of one bucket of admitting rows; most buckets stay from change to change."""
    return tuple(map(place, bucket.value.values()))


@lru_cache(maxsize=1 << 16)
def _peers(bucket: Same[Rows]) -> Mapping[int, Mapping[int, int]]:
    """The addresses of one bucket of resolving rows, each with its identity, by VRF."""
    found: dict[int, dict[int, int]] = defaultdict(dict)
    for row in bucket.value.values():
        vrf, ip, identity = peer(row)
        found[vrf][ip] = identity
    return found


@lru_cache(maxsize=1 << 16)
def _addresses(bucket: Same[Rows]) -> Mapping[int, Mapping[int, list[int]]]:
    """The same by VRF and identity."""
    found: dict[int, dict[int, list[int]]] = {}
    for vrf, identities in _peers(bucket).items():
        some = found[vrf] = defaultdict(list)
        for ip, identity in identities.items():
            some[identity].append(ip)
    return found


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
