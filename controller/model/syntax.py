"""How single values are written: names, rates, ports, MAC addresses. Text to value and back.

Every ``parse_*`` raises ValueError with a message that says what was expected.
"""

from __future__ import annotations

import re
from ipaddress import IPv4Address, IPv4Network
from typing import Final, cast, get_args

from controller.model.intent import PORT_MAX, AddressRange, PortRange, Protocol

NAME: Final = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?")
NAME_MAX: Final = 63  # characters, as a DNS label (RFC 1035 section 2.3.4)
_LABEL: Final = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._/-]*[A-Za-z0-9])?")
_IFACE_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:@-]*")
_IFACE_ID_MAX: Final = 128
_MAC: Final = re.compile(r"[0-9a-f]{2}(:[0-9a-f]{2}){5}")
_RATE: Final = re.compile(r"([0-9]{1,3})(?:\.([0-9]))? ?%?")
_PORTS: Final = re.compile(r"([a-z]+)(?:/([0-9]{1,5})(?:-([0-9]{1,5}))?)?")
_PREFIX_MAX: Final = 30  # a subnet needs a gateway and one host, RFC 3021 links are no segments
_POOL_PREFIX_MIN: Final = 8  # 65,536 subnets: more than a VRF has VLAN ids
_POOL_PREFIX_MAX: Final = 24  # one subnet


def parse_name(text: str) -> str:
    """A name of an object."""
    if len(text) > NAME_MAX or not NAME.fullmatch(text):
        raise ValueError(
            f"expected a name of lower-case letters, digits and inner hyphens, at most "
            f"{NAME_MAX} characters, found `{text[: NAME_MAX + 10]}`"
        )
    return text


def parse_label(text: str) -> str:
    """A label's key or value."""
    if len(text) > NAME_MAX or not _LABEL.fullmatch(text):
        raise ValueError(
            f"expected letters, digits and inner . _ / - (at most {NAME_MAX} characters), "
            f"found `{text[: NAME_MAX + 10]}`"
        )
    return text


def parse_iface_id(text: str) -> str:
    """The OVS ``external_ids:iface-id`` of a port."""
    if len(text) > _IFACE_ID_MAX or not _IFACE_ID.fullmatch(text):
        raise ValueError(
            f"expected an OVS iface-id (letters, digits and . _ : @ -, at most {_IFACE_ID_MAX} "
            f"characters), found `{text[: _IFACE_ID_MAX + 10]}`"
        )
    return text


def parse_mac(text: str) -> str:
    """A unicast MAC address, in lower case."""
    mac = text.lower()
    if not _MAC.fullmatch(mac):
        raise ValueError(f"expected a MAC address like 02:b0:00:00:00:01, found `{text}`")
    if int(mac[:2], 16) & 1:  # IEEE 802-2014 section 8.2.2: the individual/group bit
        raise ValueError(f"`{text}` is a group address; an instance has a unicast MAC address")
    if mac == "00:00:00:00:00:00":
        raise ValueError("00:00:00:00:00:00 is no address; leave `mac` out to have one allocated")
    return mac


def parse_subnet(text: str) -> IPv4Network:
    """An IPv4 subnet that can hold a gateway and hosts."""
    try:
        subnet = IPv4Network(text)
    except ValueError as error:
        raise ValueError(
            f"expected an IPv4 subnet like 10.20.1.0/24, found `{text}`: {error}"
        ) from None
    if subnet.prefixlen > _PREFIX_MAX:
        raise ValueError(f"{subnet} is too small: a gateway and hosts need /{_PREFIX_MAX} or wider")
    if subnet.prefixlen == 0 or subnet.is_multicast or subnet.is_loopback or subnet.is_reserved:
        raise ValueError(f"{subnet} holds no addresses that a host may have")
    return subnet


def parse_pool(text: str) -> IPv4Network:
    """An IPv4 network that /24 subnets are taken from."""
    pool = parse_subnet(text)
    if pool.prefixlen > _POOL_PREFIX_MAX:
        raise ValueError(
            f"{pool} is too small: a pool is made of /24 subnets; give /{_POOL_PREFIX_MAX} or wider"
        )
    if pool.prefixlen < _POOL_PREFIX_MIN:
        raise ValueError(
            f"{pool} is wider than a VRF can use; give /{_POOL_PREFIX_MIN} or narrower"
        )
    return pool


def parse_address(text: str) -> IPv4Address:
    """An IPv4 address."""
    try:
        return IPv4Address(text)
    except ValueError:
        raise ValueError(f"expected an IPv4 address like 10.20.1.5, found `{text}`") from None


def parse_range(text: str) -> AddressRange:
    """``10.20.1.5``, or ``10.20.1.10-10.20.1.19`` with both ends included."""
    first, dash, last = (part.strip() for part in text.partition("-"))
    try:
        found = AddressRange(IPv4Address(first), IPv4Address(last if dash else first))
    except ValueError:
        raise ValueError(
            f"expected an IPv4 address like 10.20.1.5 or a range like 10.20.1.10-10.20.1.19, "
            f"found `{text[:80]}`"
        ) from None
    if found.first > found.last:
        raise ValueError(f"expected a range from low to high, found `{text}`")
    return found


def range_text(found: AddressRange) -> str:
    """The text of a range: the inverse of :func:`parse_range`."""
    return str(found.first) if found.first == found.last else f"{found.first}-{found.last}"


def parse_rate(value: str | int | float) -> int:
    """A share of a link's rate (``30%``, ``12.5%``, or the number of percent) in permille."""
    match = _RATE.fullmatch(str(value))
    permille = int(match[1]) * 10 + int(match[2] or 0) if match else -1
    if not 0 <= permille <= 1000:
        raise ValueError(f"expected a share of the link's rate from 0% to 100%, found `{value}`")
    return permille


def rate_text(permille: int) -> str:
    """The text of a share: 300 is ``30%``, 125 is ``12.5%``."""
    whole, tenth = divmod(permille, 10)
    return f"{whole}.{tenth}%" if tenth else f"{whole}%"


def parse_ports(text: str) -> PortRange:
    """``tcp/8080``, ``tcp/8000-8100``, ``tcp``, ``udp``, ``icmp`` or ``any``."""
    match = _PORTS.fullmatch(text)
    if not match or match[1] not in get_args(Protocol):
        raise ValueError(f"expected tcp/8080, tcp/8000-8100, tcp, udp, icmp or any, found `{text}`")
    protocol = cast(Protocol, match[1])
    if match[2] is None:
        return PortRange(protocol)
    if protocol not in ("tcp", "udp"):
        raise ValueError(f"{protocol} has no ports; write `{protocol}` alone, not `{text}`")
    first, last = int(match[2]), int(match[3] or match[2])
    if not first <= last <= PORT_MAX:
        raise ValueError(f"expected ports from low to high in 0..{PORT_MAX}, found `{text}`")
    return PortRange(protocol, first, last)


def ports_text(ports: PortRange) -> str:
    """The text of a port range: the inverse of :func:`parse_ports`."""
    if (ports.first, ports.last) == (0, PORT_MAX):
        return ports.protocol
    if ports.first == ports.last:
        return f"{ports.protocol}/{ports.first}"
    return f"{ports.protocol}/{ports.first}-{ports.last}"
