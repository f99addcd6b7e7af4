"""A verifier's packet as bytes, for Open vSwitch to read."""

from __future__ import annotations

import struct

from controller.dataplane.fields import ETH_ARP, PROTO_ICMP, PROTO_TCP, PROTO_UDP
from controller.verify.packet import Packet


def encode(packet: Packet) -> bytes:
    """The frame: Ethernet, VLAN tags, and ARP or IPv4 with its layer above (RFC 826, 791)."""
    tags = b"".join(struct.pack("!HH", tag.eth_type, tag.vid) for tag in packet.tags)
    kind = struct.pack("!H", packet.get("eth_type"))
    inner = _arp(packet) if packet.get("eth_type") == ETH_ARP else _ipv4(packet)
    return _mac(packet, "eth_dst") + _mac(packet, "eth_src") + tags + kind + inner


def _mac(packet: Packet, name: str) -> bytes:
    return packet.get(name).to_bytes(6, "big")


def _address(packet: Packet, name: str) -> bytes:
    return packet.get(name).to_bytes(4, "big")


def _arp(packet: Packet) -> bytes:
    sender = _mac(packet, "arp_sha") + _address(packet, "arp_spa")
    target = _mac(packet, "arp_tha") + _address(packet, "arp_tpa")
    return struct.pack("!HHBBH", 1, 0x0800, 6, 4, packet.get("arp_op")) + sender + target


def _ipv4(packet: Packet) -> bytes:
    above = _above(packet)
    head = struct.pack(
        "!BBHHHBBH",
        *(0x45, packet.get("ip_dscp") << 2, 20 + len(above), 0, 0),
        *(packet.get("nw_ttl"), packet.get("ip_proto"), 0),
    )
    addresses = _address(packet, "ipv4_src") + _address(packet, "ipv4_dst")
    summed = head[:10] + struct.pack("!H", _checksum(head + addresses)) + addresses
    return summed + above


def _above(packet: Packet) -> bytes:
    match packet.get("ip_proto"):
        case number if number == PROTO_TCP:
            ports = packet.get("tcp_src"), packet.get("tcp_dst")
            return struct.pack("!HHIIBBHHH", *ports, 0, 0, 0x50, 2, 1024, 0, 0)
        case number if number == PROTO_UDP:
            return struct.pack("!HHHH", packet.get("udp_src"), packet.get("udp_dst"), 8, 0)
        case number if number == PROTO_ICMP:
            return struct.pack("!BBHHH", packet.get("icmpv4_type"), 0, 0, packet.get("icmp_id"), 0)
        case _:
            return bytes(8)


def _checksum(data: bytes) -> int:
    total = sum(int.from_bytes(data[at : at + 2], "big") for at in range(0, len(data), 2))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF
