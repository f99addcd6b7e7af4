"""What a set of rules grants to one pair of identities, as blocks that never overlap.

Where several rules match a packet one decides: rules that look at the sender's DSCP come first,
then the fewest ports, then the name. Ranges are cut at every boundary, each piece is given to its
winner, and neighbours of one winner are joined, so that entries of one band are disjoint and a
change of one rule disturbs no other entry.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Final, NamedTuple

from controller.model.blocks import blocks
from controller.model.intent import PortRange, Protocol, Rule

_PORTED: Final[tuple[Protocol, ...]] = ("tcp", "udp")


class Grantable(NamedTuple):
    """A rule that opens a pair, and the DSCP of the class it leads into for that pair."""

    rule: Rule
    class_dscp: int


@dataclass(frozen=True, slots=True)
class Grant:
    """One permit row without its identities."""

    shape: str
    columns: Mapping[str, int]
    rule: str
    class_dscp: int


class _Claim(NamedTuple):
    """One range of one rule, ordered so that the smallest decides."""

    unmarked: bool
    width: int
    rule: str
    allow: PortRange
    class_dscp: int
    dscp: int | None


def grants(granted: Sequence[Grantable]) -> tuple[Grant, ...]:
    """All permit rows of one pair of identities."""
    return _grants(tuple(_claims(granted)))


@lru_cache(maxsize=4096)
def _grants(claims: tuple[_Claim, ...]) -> tuple[Grant, ...]:
    marked = [claim for claim in claims if not claim.unmarked]
    found = list(_band("permit.", {}, [claim for claim in claims if claim.unmarked]))
    for dscp in sorted({claim.dscp for claim in marked if claim.dscp is not None}):
        near = [claim for claim in marked if claim.dscp == dscp]
        found += _band("permit.marked_", {"far": 0, "dscp": dscp}, near)
    for dscp in sorted({claim.class_dscp for claim in marked}):
        far = [claim for claim in marked if claim.class_dscp == dscp]
        found += _band("permit.marked_", {"far": 1, "dscp": dscp}, far)
    return tuple(found)


def _claims(granted: Iterable[Grantable]) -> Iterator[_Claim]:
    for rule, class_dscp in granted:
        for allow in rule.allow:
            yield _Claim(rule.dscp is None, width(allow), rule.name, allow, class_dscp, rule.dscp)


def width(allow: PortRange) -> int:
    """How much a rule allows, as a number that orders: the least decides."""
    match allow.protocol:
        case "any":
            return 1 << 20
        case "icmp":
            return 1 << 18
        case _:
            return allow.last - allow.first + 1


def _band(prefix: str, columns: Mapping[str, int], claims: Sequence[_Claim]) -> Iterator[Grant]:
    """Rows of one band: any protocol, and each protocol where it says something else."""
    anything = min((claim for claim in claims if claim.allow.protocol == "any"), default=None)
    if anything:
        yield _grant(f"{prefix}any", columns, anything)
    icmp = min((claim for claim in claims if claim.allow.protocol == "icmp"), default=None)
    if icmp:
        yield _grant(f"{prefix}icmp", columns, icmp)
    for protocol in _PORTED:
        ported = [claim for claim in claims if claim.allow.protocol == protocol]
        for first, last, claim in _pieces(ported):
            for port, mask in blocks(first, last):
                place = {**columns, "port": port, "port_mask": mask}
                yield _grant(f"{prefix}{protocol}", place, claim)


def _grant(shape: str, columns: Mapping[str, int], claim: _Claim) -> Grant:
    return Grant(shape, columns, claim.rule, claim.class_dscp)


def _pieces(claims: Sequence[_Claim]) -> Iterator[tuple[int, int, _Claim]]:
    """Disjoint (first, last, winner), in order, neighbours of one winner joined."""
    cuts = sorted({c.allow.first for c in claims} | {c.allow.last + 1 for c in claims})
    current: tuple[int, int, _Claim] | None = None
    for first, after in pairwise(cuts):
        winner = min((c for c in claims if c.allow.first <= first < c.allow.last + 1), default=None)
        if current and winner and current[2] == winner and current[1] == first - 1:
            current = (current[0], after - 1, winner)
            continue
        if current:
            yield current
        current = (first, after - 1, winner) if winner else None
    if current:
        yield current
