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

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import Final

from controller.dataplane.program import Differences, Program, differences
from controller.diff.alone import Own, Side, alone, own, sides
from controller.diff.ends import Ends, ended, ends_of, meetings, touched
from controller.diff.joined import Joined, Lost, Pair, loses, together
from controller.diff.losses import Loss, losses, parts
from controller.diff.opens import ANYTHING, NOTHING, Opens

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


def cuts(
    before: Program,
    after: Program,
    found: Differences | None = None,
    base: Program | None = None,
) -> tuple[Cut, ...]:
    """What one switch must forget when its program goes from one to another.

    To be carried out once no switch permits any more what this one forgets: a packet that still
    comes from another makes its connection known again. ``found`` is the difference of the two,
    where it is known. ``base`` is what the switch held before the whole change of which this is a
    part: what is permitted only since then may be cut too where that saves much. The cost is that
    of the difference, and of one look at the other rows where it has to do with who somebody is or
    what he may do.
    """
    found = differences(before, after) if found is None else found
    old = ends_of(before, base)
    new = ends_of(after, before)  # in any case: the next change goes on from it
    pairs, wide = _of_conjunctions(before, old, found)
    what = touched(found, pairs)
    if what is None:
        return tuple(wide)
    whole = map(Cut, sorted(ended(what, new)))
    lost = tuple(losses(tuple(meetings(what, old, new)), before, after))
    singly = _of(lost, before if base is None else base, after)
    return tuple(dict.fromkeys((*whole, *singly, *wide)))


def needed(found: Iterable[Cut]) -> tuple[Cut, ...]:
    """Those cuts that no other takes with it."""
    some = tuple(dict.fromkeys(found))
    wide: dict[_What, set[int]] = defaultdict(set)
    for cut in some:
        if cut.zone is None:
            wide[_what(cut)].update(cut.zones)
    said = {tuple(part is not None for part in what) for what in wide}
    return tuple(cut for cut in some if not any(_is_in(cut, wide, parts) for parts in said))


_What = tuple[int | None, int | None, int | None, int | None]


def _what(cut: Cut) -> _What:
    return cut.source, cut.target, cut.protocol, cut.port


def _is_in(cut: Cut, wide: Mapping[_What, set[int]], said: tuple[bool, ...]) -> bool:
    """Whether a cut in every zone that says so much takes one of a single zone with it.

    Not a zone as a whole: a wide one says something.
    """
    source, target, protocol, port = (
        part if is_said else None for part, is_said in zip(_what(cut), said, strict=True)
    )
    return cut.zone in wide.get((source, target, protocol, port), ())


def _of_conjunctions(before: Program, old: Ends, found: Differences) -> tuple[set[Pair], list[Cut]]:
    """What conjunctions have lost: as pairs, and as cuts where that would be too many."""
    pairs: set[Pair] = set()
    wide: list[Cut] = []
    gone = ((row, None) for row in found.removed)
    if not any(loses(row, now) for row, now in (*gone, *found.changed)):
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
    for protocol, port in parts(opens, ANYTHING) if any(opens) else ():
        for here in old.places.values():
            if here.identity in lost.sources:
                yield Cut(here.zone, here.ip, None, protocol, port)
            if here.identity in lost.destinations:
                yield Cut(here.zone, None, here.ip, protocol, port)


def _of(found: Sequence[Loss], base: Program, after: Program) -> Iterator[Cut]:
    """Cuts of what was permitted and is no more."""
    whole = alone(found, base, after)
    for one in whole.values():
        for protocol, port in one.parts:
            yield _by_itself(one.side, protocol, port, one.zones)
    rest = [
        loss
        for loss in found
        if not (loss.meeting.is_own and any(side in whole for side in sides(loss)))
    ]
    mine = own(rest, base, after)
    for (zone, side), some in mine.items():
        for protocol, port in some:
            yield replace(_by_itself(side, protocol, port, ()), zone=zone)
    for loss in rest:
        here = loss.meeting.places[0]
        if not (loss.meeting.is_own and Own(here.zone, Side(here.ip, loss.outwards)) in mine):
            yield from _cuts(_without(loss, whole))


def _without(loss: Loss, whole: Collection[Side]) -> Loss:
    """A loss but for the addresses that are cut by themselves."""
    meeting = loss.meeting
    if not whole or not meeting.is_moved or meeting.is_own:
        return loss
    rest = tuple(ip for ip in meeting.addresses if Side(ip, not loss.outwards) not in whole)
    return loss._replace(meeting=replace(meeting, addresses=rest))


def _cuts(loss: Loss) -> Iterator[Cut]:
    """What the instances opened to the addresses, or they to them, as far as it is lost."""
    meeting, kept = loss.meeting, loss.kept
    addresses: Sequence[int | None] = meeting.addresses
    if len(addresses) > MOST_ADDRESSES:
        addresses, kept = [None], ANYTHING  # other addresses may keep anything
    if meeting.is_moved and len(meeting.places) * len(addresses) > MOST_MEETINGS:
        yield from _everywhere(loss)
        return
    some = tuple(parts(loss.lost, kept))
    for here, (protocol, port), address in product(meeting.places, some, addresses):
        source, target = (here.ip, address) if loss.outwards else (address, here.ip)
        yield Cut(here.zone, source, target, protocol, port)


def _everywhere(loss: Loss) -> Iterator[Cut]:
    """By what has moved alone: few addresses that many instances here have to do with."""
    zones = tuple(sorted(here.zone for here in loss.meeting.places))
    for (protocol, port), ip in product(parts(loss.lost, ANYTHING), loss.meeting.addresses):
        yield _by_itself(Side(ip, not loss.outwards), protocol, port, zones)


def _by_itself(side: Side, protocol: int | None, port: int | None, zones: tuple[int, ...]) -> Cut:
    source, target = (side.ip, None) if side.opens else (None, side.ip)
    return Cut(None, source, target, protocol, port, zones)
