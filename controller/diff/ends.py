"""Who is at the ends of connections: a switch's instances, and the addresses that they resolve."""

from __future__ import annotations

from collections import OrderedDict, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from itertools import chain
from operator import itemgetter
from types import MappingProxyType
from typing import Any, Final, NamedTuple, TypeVar

from controller.dataplane.pipeline import SHAPES
from controller.dataplane.program import Differences, Program, unlike, unshared
from controller.dataplane.shapes import Row
from controller.diff.permitted import grants, pair_of
from controller.model.same import Same

_SENDERS: Final = ("admit.ipv4", "admit.nested_ipv4")
_RESOLVES: Final = "resolve.receiver"
_RECEIVERS: Final = ("resolve.receiver:here", "resolve.receiver:away")
_MOST_KNOWN: Final = 32
_NOBODY: Final[Mapping[int, Any]] = MappingProxyType({})


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


@dataclass(frozen=True, slots=True)
class Ends:
    """A program's instances by zone, and its peers by VRF and address.

    ``alike`` are the instances by VRF and identity. ``peers`` has for each VRF the addresses that
    it resolves with the identity behind each, ``addresses`` the same by identity.
    """

    program: Program
    places: Mapping[int, Place]
    alike: Mapping[tuple[int, int], Sequence[Place]]
    peers: Mapping[int, Mapping[int, int]]
    addresses: Mapping[int, Mapping[int, Sequence[int]]]
    every: Mapping[int, tuple[Place, ...]]
    """By zone what each of its admitting rows says: amid a change that may be two."""

    def peer(self, vrf: int, ip: int) -> int | None:
        """The identity behind an address, None where it is not resolved."""
        return self.peers.get(vrf, _NOBODY).get(ip)

    def of(self, program: Program) -> Ends:
        """Those of another program, at the cost of the buckets that the two do not share."""
        found = _differing(self.program, program, _SENDERS)
        every = _stand(self.every, found)
        places, alike = self.places, self.alike
        if every is not self.every:
            zones = {place(row).zone for rows in found for row in rows}
            places, alike = _placed(self, every, zones)
        peers, addresses = _resolved(self, _differing(self.program, program, (_RESOLVES,)))
        return Ends(program, places, alike, peers, addresses, every)


_Rows = tuple[Sequence[Row], Sequence[Row]]
"""Rows that are gone, and those that have come."""


def _differing(before: Program, after: Program, relations: Iterable[str]) -> _Rows:
    gone, come = list[Row](), list[Row]()
    for one, other in unshared(before, after, relations):
        gone += (row for _, row in unlike(one, other))
        come += (row for _, row in unlike(other, one))
    return gone, come


def _stand(every: Mapping[int, tuple[Place, ...]], found: _Rows) -> Mapping[int, tuple[Place, ...]]:
    """What every zone's rows say, once some are gone and others have come."""
    if not any(found):
        return every
    stand = dict(every)
    for here in map(place, found[0]):
        rest = list(stand.pop(here.zone))
        rest.remove(here)
        if rest:
            stand[here.zone] = tuple(rest)
    for here in map(place, found[1]):
        stand[here.zone] = (*stand.get(here.zone, ()), here)
    return stand


def _placed(
    before: Ends, every: Mapping[int, tuple[Place, ...]], zones: Iterable[int]
) -> tuple[Mapping[int, Place], Mapping[tuple[int, int], Sequence[Place]]]:
    """Instances by zone, and by VRF and identity, where those of some zones are to be looked at."""
    places = dict(before.places)
    gone, come = defaultdict[tuple[int, int], set[Place]](set), _lists()
    for zone in zones:
        was = places.pop(zone, None)
        now = every[zone][-1] if zone in every else None
        if now is not None:
            places[zone] = now
        if was is not None and was != now:
            gone[was.vrf, was.identity].add(was)
        if now is not None and was != now:
            come[now.vrf, now.identity].append(now)
    return places, _regrouped(before.alike, gone, come)


def _resolved(
    before: Ends, found: _Rows
) -> tuple[Mapping[int, Mapping[int, int]], Mapping[int, Mapping[int, Sequence[int]]]]:
    """Identities by VRF and address, and the other way round."""
    gone: dict[int, dict[int, set[int]]] = defaultdict(lambda: defaultdict(set))
    come: dict[int, dict[int, list[int]]] = defaultdict(_lists)
    peers, addresses = dict(before.peers), dict(before.addresses)
    for vrf, ip, identity in map(peer, found[0]):
        gone[vrf][identity].add(ip)
    for vrf, ip, identity in map(peer, found[1]):
        come[vrf][identity].append(ip)
    for vrf in {*gone, *come}:
        identities = dict(peers.get(vrf, _NOBODY))
        for ip in chain.from_iterable(gone[vrf].values()):
            del identities[ip]
        for identity, ips in come[vrf].items():
            identities.update(dict.fromkeys(ips, identity))
        peers[vrf] = identities
        addresses[vrf] = _regrouped(addresses.get(vrf, _NOBODY), gone[vrf], come[vrf])
    return peers, addresses


Key = TypeVar("Key")
Item = TypeVar("Item")


def _regrouped(
    groups: Mapping[Key, Sequence[Item]],
    gone: Mapping[Key, set[Item]],
    come: Mapping[Key, list[Item]],
) -> Mapping[Key, Sequence[Item]]:
    """Groups without what is gone of them and with what has come; none is empty."""
    found = dict(groups)
    for key in {*gone, *come}:
        less = gone.get(key, ())
        some = [item for item in found.pop(key, ()) if item not in less]
        some += come.get(key, ())
        if some:
            found[key] = some
    return found


def _lists() -> defaultdict[Any, list[Any]]:
    return defaultdict(list)


def ends_of(program: Program, like: Program | None = None) -> Ends:
    """A program's; those of the last few are kept. ``like`` is one that shares much with it."""
    key = Same(program)
    if key not in _KNOWN:
        near = _NONE if like is None else _KNOWN.get(Same(like), _NONE)
        _KNOWN[key] = near.of(program)
        while len(_KNOWN) > _MOST_KNOWN:
            _KNOWN.popitem(last=False)
    _KNOWN.move_to_end(key)
    return _KNOWN[key]


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


Group = tuple[int, int | None]
"""The identity behind some addresses before and after; None: they are not resolved any more."""

Groups = Mapping[Group, Sequence[int]]


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
    apart = _apart(was, is_, old, new) if stay else was.keys() & is_.keys()
    found: dict[Group, Sequence[int]] = defaultdict(tuple)
    other = {was[ip] for ip in apart}
    for identity, some in old.addresses.get(before, _NOBODY).items():
        alike = [ip for ip in some if ip not in apart] if identity in other else some
        found[identity, identity if stay else None] = alike
    for ip in apart:
        found[was[ip], is_.get(ip)] = [*found[was[ip], is_.get(ip)], ip]
    return found


def _apart(was: Mapping[int, int], is_: Mapping[int, int], old: Ends, new: Ends) -> Set[int]:
    """The addresses of a VRF behind which is somebody else now, or nobody."""
    if was is is_:
        return frozenset()
    gone, _ = _differing(old.program, new.program, (_RESOLVES,))
    ips = {ip for _, ip, _ in map(peer, gone)}
    return {ip for ip in ips if ip in was and is_.get(ip) != was[ip]}


def _touched_groups(
    what: Touched, old: Ends, new: Ends, vrf: int, identities: frozenset[int]
) -> Groups:
    """Addresses whose identity is another now, and those of some identities that stay."""
    found: dict[Group, list[int]] = defaultdict(list)
    for other in what.peers:
        if other.vrf == vrf and (now := new.peer(vrf, other.ip)) != other.identity:
            found[other.identity, now].append(other.ip)
    known = old.addresses.get(vrf, _NOBODY)
    for identity in identities & known.keys():
        stay = [ip for ip in known[identity] if new.peer(vrf, ip) == identity]
        if stay:
            found[identity, identity] = stay
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


_NONE: Final = Ends(Program(), {}, {}, {}, {}, {})
_KNOWN: Final[OrderedDict[Same[Program], Ends]] = OrderedDict()
_PLACE: Final = {name: _columns(name, "zone", "ip", "vrf", "source") for name in _SENDERS}
_PEER: Final = {name: _columns(name, "vrf", "ip", "destination") for name in _RECEIVERS}
