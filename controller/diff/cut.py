"""Connections that a switch must forget because what permitted them was withdrawn.

Every instance has a conntrack zone on its edge switch, in which the connections it opens and those
opened to it are known. Packets of the opening side are judged one by one; those of the other side
pass because the connection is known, so that has to end with the permission.

A cut names ends, protocol and port. Where a withdrawal cannot be said that way (many ports but not
all, a mark that the sender set, "any protocol" of which something stays) or would take too many
cuts (one port to hundreds of addresses) a cut takes more than was withdrawn: what stays permitted
is known again with the next packet of the opening side.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Final

from controller.dataplane.fields import PROTO_ICMP, PROTO_TCP, PROTO_UDP
from controller.dataplane.program import Differences, Program, differences
from controller.diff.ends import Ends, Meeting, ended, meetings, touched
from controller.diff.joined import Joined, Lost, Pair, is_clause, together
from controller.diff.opens import ANYTHING, NOTHING, Opens
from controller.diff.permitted import Change, change, permitted

MOST_PORTS: Final = 64
"""Up to how many ports are cut one by one."""

MOST_ADDRESSES: Final = 16
"""Up to how many addresses of one identity are cut one by one."""


MOST_PAIRS: Final = 20_000
"""Up to how many pairs of identities a conjunction that is lost is cut pair by pair."""

MOST_MEETINGS: Final = 256
"""Up to how many pairs of an instance and an address that is somebody else now are cut singly."""


@dataclass(frozen=True, slots=True)
class Cut:
    """Connections opened from ``source`` to ``target`` in a conntrack zone, to be forgotten.

    Addresses are IPv4 as numbers, ``protocol`` is the IP protocol number and ``port`` the one the
    connection was opened to; None stands for any. All None but the zone: the zone as a whole.
    A ``zone`` of None is every zone of the switch: ``zones`` are meant, but are too many to name.
    """

    zone: int | None
    source: int | None = None
    target: int | None = None
    protocol: int | None = None
    port: int | None = None
    zones: tuple[int, ...] = ()

    @property
    def whole(self) -> bool:
        """Whether it is the zone as a whole."""
        return (self.source, self.target, self.protocol, self.port) == (None,) * 4


def cuts(before: Program, after: Program, found: Differences | None = None) -> tuple[Cut, ...]:
    """What one switch must forget when its program goes from one to another.

    To be carried out once no switch permits any more what this one forgets: a packet that still
    comes from another makes its connection known again. ``found`` is the difference of the two,
    where it is known. The cost is that of the difference, and of one look at the other rows where
    it has to do with who somebody is or what he may do.
    """
    found = differences(before, after) if found is None else found
    old = Ends(before)
    pairs, wide = _of_conjunctions(before, old, found)
    what = touched(found, pairs)
    if what is None:
        return tuple(wide)
    new = Ends(after) if what.places or what.peers else old
    whole = map(Cut, sorted(ended(what, new)))
    lost = _lost(tuple(meetings(what, old, new)), before, after)
    return tuple(dict.fromkeys((*whole, *lost, *wide)))


def _of_conjunctions(before: Program, old: Ends, found: Differences) -> tuple[set[Pair], list[Cut]]:
    """What conjunctions have lost: as pairs, and as cuts where that would be too many."""
    pairs: set[Pair] = set()
    wide: list[Cut] = []
    if not any(is_clause(row) for row in (*found.removed, *(row for row, _ in found.changed))):
        return pairs, wide
    joined = Joined.of(before)
    here = {place.identity for place in old.places.values()}
    for lost in together(joined.lost(found)):
        sources, destinations = lost.sources & here, lost.destinations & here
        many = len(sources) * len(lost.destinations) + len(lost.sources) * len(destinations)
        if many > MOST_PAIRS:
            wide += _wide(old, lost, joined.opens.get(lost.conjunction, NOTHING))
        else:
            pairs.update(product(sources, lost.destinations), product(lost.sources, destinations))
    return pairs, wide


def _wide(old: Ends, lost: Lost, opens: Opens) -> Iterator[Cut]:
    """All that instances here opened to anybody, or anybody to them, by what a conjunction let."""
    for protocol, port in _parts(opens, ANYTHING) if any(opens) else ():
        for here in old.places.values():
            if here.identity in lost.sources:
                yield Cut(here.zone, here.ip, None, protocol, port)
            if here.identity in lost.destinations:
                yield Cut(here.zone, None, here.ip, protocol, port)


def _lost(found: Sequence[Meeting], before: Program, after: Program) -> Iterator[Cut]:
    """Cuts of what was permitted and is no more."""
    was = permitted(before, {pair for m in found for pair in _both_ways(m.before)})
    now = permitted(after, {pair for m in found if m.after for pair in _both_ways(m.after)})
    known: dict[tuple[Pair, Pair | None], Change] = {}
    for meeting in found:
        for outwards in (True, False):
            one, other = meeting.before, meeting.after
            if not outwards:
                one, other = one[::-1], other and other[::-1]
            if (one, other) not in known:
                known[one, other] = change(was.get(one), now.get(other) if other else None)
            if any(known[one, other].lost):
                yield from _cuts(meeting, known[one, other], outwards=outwards)


def _both_ways(pair: Pair) -> tuple[Pair, Pair]:
    return pair, pair[::-1]


def _cuts(meeting: Meeting, found: Change, *, outwards: bool) -> Iterator[Cut]:
    """What the instances opened to the addresses, or they to them, as far as it is lost."""
    kept = found.kept
    addresses: Sequence[int | None] = meeting.addresses
    if len(addresses) > MOST_ADDRESSES:
        addresses, kept = [None], ANYTHING  # other addresses may keep anything
    parts = tuple(_parts(found.lost, kept))
    if meeting.is_moved and len(meeting.places) * len(addresses) > MOST_MEETINGS:
        yield from _everywhere(meeting, _parts(found.lost, ANYTHING), outwards=outwards)
        return
    for here, (protocol, port), address in product(meeting.places, parts, addresses):
        source, target = (here.ip, address) if outwards else (address, here.ip)
        yield Cut(here.zone, source, target, protocol, port)


def _everywhere(
    meeting: Meeting, parts: Iterator[tuple[int | None, int | None]], *, outwards: bool
) -> Iterator[Cut]:
    """By what has moved alone: few addresses that many instances here have to do with."""
    zones = tuple(sorted(here.zone for here in meeting.places))
    for (protocol, port), address in product(parts, meeting.addresses):
        source, target = (None, address) if outwards else (address, None)
        yield Cut(None, source, target, protocol, port, zones)


def _parts(lost: Opens, kept: Opens) -> Iterator[tuple[int | None, int | None]]:
    """What is lost as protocols and ports, without what is kept where that can be said."""
    if lost.others or not any(kept):
        yield None, None
        return
    if lost.icmp:
        yield PROTO_ICMP, None
    for protocol, gone, left in ((PROTO_TCP, lost.tcp, kept.tcp), (PROTO_UDP, lost.udp, kept.udp)):
        if gone and left and gone.bit_count() <= MOST_PORTS:
            yield from ((protocol, port) for port in _ports(gone))
        elif gone:
            yield protocol, None


def _ports(ports: int) -> Iterator[int]:
    while ports:
        lowest = ports & -ports
        yield lowest.bit_length() - 1
        ports ^= lowest
