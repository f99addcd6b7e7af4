"""What instances and addresses may open to each other no more, and how that is said."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from controller.dataplane.fields import PROTO_ICMP, PROTO_TCP, PROTO_UDP
from controller.dataplane.program import Program
from controller.diff.ends import Meeting
from controller.diff.joined import Pair
from controller.diff.opens import Opens
from controller.diff.permitted import Change, change, permitted

MOST_PORTS: Final = 64
"""Up to how many ports are cut one by one."""

Part = tuple[int | None, int | None]
"""Protocol and port, None for any."""


class Loss(NamedTuple):
    """What the instances of a meeting opened to its addresses, or those to them, and may no more.

    ``outwards``: the instances opened it. ``kept`` is what may be opened now.
    """

    meeting: Meeting
    outwards: bool
    lost: Opens
    kept: Opens


def losses(found: Sequence[Meeting], before: Program, after: Program) -> Iterator[Loss]:
    """The meetings that have lost something, by direction."""
    was = permitted(before, {pair for m in found for pair in both_ways(m.before)})
    now = permitted(after, {pair for m in found if m.after for pair in both_ways(m.after)})
    known: dict[tuple[Pair, Pair | None], Change] = {}
    for meeting in found:
        for outwards in (True, False):
            one, other = meeting.before, meeting.after
            if not outwards:
                one, other = one[::-1], other and other[::-1]
            if (one, other) not in known:
                known[one, other] = change(was.get(one), now.get(other) if other else None)
            if any(known[one, other].lost):
                yield Loss(meeting, outwards, *known[one, other])


def both_ways(pair: Pair) -> tuple[Pair, Pair]:
    """A pair, and the same the other way round."""
    return pair, pair[::-1]


def parts(lost: Opens, kept: Opens) -> Iterator[Part]:
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
