"""A packet as the interpreter sees it: field values by name, and VLAN tags, outermost first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Final

from controller.dataplane.fields import (
    ETH_8021Q,
    ETH_ARP,
    ETH_IPV4,
    PROTO_ICMP,
    PROTO_TCP,
    PROTO_UDP,
    VID_PRESENT,
)

ECHO_REQUEST: Final = 8
ECHO_REPLY: Final = 0
START_TTL: Final = 64
CLIENT_PORT: Final = 40000
DHCP_CLIENT_PORT: Final = 68
DHCP_SERVER_PORT: Final = 67
EVERYBODY: Final = 0xFFFFFFFF
"""255.255.255.255."""
"""Source port of packets that the verifier makes up: any would do."""


@dataclass(frozen=True, slots=True)
class Tag:
    """One VLAN tag."""

    eth_type: int
    vid: int


@dataclass(frozen=True, slots=True)
class Packet:
    """Header fields by the names of :mod:`controller.dataplane.fields`, and tags.

    Besides those, ``tcp_src``, ``udp_src`` and ``icmp_id`` tell connections apart.
    """

    fields: Mapping[str, int]
    tags: tuple[Tag, ...] = field(default=())

    def get(self, name: str) -> int:
        """A field's value; 0 for one the packet has not."""
        if name == "vlan_vid":
            return VID_PRESENT | self.tags[0].vid if self.tags else 0
        return self.fields.get(name, 0)

    def with_field(self, name: str, value: int) -> Packet:
        """The packet with one field written."""
        return replace(self, fields=MappingProxyType({**self.fields, name: value}))

    def pushed(self, eth_type: int) -> Packet:
        """The packet with an outer tag added; it takes over the outer VLAN id (OVS manual)."""
        vid = self.tags[0].vid if self.tags else 0
        return replace(self, tags=(Tag(eth_type, vid), *self.tags))

    def popped(self) -> Packet:
        """The packet without its outer tag."""
        return replace(self, tags=self.tags[1:])

    def with_vid(self, vid: int) -> Packet:
        """The packet with its outer tag's VLAN id written; one without a tag has none to write."""
        if not self.tags:
            return self
        return replace(self, tags=(replace(self.tags[0], vid=vid), *self.tags[1:]))


def ipv4(
    *, source_mac: int, target_mac: int, source: int, target: int, protocol: int, dscp: int = 0
) -> Packet:
    """An IPv4 packet without a layer above it."""
    return Packet(
        MappingProxyType(
            {
                "eth_src": source_mac,
                "eth_dst": target_mac,
                "eth_type": ETH_IPV4,
                "ipv4_src": source,
                "ipv4_dst": target,
                "ip_proto": protocol,
                "ip_dscp": dscp,
                "nw_ttl": START_TTL,
            }
        )
    )


def with_ports(packet: Packet, *, source: int, target: int) -> Packet:
    """The packet with TCP or UDP ports, or as an ICMP echo request."""
    match packet.get("ip_proto"):
        case protocol if protocol == PROTO_TCP:
            return packet.with_field("tcp_src", source).with_field("tcp_dst", target)
        case protocol if protocol == PROTO_UDP:
            return packet.with_field("udp_src", source).with_field("udp_dst", target)
        case protocol if protocol == PROTO_ICMP:
            return packet.with_field("icmpv4_type", ECHO_REQUEST).with_field("icmp_id", source)
        case _:
            return packet


def tagged(packet: Packet, vid: int) -> Packet:
    """The packet in an 802.1Q tag, as a nested port sends it."""
    return packet.pushed(ETH_8021Q).with_vid(vid)


def dhcp_request(*, mac: int, source: int, target: int) -> Packet:
    """What a DHCP client says to a server (RFC 2131, section 4.1), as far as addresses go."""
    packet = ipv4(
        source_mac=mac,
        target_mac=(1 << 48) - 1,
        source=source,
        target=target,
        protocol=PROTO_UDP,
    )
    return with_ports(packet, source=DHCP_CLIENT_PORT, target=DHCP_SERVER_PORT)


def arp_request(*, mac: int, source: int, target: int) -> Packet:
    """An ARP request for ``target``."""
    return Packet(
        MappingProxyType(
            {
                "eth_src": mac,
                "eth_dst": (1 << 48) - 1,
                "eth_type": ETH_ARP,
                "arp_op": 1,
                "arp_spa": source,
                "arp_tpa": target,
                "arp_sha": mac,
                "arp_tha": 0,
            }
        )
    )
