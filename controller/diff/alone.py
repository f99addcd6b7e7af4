"""Whose connections are cut by his own address alone, in every zone or his own, but for what stays.

Who is somebody else now, or nobody, may have had to do with thousands of instances here: a cut for
each of them, when often he has lost the same with all. Then one cut says it. It takes nothing that
was permitted and stays so: that is looked up, for whoever is here and has to do with the address.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import product
from operator import or_
from typing import Final, NamedTuple

from controller.dataplane.fields import PROTO_TCP, PROTO_UDP
from controller.dataplane.program import Program
from controller.diff.ends import Ends, ends_of, grouped
from controller.diff.joined import Pair
from controller.diff.losses import Loss, Part, both_ways, parts
from controller.diff.opens import ANYTHING, NOTHING, Opens
from controller.diff.permitted import permitted, whatever_marked

MOST_SINGLY: Final = 16
"""Up to how many cuts about one address name the other end too, whatever could be said at once."""


class Side(NamedTuple):
    """Connections that somebody with an address opened, or that were opened to him."""

    ip: int
    opens: bool


@dataclass(frozen=True, slots=True)
class Whole:
    """What is cut of a side, with whomever it was; ``zones``: in which of them there may be any."""

    side: Side
    parts: tuple[Part, ...]
    zones: tuple[int, ...]


def sides(loss: Loss) -> Iterator[Side]:
    """Of whom a loss is, where it is because he is somebody else: an instance, or addresses."""
    if loss.meeting.is_own:
        yield Side(loss.meeting.places[0].ip, loss.outwards)
    elif loss.meeting.is_moved:
        yield from (Side(ip, not loss.outwards) for ip in loss.meeting.addresses)


def alone(found: Sequence[Loss], before: Program, after: Program) -> Mapping[Side, Whole]:
    """The sides that are cut by themselves: many cuts otherwise, and nothing of them stays.

    What stays is what is permitted ``before`` and ``after``. That is looked for among whoever is
    here at both times, with his address; zones of others are new, or forgotten as a whole.
    """
    many = _many(found)
    if not many:
        return {}
    by_side: dict[Side, list[Loss]] = defaultdict(list)
    for loss in found:
        for side in many.intersection(sides(loss)):
            by_side[side].append(loss)
    ips = {side.ip for side in many}
    old, new = ends_of(before), ends_of(after)
    met = {*_with_those_here(ips, old, new), *_of_those_here(ips, old, new)}
    left, own = _left(met, before, after), _zones_of(ips, after)
    wholes = {side: _whole(side, some, left[side], own[side.ip]) for side, some in by_side.items()}
    return {
        side: whole
        for side, whole in wholes.items()
        if not any(_taken(whole.parts) & left[side].stays)
    }


class Own(NamedTuple):
    """A side of an instance, as its own zone knows it."""

    zone: int
    side: Side


def own(found: Iterable[Loss], before: Program, after: Program) -> Mapping[Own, tuple[Part, ...]]:
    """What instances that are somebody else now are cut in their own zones, with whomever it was.

    As :func:`alone`, but for those who still find them as they were: only what an instance itself
    may open, or have opened to it, counts in its zone.
    """
    by_own: dict[Own, list[Loss]] = defaultdict(list)
    for loss in found:
        if loss.meeting.is_own:
            here = loss.meeting.places[0]
            by_own[Own(here.zone, Side(here.ip, loss.outwards))].append(loss)
    many = {
        own: some
        for own, some in by_own.items()
        if sum(len(loss.meeting.addresses) for loss in some) > MOST_SINGLY
    }
    if not many:
        return {}
    met = set(_of_those_here({own.side.ip for own in many}, ends_of(before), ends_of(after)))
    left, cut = _left(met, before, after), {}
    for own, some in many.items():
        lost = reduce(or_, (loss.lost for loss in some), NOTHING)
        cut[own] = _said(lost, left[own.side])
    return {
        own: parts for own, parts in cut.items() if not any(_taken(parts) & left[own.side].stays)
    }


def _many(found: Iterable[Loss]) -> set[Side]:
    count: Counter[Side] = Counter()
    for loss in found:
        for side in sides(loss) if not loss.meeting.is_own else ():
            count[side] += len(loss.meeting.places)
    return {side for side, cuts in count.items() if cuts > MOST_SINGLY}


def _zones_of(ips: Collection[int], after: Program) -> Mapping[int, set[int]]:
    found: dict[int, set[int]] = defaultdict(set)
    for here in ends_of(after).places.values():
        if here.ip in ips:
            found[here.ip].add(here.zone)
    return found


def _whole(side: Side, some: Sequence[Loss], left: _Left, own: Collection[int]) -> Whole:
    """What somebody with an address has lost with anybody."""
    lost = reduce(or_, (loss.lost for loss in some), NOTHING)
    others = {here.zone for loss in some for here in loss.meeting.places}
    return Whole(side, _said(lost, left), tuple(sorted(others.union(own))))


def _said(lost: Opens, left: _Left) -> tuple[Part, ...]:
    """What is cut of a side: ports, where he may do others now.

    All at once where those are several and nothing stays: each is a message, and a switch with
    thousands of ports takes in fifty in a turn, which are milliseconds.
    """
    some = tuple(parts(lost, left.now))
    return ((None, None),) if len(some) > 1 and not any(left.stays) else some


def _taken(cut: Iterable[Part]) -> Opens:
    """What cuts of some parts may take. One of ICMP takes some ports of other protocols too."""
    return reduce(or_, map(_taken_by, cut), NOTHING)


def _taken_by(part: Part) -> Opens:
    match part:
        case (protocol, None) if protocol == PROTO_TCP:
            return NOTHING._replace(tcp=ANYTHING.tcp)
        case (protocol, None) if protocol == PROTO_UDP:
            return NOTHING._replace(udp=ANYTHING.udp)
        case (protocol, int(port)) if protocol == PROTO_TCP:
            return NOTHING._replace(tcp=1 << port)
        case (protocol, int(port)) if protocol == PROTO_UDP:
            return NOTHING._replace(udp=1 << port)
        case _:
            return ANYTHING


class _Left(NamedTuple):
    """What is permitted now with anybody, and what of it was before."""

    now: Opens = NOTHING
    stays: Opens = NOTHING


def _left(found: Collection[_Met], before: Program, after: Program) -> Mapping[Side, _Left]:
    """What is left of the sides of some addresses, of what they have to do with some others."""
    was = permitted(before, {pair for met in found if met.before for pair in both_ways(met.before)})
    now = permitted(after, {pair for met in found for pair in both_ways(met.after)})
    left: dict[Side, _Left] = defaultdict(_Left)
    for met in found:
        for one, other, opens in _directions(met):
            if other in now:
                side, may = Side(met.ip, opens), whatever_marked(now[other])
                stays = may & whatever_marked(was.get(one) if one else None)
                left[side] = _Left(left[side].now | may, left[side].stays | stays)
    return left


class _Met(NamedTuple):
    """An address, and who that and the other end are before and after; None: they did not meet."""

    ip: int
    before: Pair | None
    after: Pair


def _directions(met: _Met) -> Iterator[tuple[Pair | None, Pair, bool]]:
    yield met.before, met.after, True
    yield met.before and met.before[::-1], met.after[::-1], False


def _with_those_here(ips: Collection[int], old: Ends, new: Ends) -> Iterator[_Met]:
    """Whom the instances here find behind the addresses, as seen from the addresses."""
    here = {(group, group) for group in (*old.alike, *new.alike)}
    for was in {*old.places.values()} - {*new.places.values()}:
        if now := new.places.get(was.zone):
            here.add(((was.vrf, was.identity), (now.vrf, now.identity)))
    vrfs = {vrf for two in here for vrf, _ in two}
    known = {(vrf, ip): (old.peer(vrf, ip), new.peer(vrf, ip)) for vrf in vrfs for ip in ips}
    for ((vrf, one), (later, other)), ip in product(here, ips):
        met, meets = known[vrf, ip][0], known[later, ip][1]
        if meets is not None:
            yield _Met(ip, None if met is None else (met, one), (meets, other))


def _of_those_here(ips: Collection[int], old: Ends, new: Ends) -> Iterator[_Met]:
    """Whom the instances here that have those addresses resolve."""
    known: dict[tuple[int, int], tuple[Pair, ...]] = {}
    for now in new.places.values():
        was = old.places.get(now.zone) if now.ip in ips else None
        if was is None:
            continue
        view = was.vrf, now.vrf
        if view not in known:
            some = grouped(old, was.vrf, new, now.vrf)
            known[view] = tuple((met, later) for met, later in some if later is not None)
        for met, later in known[view]:
            yield _Met(now.ip, (was.identity, met), (now.identity, later))
