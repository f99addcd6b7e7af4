"""Sets of connections: what one identity may open to another."""

from __future__ import annotations

from collections.abc import Mapping
from operator import and_, or_
from typing import Final, NamedTuple

PORT_BITS: Final = 16
_EVERY_PORT: Final = (1 << (1 << PORT_BITS)) - 1


class Opens(NamedTuple):
    """A set of connections: a bit for each port, a single one where a protocol has none.

    ``others`` are the protocols that only a rule for any protocol permits.
    """

    others: int = 0
    icmp: int = 0
    tcp: int = 0
    udp: int = 0

    def __or__(self, more: Opens) -> Opens:
        return Opens(*map(or_, self, more))

    def __and__(self, more: Opens) -> Opens:
        return Opens(*map(and_, self, more))

    def without(self, rest: Opens) -> Opens:
        """What is in this set and not in the other."""
        return Opens(*(one & ~other for one, other in zip(self, rest, strict=True)))


NOTHING: Final = Opens()
ANYTHING: Final = Opens(1, 1, _EVERY_PORT, _EVERY_PORT)


def opens_of(kind: str, columns: Mapping[str, int]) -> Opens:
    """What one protocol, or any, and a block of its ports are as a set."""
    match kind:
        case "any":
            return ANYTHING
        case "icmp":
            return Opens(icmp=1)
        case protocol:
            size = (columns["port_mask"] ^ (1 << PORT_BITS) - 1) + 1
            return NOTHING._replace(**{protocol: ((1 << size) - 1) << columns["port"]})
