"""Connection tracking as Open vSwitch does it, as far as the pipeline looks at it.

A connection is known in a zone once it was committed there; packets the other way round are its
replies. Sources: ovs-fields(7), ct_state; ovs-actions(7), ct.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import NamedTuple

from controller.dataplane.fields import (
    CT_EST,
    CT_NEW,
    CT_RPL,
    CT_TRK,
    PROTO_ICMP,
    PROTO_TCP,
    PROTO_UDP,
)
from controller.verify.packet import ECHO_REPLY, ECHO_REQUEST, Packet


class Flow(NamedTuple):
    """A packet's connection, seen in its direction."""

    source: int
    target: int
    protocol: int
    source_port: int
    target_port: int

    def reversed(self) -> Flow:
        """The other direction."""
        return Flow(self.target, self.source, self.protocol, self.target_port, self.source_port)


@dataclass(frozen=True, slots=True)
class Connection:
    """A committed connection: its mark, and whether it was answered."""

    mark: int
    answered: bool = False


class Found(NamedTuple):
    """What a look-up writes into the packet's metadata."""

    state: int
    mark: int


@dataclass(frozen=True, slots=True)
class Conntrack:
    """All zones of one switch; immutable: what changes it returns another."""

    connections: Mapping[tuple[int, Flow], Connection] = field(
        default_factory=lambda: MappingProxyType({})
    )

    def look_up(self, zone: int, packet: Packet) -> tuple[Found, Conntrack]:
        """The state of a packet in a zone. A reply makes its connection answered."""
        flow = flow_of(packet)
        forward = self.connections.get((zone, flow))
        if forward is not None:
            state = CT_EST if forward.answered else CT_NEW
            return Found(CT_TRK | state, forward.mark), self
        back = self.connections.get((zone, flow.reversed()))
        if back is None:
            return Found(CT_TRK | CT_NEW, 0), self
        answered = self._with((zone, flow.reversed()), replace(back, answered=True))
        return Found(CT_TRK | CT_EST | CT_RPL, back.mark), answered

    def commit(self, zone: int, packet: Packet, mark: int) -> Conntrack:
        """Remember a packet's connection, or mark one that is known, in either direction."""
        flow = flow_of(packet)
        back = (zone, flow.reversed())
        key = back if back in self.connections else (zone, flow)
        known = self.connections.get(key, Connection(mark))
        return self._with(key, replace(known, mark=mark))

    def without(
        self,
        zone: int | None,
        *,
        source: int | None = None,
        target: int | None = None,
        protocol: int | None = None,
        port: int | None = None,
    ) -> Conntrack:
        """Forget connections of a zone, from source to target; None stands for any."""
        wanted = (source, target, protocol, port)
        return Conntrack(
            MappingProxyType(
                {
                    (place, flow): connection
                    for (place, flow), connection in self.connections.items()
                    if zone not in (None, place)
                    or any(
                        want not in (None, has)
                        for want, has in zip(wanted, _opened(flow), strict=True)
                    )
                }
            )
        )

    def _with(self, key: tuple[int, Flow], connection: Connection) -> Conntrack:
        return Conntrack(MappingProxyType({**self.connections, key: connection}))


@dataclass(frozen=True, slots=True)
class Established(Conntrack):
    """Knows every connection as answered, and every packet as a later one of its opening side."""

    def look_up(self, zone: int, packet: Packet) -> tuple[Found, Conntrack]:
        """Established, and no reply."""
        return Found(CT_TRK | CT_EST, 0), self

    def commit(self, zone: int, packet: Packet, mark: int) -> Conntrack:
        """It is known already."""
        return self


def _opened(flow: Flow) -> tuple[int, int, int, int]:
    return flow.source, flow.target, flow.protocol, flow.target_port


def flow_of(packet: Packet) -> Flow:
    """A packet's connection. An echo reply answers the request with its identifier."""
    protocol = packet.get("ip_proto")
    ends = (packet.get("ipv4_src"), packet.get("ipv4_dst"), protocol)
    match protocol:
        case number if number == PROTO_TCP:
            return Flow(*ends, packet.get("tcp_src"), packet.get("tcp_dst"))
        case number if number == PROTO_UDP:
            return Flow(*ends, packet.get("udp_src"), packet.get("udp_dst"))
        case number if number == PROTO_ICMP and packet.get("icmpv4_type") == ECHO_REPLY:
            return Flow(*ends, ECHO_REPLY, packet.get("icmp_id") << 8 | ECHO_REQUEST)
        case number if number == PROTO_ICMP:
            return Flow(*ends, packet.get("icmp_id") << 8 | packet.get("icmpv4_type"), ECHO_REPLY)
        case _:
            return Flow(*ends, 0, 0)


def reply_to(packet: Packet) -> Packet:
    """The packet that answers this one, as the receiver's stack would send it."""
    swapped = packet
    for one, other in (
        *(("eth_src", "eth_dst"), ("ipv4_src", "ipv4_dst")),
        *(("tcp_src", "tcp_dst"), ("udp_src", "udp_dst")),
    ):
        swapped = swapped.with_field(one, packet.get(other)).with_field(other, packet.get(one))
    if packet.get("ip_proto") == PROTO_ICMP:
        swapped = swapped.with_field("icmpv4_type", ECHO_REPLY)
    return swapped.with_field("nw_ttl", 64).with_field("ip_dscp", 0)
