"""What two sets of rules for one pair of identities open and carry: the difference, in ranges."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import Final, NamedTuple

from controller.model.intent import PORT_MAX, PortRange, Protocol

_PORTED: Final[tuple[Protocol, ...]] = ("tcp", "udp")
_ANY: Final = PortRange("any")
_EVERYTHING: Final = {_ANY, PortRange("icmp"), PortRange("tcp"), PortRange("udp")}


class RuleClaim(NamedTuple):
    """What one rule says of a pair of identities."""

    rule: str
    allow: tuple[PortRange, ...]
    dscp: int | None
    qos_class: str


class ReachItem(NamedTuple):
    """One line of a group without its services."""

    rule: str
    allow: tuple[PortRange, ...]
    dscp: int | None
    qos_class: str
    qos_class_before: str | None


def beyond(claims: Iterable[RuleClaim], others: Iterable[RuleClaim]) -> Iterator[ReachItem]:
    """What claims open that the others do not."""
    for claim in claims:
        covered = [p for other in others if other.dscp in (None, claim.dscp) for p in other.allow]
        left = subtract(claim.allow, covered)
        if left:
            yield ReachItem(claim.rule, left, claim.dscp, claim.qos_class, None)


def subtract(allow: Iterable[PortRange], covered: Iterable[PortRange]) -> tuple[PortRange, ...]:
    """The parts of ``allow`` outside ``covered``. A part of `any` counts as all of it."""
    left = list(allow)
    for cover in covered:
        left = [part for ports in left for part in _without(ports, cover)]
    return tuple(sorted(left))


def _without(ports: PortRange, cover: PortRange) -> Iterator[PortRange]:
    if cover.protocol == "any":
        return
    if cover.protocol != ports.protocol or cover.last < ports.first or ports.last < cover.first:
        yield ports
        return
    if ports.first < cover.first:
        yield PortRange(ports.protocol, ports.first, cover.first - 1)
    if cover.last < ports.last:
        yield PortRange(ports.protocol, cover.last + 1, ports.last)


def recarried(was: tuple[RuleClaim, ...], now: tuple[RuleClaim, ...]) -> Iterator[ReachItem]:
    """Ranges that both sides allow, in another class than before."""
    if was == now:
        return
    found: dict[tuple[str, int | None, str, str], list[PortRange]] = {}
    named = sorted({c.dscp for c in (*was, *now) if c.dscp is not None})
    for ports in _pieces((*was, *now)):
        plain = _decide(was, ports, None), _decide(now, ports, None)
        for dscp in (None, *named):
            old, new = _decide(was, ports, dscp), _decide(now, ports, dscp)
            if dscp is not None and (old, new) == plain:
                continue
            if old and new and old.qos_class != new.qos_class:
                key = (new.rule, dscp, new.qos_class, old.qos_class)
                found.setdefault(key, []).append(ports)
    for (rule, dscp, then, before), ranges in found.items():
        yield ReachItem(rule, _joined(ranges), dscp, then, before)


def _joined(ranges: list[PortRange]) -> tuple[PortRange, ...]:
    """Stretches that lie side by side as one, and every packet as `any`."""
    found: list[PortRange] = []
    for ports in ranges:
        last = found[-1] if found else None
        if last and last.protocol == ports.protocol and last.last + 1 == ports.first:
            found[-1] = PortRange(ports.protocol, last.first, ports.last)
        else:
            found.append(ports)
    return (_ANY,) if set(found) == _EVERYTHING else tuple(sorted(found))


def _pieces(claims: Iterable[RuleClaim]) -> Iterator[PortRange]:
    """Ranges that no claim cuts: every protocol, every stretch of ports between two boundaries."""
    every = [ports for claim in claims for ports in claim.allow]
    for protocol in _PORTED:
        cuts = {0, PORT_MAX + 1}
        for ports in every:
            if ports.protocol == protocol:
                cuts |= {ports.first, ports.last + 1}
        edges = sorted(cuts)
        yield from (PortRange(protocol, first, after - 1) for first, after in pairwise(edges))
    yield PortRange("icmp")
    yield _ANY  # here: the protocols beside those


def _decide(claims: Iterable[RuleClaim], ports: PortRange, dscp: int | None) -> RuleClaim | None:
    """Who decides for a whole range, as :func:`controller.model.meaning.verdict` has it."""
    matching = [
        ((claim.dscp is None, width, claim.rule), claim)
        for claim in claims
        if claim.dscp is None or claim.dscp == dscp
        if (width := min(_widths(claim, ports), default=None)) is not None
    ]
    return min(matching, key=lambda found: found[0])[1] if matching else None


def _widths(claim: RuleClaim, ports: PortRange) -> Iterator[int]:
    for allow in claim.allow:
        if allow.protocol == "any":
            yield PORT_MAX + 3
        elif allow.protocol == ports.protocol == "icmp":
            yield PORT_MAX + 2
        elif allow.protocol == ports.protocol and allow.first <= ports.first <= allow.last:
            yield allow.last - allow.first + 1
