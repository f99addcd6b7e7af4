"""The headers of a frame that an instance has sent, read by dpkt."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Address

import dpkt

from controller.errors import RemoteError


@dataclass(frozen=True, slots=True)
class Headers:
    """Ethernet, IPv4, and the ports of TCP and UDP (None for other protocols).

    ``vlan`` is the id of an 802.1Q tag, 0 without one. ``payload`` is what TCP or UDP carries.
    """

    mac: str
    vlan: int
    source: IPv4Address
    destination: IPv4Address
    protocol: int
    dscp: int
    port: int | None
    payload: bytes


def read(frame: bytes) -> Headers:
    """A frame's headers. Raises RemoteError where it is not IPv4, or cut short."""
    try:
        ethernet = dpkt.ethernet.Ethernet(frame)
        tags = getattr(ethernet, "vlan_tags", ())
        return _headers(_mac(ethernet.src), tags[0].id if tags else 0, ethernet.data)
    except (dpkt.UnpackError, IndexError, ValueError) as error:
        raise RemoteError(f"a frame of {len(frame)} bytes is not understood: {error}") from None


def _headers(mac: str, vlan: int, packet: object) -> Headers:
    if not isinstance(packet, dpkt.ip.IP):
        raise ValueError("it is not IPv4")
    above = packet.data
    has_ports = isinstance(above, dpkt.udp.UDP | dpkt.tcp.TCP)
    return Headers(
        mac=mac,
        vlan=vlan,
        source=IPv4Address(packet.src),
        destination=IPv4Address(packet.dst),
        protocol=packet.p,
        dscp=packet.tos >> 2,
        port=above.dport if has_ports else None,
        payload=bytes(above.data) if has_ports else b"",
    )


def _mac(data: bytes) -> str:
    return data.hex(":")
