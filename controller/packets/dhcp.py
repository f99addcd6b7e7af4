"""What a DHCP client is answered, from what the intent says of its instance (RFC 2131, 2132, 3442).

There is nothing to lease: an instance has its address for as long as it is declared. So the lease
only says how soon a client learns of another address, and no answer depends on an earlier one.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network
from typing import Final

import dpkt

from controller.dataplane.pipeline import GATEWAY_MAC
from controller.errors import RemoteError

_SERVER_PORT: Final = 67
_CLIENT_PORT: Final = 68
_BROADCAST_FLAG: Final = 0x8000
_EVERYBODY: Final = IPv4Address("255.255.255.255")
_NOBODY: Final = IPv4Address(0)
_ROUTES: Final = 121  # classless static routes, RFC 3442
_TTL: Final = 64

DISCOVER: Final = 1
OFFER: Final = 2
REQUEST: Final = 3
DECLINE: Final = 4
ACK: Final = 5
NAK: Final = 6
INFORM: Final = 8


@dataclass(frozen=True, slots=True)
class Lease:
    """What an instance is told. ``gateway`` answers, and need not lie in the address's subnet."""

    name: str
    mac: str
    ip: IPv4Address
    subnet: IPv4Network
    gateway: IPv4Address
    mtu: int
    duration_s: int


@dataclass(frozen=True, slots=True)
class Asked:
    """What a client says: the kind of its message, whom it asks, and which address it wants.

    ``wanted`` is the address that it asks for or has; ``server`` whom it has chosen; both 0.0.0.0
    where it does not say.
    """

    kind: int
    xid: int
    flags: int
    has: IPv4Address
    wanted: IPv4Address
    server: IPv4Address


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer: its kind, and the frame that carries it, untagged."""

    kind: int
    frame: bytes


def read(payload: bytes) -> Asked | None:
    """A client's message; None for one of a server or relay. Raises RemoteError."""
    try:
        message = dpkt.dhcp.DHCP(payload)
    except (dpkt.UnpackError, IndexError, struct.error) as error:
        raise RemoteError(f"DHCP of {len(payload)} bytes is not understood: {error}") from None
    options = dict(message.opts)
    kind = options.get(dpkt.dhcp.DHCP_OPT_MSGTYPE, b"")
    if message.op != dpkt.dhcp.DHCP_OP_REQUEST or message.giaddr or len(kind) != 1:
        return None
    has = IPv4Address(message.ciaddr)
    return Asked(
        kind=kind[0],
        xid=message.xid,
        flags=message.flags,
        has=has,
        wanted=_address(options, dpkt.dhcp.DHCP_OPT_REQ_IP) or has,
        server=_address(options, dpkt.dhcp.DHCP_OPT_SERVER_ID) or _NOBODY,
    )


def answer(asked: Asked, lease: Lease) -> Reply | None:
    """The answer to a client; None where there is none, as to one that has chosen another server.

    RFC 2131, section 4.3: an address that is not the instance's is refused, so that the client
    asks anew at once.
    """
    if asked.server not in (_NOBODY, lease.gateway):
        return None
    if asked.kind == DISCOVER:
        return _reply(OFFER, asked, lease, lease.ip)
    if asked.kind == REQUEST:
        if asked.wanted != lease.ip:
            return _reply(NAK, asked, lease, _NOBODY)
        return _reply(ACK, asked, lease, lease.ip)
    if asked.kind == INFORM:
        return _reply(ACK, asked, lease, _NOBODY)
    return None


def tagged(frame: bytes, vlan: int) -> bytes:
    """The frame in an 802.1Q tag, as a nested instance gets it; as it is for 0."""
    tag = struct.pack("!HH", dpkt.ethernet.ETH_TYPE_8021Q, vlan)
    return frame[:12] + tag + frame[12:] if vlan else frame


def _reply(kind: int, asked: Asked, lease: Lease, given: IPv4Address) -> Reply:
    mac = bytes.fromhex(lease.mac.replace(":", ""))
    message = dpkt.dhcp.DHCP(
        op=dpkt.dhcp.DHCP_OP_REPLY,
        xid=asked.xid,
        flags=asked.flags,
        ciaddr=int(asked.has) if kind == ACK else 0,
        yiaddr=int(given),
        chaddr=mac.ljust(16, b"\0"),
    )
    message.opts = tuple(_options(kind, lease, leased=given != _NOBODY))
    target, target_mac = _to(kind, asked, given, mac)
    return Reply(kind, _frame(bytes(message), lease.gateway, target, target_mac))


def _options(kind: int, lease: Lease, *, leased: bool) -> Iterator[tuple[int, bytes]]:
    yield dpkt.dhcp.DHCP_OPT_MSGTYPE, bytes([kind])
    yield dpkt.dhcp.DHCP_OPT_SERVER_ID, lease.gateway.packed
    if kind == NAK:
        yield dpkt.dhcp.DHCP_OPT_MESSAGE, f"{lease.name} has {lease.ip}".encode()
        return
    if leased:
        yield dpkt.dhcp.DHCP_OPT_LEASE_SEC, struct.pack("!I", lease.duration_s)
    yield from _routing(lease)
    yield dpkt.dhcp.DHCP_OPT_HOSTNAME, lease.name.encode()
    yield dpkt.dhcp.DHCP_OPT_MTUSIZE, struct.pack("!H", lease.mtu)


def _routing(lease: Lease) -> Iterator[tuple[int, bytes]]:
    """Mask and router; an address that a moved tenant has kept is on a link of its own.

    The gateway is then no neighbour by the mask, so it is told as one by a route (RFC 3442).
    """
    inside = lease.ip in lease.subnet
    mask = lease.subnet.netmask if inside else _EVERYBODY
    yield dpkt.dhcp.DHCP_OPT_NETMASK, mask.packed
    yield dpkt.dhcp.DHCP_OPT_ROUTER, lease.gateway.packed
    if not inside:
        near = bytes([32]) + lease.gateway.packed + _NOBODY.packed
        yield _ROUTES, near + bytes([0]) + lease.gateway.packed


def _to(kind: int, asked: Asked, given: IPv4Address, mac: bytes) -> tuple[IPv4Address, bytes]:
    """Whom an answer is sent to (RFC 2131, section 4.1)."""
    if kind == NAK or (asked.flags & _BROADCAST_FLAG and asked.has == _NOBODY):
        return _EVERYBODY, b"\xff" * 6
    return (asked.has if asked.has != _NOBODY else given), mac


def _frame(payload: bytes, source: IPv4Address, target: IPv4Address, mac: bytes) -> bytes:
    size = 8 + len(payload)
    udp = dpkt.udp.UDP(sport=_SERVER_PORT, dport=_CLIENT_PORT, ulen=size, data=payload)
    packet = dpkt.ip.IP(
        src=source.packed, dst=target.packed, p=dpkt.ip.IP_PROTO_UDP, ttl=_TTL, data=udp
    )
    packet.len = 20 + size
    own = GATEWAY_MAC.to_bytes(6, "big")
    return bytes(dpkt.ethernet.Ethernet(src=own, dst=mac, data=packet))


def _address(options: Mapping[int, bytes], code: int) -> IPv4Address | None:
    data = options.get(code, b"")
    return IPv4Address(data) if len(data) == 4 else None
