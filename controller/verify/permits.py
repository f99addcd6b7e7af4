"""Permit rows of a pair of identities as a function of protocol, port and DSCP.

The header space of a pair falls into classes within which neither the intent nor any row tells two
packets apart: a protocol, a range of ports between two boundaries, one DSCP that somebody looks at
or any other. One packet of each class decides for all of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Final, NamedTuple

from controller.dataplane.fields import PROTO_ICMP, PROTO_TCP, PROTO_UDP
from controller.model.intent import DSCP_MAX, PORT_MAX
from controller.verify.conjunctions import Permit, Permits
from controller.verify.wanted import Claims, decide

OTHER_PROTOCOL: Final = 132  # SCTP: only ``any`` speaks of it
NUMBERS: Final = {"icmp": PROTO_ICMP, "tcp": PROTO_TCP, "udp": PROTO_UDP}
_PORTED: Final = ("tcp", "udp")
_NEAR: Final = 0
_FAR: Final = 1
_BANDS: Final = {(True, True): 5, (True, False): 4, (False, True): 3, (False, False): 2}
_SHARED: Final = {True: 1, False: 0}


class Point(NamedTuple):
    """One packet for a class of them."""

    protocol: int
    port: int
    dscp: int


class Difference(NamedTuple):
    """A class of packets that rows carry in other classes than the intent; None is denied."""

    point: Point
    expected: int | None
    found: int | None


class Compared(NamedTuple):
    """What a comparison found: differences, and the DSCPs of classes in which packets pass."""

    differences: tuple[Difference, ...]
    classes: frozenset[int]


@lru_cache(maxsize=1 << 16)
def compare(near: Permits, far: Permits, claims: Claims) -> Compared:
    """Hold a pair's rows at the sender's edge and at the receiver's against the intent's rules."""
    differences: list[Difference] = []
    classes: set[int] = set()
    for point in points(near, far, claims):
        expected = decide(claims, *point)
        found, same = _through(near, far, point)
        if expected is not None:
            classes.add(expected)
        if found != expected or not same:
            differences.append(Difference(point, expected, found))
    return Compared(tuple(differences), frozenset(classes))


def points(near: Permits, far: Permits, claims: Claims) -> tuple[Point, ...]:
    """One packet of every class that rules or rows of a pair tell apart."""
    return tuple(
        Point(protocol, port, dscp)
        for protocol, port in _ports(near | far, claims)
        for dscp in _marks(near | far, claims)
    )


def _through(near: Permits, far: Permits, point: Point) -> tuple[int | None, bool]:
    """The class after both judgements, and whether both agree without doubt."""
    first = _judge(near, _NEAR, point)
    if len(first) != 1:
        return None, not first
    (dscp,) = first
    second = _judge(far, _FAR, point._replace(dscp=dscp))
    if len(second) != 1:
        return None, not second
    return next(iter(second)), first == second


def _judge(permits: Permits, far: int, point: Point) -> set[int]:
    """The classes that rows of the highest priority that match say; more than one is ambiguous."""
    best, found = -1, set[int]()
    for permit in permits:
        band = _band(permit)
        if band >= best and _matches(permit, far, point):
            found = found | {permit.qos_class} if band == best else {permit.qos_class}
            best = band
    return found


def _band(permit: Permit) -> int:
    narrow = permit.protocol != "any"
    return _SHARED[narrow] if permit.shared else _BANDS[permit.dscp is not None, narrow]


def _matches(permit: Permit, far: int, point: Point) -> bool:
    if permit.dscp is not None and (permit.far, permit.dscp) != (far, point.dscp):
        return False
    if permit.protocol == "any":
        return True
    if NUMBERS[permit.protocol] != point.protocol:
        return False
    return permit.protocol not in _PORTED or point.port & permit.mask == permit.port


def _ports(permits: Permits, claims: Claims) -> list[tuple[int, int]]:
    found = {(PROTO_ICMP, 0), (OTHER_PROTOCOL, 0), (PROTO_TCP, 0), (PROTO_UDP, 0)}
    for protocol, first, last in (*_ranges(permits), *_wanted(claims)):
        number = NUMBERS[protocol]
        found |= {(number, first), (number, last)}
        found |= {(number, first - 1)} if first else set()
        found |= {(number, last + 1)} if last < PORT_MAX else set()
    return sorted(found)


def _ranges(permits: Permits) -> Iterator[tuple[str, int, int]]:
    for permit in permits:
        if permit.protocol in _PORTED:
            yield permit.protocol, permit.port, permit.port | PORT_MAX & ~permit.mask


def _wanted(claims: Claims) -> Iterator[tuple[str, int, int]]:
    for claim in claims:
        for allow in claim.allow:
            if allow.protocol in _PORTED:
                yield allow.protocol, allow.first, allow.last


def _marks(permits: Permits, claims: Claims) -> list[int]:
    """Every DSCP that somebody looks at, and one that nobody does."""
    named = {permit.dscp for permit in permits if permit.dscp is not None}
    named |= {claim.dscp for claim in claims if claim.dscp is not None}
    return sorted({*named, *_unnamed(named)})


def _unnamed(named: Iterable[int]) -> Iterator[int]:
    taken = set(named)
    for dscp in range(DSCP_MAX + 1):
        if dscp not in taken:
            yield dscp
            return
