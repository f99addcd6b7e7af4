"""A packet in words that Open vSwitch takes: ``ovs-appctl ofproto/trace BRIDGE 'in_port=...'``."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Address
from typing import Final

from controller.dataplane.fields import ETH_ARP, PROTO_ICMP, PROTO_TCP, PROTO_UDP
from controller.verify.packet import Packet
from controller.verify.site import Arrival

_ABOVE: Final = {PROTO_ICMP: "icmp", PROTO_TCP: "tcp", PROTO_UDP: "udp"}


def packet_flow(arrival: Arrival) -> str:
    """The packet and the port that it comes in by, as ovs-fields(7) names them.

    An inner tag is told after the flow in brackets: a flow has but one.
    """
    packet = arrival.packet
    parts = ",".join((f"in_port={arrival.port}", *_link(packet), *_network(packet)))
    inner = "".join(f" [inner tag {tag.vid}]" for tag in packet.tags[1:])
    return parts + inner


def _link(packet: Packet) -> Iterator[str]:
    if packet.tags:
        yield f"dl_vlan={packet.tags[0].vid}"
    yield f"dl_src={_mac(packet, 'eth_src')}"
    yield f"dl_dst={_mac(packet, 'eth_dst')}"


def _network(packet: Packet) -> Iterator[str]:
    if packet.get("eth_type") == ETH_ARP:
        yield f"arp,arp_op={packet.get('arp_op')}"
        yield f"arp_spa={_address(packet, 'arp_spa')},arp_tpa={_address(packet, 'arp_tpa')}"
        yield f"arp_sha={_mac(packet, 'arp_sha')},arp_tha={_mac(packet, 'arp_tha')}"
        return
    protocol = packet.get("ip_proto")
    yield _ABOVE.get(protocol, f"ip,nw_proto={protocol}")
    yield f"nw_src={_address(packet, 'ipv4_src')},nw_dst={_address(packet, 'ipv4_dst')}"
    yield f"nw_tos={packet.get('ip_dscp') << 2},nw_ttl={packet.get('nw_ttl')}"
    if protocol in (PROTO_TCP, PROTO_UDP):
        name = _ABOVE[protocol]
        yield f"tp_src={packet.get(f'{name}_src')},tp_dst={packet.get(f'{name}_dst')}"
    elif protocol == PROTO_ICMP:
        yield f"icmp_type={packet.get('icmpv4_type')},icmp_code=0"


def _mac(packet: Packet, name: str) -> str:
    return ":".join(f"{byte:02x}" for byte in packet.get(name).to_bytes(6, "big"))


def _address(packet: Packet, name: str) -> str:
    return str(IPv4Address(packet.get(name)))
