"""Connections that a switch must forget because what permitted them was withdrawn.

Every instance has a conntrack zone on its edge switch, in which the connections it opens and those
opened to it are known. Packets of the opening side are judged one by one; those of the other side
pass because the connection is known, so that has to end with the permission.

A cut names ends, protocol and port. Where a withdrawal cannot be said that way (many ports but not
all, a mark that the sender set, "any protocol" of which something stays) the cut takes more than
was withdrawn: what stays permitted is known again with the next packet of the opening side.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final, NamedTuple, TypeVar

from controller.dataplane.fields import PROTO_ICMP, PROTO_TCP, PROTO_UDP
from controller.dataplane.pipeline import SHAPES
from controller.dataplane.program import Program
from controller.dataplane.shapes import Row
from controller.diff.permitted import Change, Pair, change, grants, pair_of, permitted
from controller.diff.plan import SwitchDelta, delta

MOST_PORTS: Final = 64
"""Up to how many ports are cut one by one."""

_SENDERS: Final = ("admit.ipv4", "admit.nested_ipv4")
_RECEIVERS: Final = ("resolve.receiver:here", "resolve.receiver:away")

K = TypeVar("K")
V = TypeVar("V")


@dataclass(frozen=True, slots=True)
class Cut:
    """Connections opened from ``source`` to ``target`` in a conntrack zone, to be forgotten.

    Addresses are IPv4 as numbers, ``protocol`` is the IP protocol number and ``port`` the one the
    connection was opened to; None stands for any. All None but the zone: the zone as a whole.
    """

    zone: int
    source: int | None = None
    target: int | None = None
    protocol: int | None = None
    port: int | None = None

    @property
    def whole(self) -> bool:
        """Whether it is the zone as a whole."""
        return (self.source, self.target, self.protocol, self.port) == (None,) * 4


def cuts(before: Program, after: Program, changes: SwitchDelta | None = None) -> tuple[Cut, ...]:
    """What one switch must forget when its program goes from one to another.

    To be carried out once no switch permits any more what this one forgets: a packet that still
    comes from another makes its connection known again. ``changes`` is the difference of the two
    programs where it is known already. The cost is that of the rows which
    are gone or altered, and of one look at all others where these have to do with identities.
    """
    touched = _touched(_gone(before, delta(before, after) if changes is None else changes))
    if touched is None:
        return ()
    old, new = _Side(before), _Side(after)
    ended = {place.zone for place in touched.places if not _stays(place, new)}
    ways = [way for way in _ways(touched, old, new) if way.zone not in ended]
    return (*map(Cut, sorted(ended)), *_lost(ways, before, after))


class _Place(NamedTuple):
    """Where an instance of the switch is: its zone, its address, and what it is judged as."""

    zone: int
    ip: int
    vrf: int
    identity: int


class _Peer(NamedTuple):
    """An address that a VRF resolves, and the identity behind it."""

    vrf: int
    ip: int
    identity: int


class _Way(NamedTuple):
    """Who opens to whom in a zone, by addresses, and by identities before and after."""

    zone: int
    source: int
    target: int
    before: Pair
    after: Pair | None


@dataclass(frozen=True, slots=True)
class _Touched:
    """What rows that are gone or altered were about: ``pairs`` of identities by either one."""

    places: set[_Place]
    peers: set[_Peer]
    pairs: Mapping[int, set[int]]


class _Side:
    """A program's instances and the addresses that they resolve, indexed once."""

    def __init__(self, program: Program) -> None:
        self.places: dict[int, _Place] = {}
        self.peers: dict[tuple[int, int], _Peer] = {}
        for row in program:
            if row.shape in _SENDERS:
                place = _place(row)
                self.places[place.zone] = place
            elif row.shape in _RECEIVERS:
                peer = _peer(row)
                self.peers[peer.vrf, peer.ip] = peer

    @cached_property
    def by_vrf(self) -> Mapping[int, list[_Peer]]:
        """What each VRF resolves."""
        return _grouped((peer.vrf, peer) for peer in self.peers.values())

    @cached_property
    def by_identity(self) -> Mapping[tuple[int, int], list[_Peer]]:
        """What each VRF resolves to each identity."""
        return _grouped(((peer.vrf, peer.identity), peer) for peer in self.peers.values())


def _grouped(items: Iterable[tuple[K, V]]) -> Mapping[K, list[V]]:
    found: dict[K, list[V]] = defaultdict(list)
    for key, value in items:
        found[key].append(value)
    return found


def _gone(before: Program, changes: SwitchDelta) -> Iterator[tuple[Row, Row | None]]:
    """Rows that are no more as they were, with what is in their place."""
    for row in changes.removed:
        yield row, None
    for row in changes.changed:
        yield before.rows[row.key], row


def _touched(gone: Iterable[tuple[Row, Row | None]]) -> _Touched | None:
    """None where it is nothing that permits or identifies."""
    found = _Touched(set(), set(), defaultdict(set))
    for row, now in gone:
        if row.shape in _SENDERS:
            if now is None or _place(now) != _place(row):
                found.places.add(_place(row))
        elif row.shape in _RECEIVERS:
            if now is None or _peer(now) != _peer(row):
                found.peers.add(_peer(row))
        elif now is None and grants(row):
            source, destination = pair_of(row)
            found.pairs[source].add(destination)
            found.pairs[destination].add(source)
    return found if found.places or found.peers or found.pairs else None


def _stays(place: _Place, new: _Side) -> bool:
    """Whether an instance is still on this switch, with its address."""
    return place.zone in new.places and new.places[place.zone].ip == place.ip


def _ways(touched: _Touched, old: _Side, new: _Side) -> Iterator[_Way]:
    """Both directions between an instance and an address of which something may have gone."""
    for here, there in dict.fromkeys(_meetings(touched, old)):
        was = (here.identity, there.identity)
        here_now = new.places.get(here.zone)
        there_now = new.peers.get((here_now.vrf, there.ip)) if here_now else None
        now = (here_now.identity, there_now.identity) if here_now and there_now else None
        yield _Way(here.zone, here.ip, there.ip, was, now)
        yield _Way(here.zone, there.ip, here.ip, was[::-1], now and now[::-1])


def _meetings(touched: _Touched, old: _Side) -> Iterator[tuple[_Place, _Peer]]:
    """Instances here and addresses between which identities or rules have changed."""
    for here in touched.places:
        yield from ((here, there) for there in old.by_vrf.get(here.vrf, ()))
    peers = _grouped((peer.vrf, peer) for peer in touched.peers)
    for here in old.places.values():
        yield from ((here, there) for there in peers.get(here.vrf, ()))
        for identity in touched.pairs.get(here.identity, ()):
            yield from ((here, there) for there in old.by_identity.get((here.vrf, identity), ()))


def _lost(ways: Sequence[_Way], before: Program, after: Program) -> Iterator[Cut]:
    """Cuts of what was permitted and is no more."""
    was = permitted(before, {way.before for way in ways})
    now = permitted(after, {way.after for way in ways if way.after})
    known: dict[tuple[Pair, Pair | None], Change] = {}
    for way in ways:
        key = (way.before, way.after)
        if key not in known:
            known[key] = change(was.get(way.before), now.get(way.after) if way.after else None)
        yield from _cuts(way, known[key])


def _cuts(way: _Way, found: Change) -> Iterator[Cut]:
    lost, kept = found
    place = (way.zone, way.source, way.target)
    if not any(lost):
        return
    if lost.others or not any(kept):
        yield Cut(*place)
        return
    if lost.icmp:
        yield Cut(*place, PROTO_ICMP)
    for protocol, gone, left in (
        (PROTO_TCP, lost.tcp, kept.tcp),
        (PROTO_UDP, lost.udp, kept.udp),
    ):
        if gone and left and gone.bit_count() <= MOST_PORTS:
            yield from (Cut(*place, protocol, port) for port in _ports(gone))
        elif gone:
            yield Cut(*place, protocol)


def _ports(ports: int) -> Iterator[int]:
    while ports:
        lowest = ports & -ports
        yield lowest.bit_length() - 1
        ports ^= lowest


def _place(row: Row) -> _Place:
    columns = SHAPES[row.shape].columns(row)
    return _Place(columns["zone"], columns["ip"], columns["vrf"], columns["source"])


def _peer(row: Row) -> _Peer:
    columns = SHAPES[row.shape].columns(row)
    return _Peer(columns["vrf"], columns["ip"], columns["destination"])
