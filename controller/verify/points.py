"""Where a verdict may change: the ports and DSCPs at which to ask about a pair.

Neither the intent nor an entry tells two ports apart that lie between two neighbouring points, so
that asking at the points is asking at every port; likewise for DSCPs. That holds for wrong entries
too, because the points of what is installed are asked about as well as those of the intent.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Final, NamedTuple

from controller.dataplane.fields import PROTO_ICMP, PROTO_TCP, PROTO_UDP
from controller.dataplane.pipeline import SHAPES
from controller.dataplane.program import Program
from controller.dataplane.shapes import Row
from controller.model.intent import DSCP_MAX, PORT_MAX, Intent

_NUMBERS: Final = {"tcp": PROTO_TCP, "udp": PROTO_UDP}
_PORTED: Final = {
    "permit.at_tcp": PROTO_TCP,
    "permit.at_udp": PROTO_UDP,
    "permit.tcp": PROTO_TCP,
    "permit.marked_tcp": PROTO_TCP,
    "permit.udp": PROTO_UDP,
    "permit.marked_udp": PROTO_UDP,
}
_OTHER_PROTOCOL: Final = 132  # SCTP: only ``any`` allows it
_ALWAYS: Final = ((PROTO_ICMP, 0), (_OTHER_PROTOCOL, 0), (PROTO_TCP, 0), (PROTO_UDP, 0))


class Points(NamedTuple):
    """(protocol, port) pairs and sender's DSCPs, each in order."""

    ports: tuple[tuple[int, int], ...]
    marks: tuple[int, ...]


def points(intent: Intent, programs: Mapping[str, Program]) -> Points:
    """Just inside and just outside of every range that the intent or an entry has."""
    rows = [row for held in programs.values() for row in held if row.shape.startswith("permit.")]
    # Switch by switch: a hole in one is not filled by what another holds.
    each = ([row for row in held if row.shape in _PORTED] for held in programs.values())
    ranges = {*_wanted(intent), *(found for held in each for found in _installed(held))}
    edges = {
        (protocol, port)
        for protocol, first, last in ranges
        for port in (first - 1, first, last, last + 1)
        if 0 <= port <= PORT_MAX
    }
    return Points(tuple(sorted({*_ALWAYS, *edges})), _marks(intent, rows))


def _wanted(intent: Intent) -> Iterator[tuple[int, int, int]]:
    for rule in intent.rules.values():
        for allow in rule.allow:
            if allow.protocol in _NUMBERS:
                yield _NUMBERS[allow.protocol], allow.first, allow.last


def _installed(rows: Iterable[Row]) -> Iterator[tuple[int, int, int]]:
    """Ranges of entries. Blocks that differ in nothing but the port are joined to one range."""
    blocks: dict[tuple[object, ...], set[tuple[int, int]]] = defaultdict(set)
    for row in rows:
        if row.shape in _PORTED:
            columns = SHAPES[row.shape].columns(row)
            port, mask = columns.pop("port"), columns.pop("port_mask")
            blocks[row.shape, *columns.items()].add((port, port | PORT_MAX & ~mask))
    for (shape, *_), found in blocks.items():
        for first, last in _joined(found):
            yield _PORTED[str(shape)], first, last


def _joined(blocks: Iterable[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    current: tuple[int, int] | None = None
    for first, last in sorted(blocks):
        if current is not None and current[1] == first - 1:
            current = (current[0], last)
            continue
        if current is not None:
            yield current
        current = (first, last)
    if current is not None:
        yield current


def _marks(intent: Intent, rows: Iterable[Row]) -> tuple[int, ...]:
    """0, every DSCP that a rule or an entry looks at, and one that none does.

    That one is a class's where there is one left, for that is what a sender would forge.
    """
    named = {rule.dscp for rule in intent.rules.values() if rule.dscp is not None}
    for row in rows:
        if row.shape.startswith("permit.marked_"):
            named.add(SHAPES[row.shape].columns(row)["dscp"])
    classes = sorted((c.dscp for c in intent.classes.values() if c.dscp), reverse=True)
    other = next((d for d in (*classes, *range(DSCP_MAX, 0, -1)) if d not in named), 0)
    return tuple(sorted({0, *named, other}))
