"""Entries as ovs-ofctl(8) prints them: ``dump-flows --no-stats --no-names``, OpenFlow 1.4."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from ipaddress import IPv4Address
from typing import Final

from controller.dataplane.actions import (
    Action,
    Commit,
    Conjoin,
    DecTtl,
    Hole,
    Load,
    Move,
    Operand,
    Output,
    OutputBits,
    PopVlan,
    Punt,
    PushVlan,
    SetField,
    SetQueue,
    Track,
)
from controller.dataplane.fields import (
    BY_NAME,
    CT_EST,
    CT_INV,
    CT_NEW,
    CT_REL,
    CT_RPL,
    CT_TRK,
    ETH_ARP,
    ETH_IPV4,
    PROTO_ICMP,
    PROTO_TCP,
    PROTO_UDP,
    REGS,
    Bits,
)
from controller.dataplane.idset import ids_of
from controller.dataplane.pipeline import Table
from controller.dataplane.shapes import Entry, Match

# The names of ovs-fields(7) that ovs-ofctl prints for moves and loads.
_NXM: Final = {
    "in_port": "OXM_OF_IN_PORT",
    "nxm_in_port": "NXM_OF_IN_PORT",
    "eth_dst": "NXM_OF_ETH_DST",
    "eth_src": "NXM_OF_ETH_SRC",
    "vlan_tci": "NXM_OF_VLAN_TCI",
    "ipv4_src": "NXM_OF_IP_SRC",
    "ipv4_dst": "NXM_OF_IP_DST",
    "arp_op": "NXM_OF_ARP_OP",
    "arp_spa": "NXM_OF_ARP_SPA",
    "arp_tpa": "NXM_OF_ARP_TPA",
    "arp_sha": "NXM_NX_ARP_SHA",
    "arp_tha": "NXM_NX_ARP_THA",
    "nw_ttl": "NXM_NX_IP_TTL",
    "ct_mark": "NXM_NX_CT_MARK",
}
_MATCH_NAMES: Final = {
    "eth_dst": "dl_dst",
    "eth_src": "dl_src",
    "ipv4_src": "nw_src",
    "ipv4_dst": "nw_dst",
    "tcp_dst": "tp_dst",
    "udp_src": "tp_src",
    "udp_dst": "tp_dst",
    "icmpv4_type": "icmp_type",
    "icmpv4_code": "icmp_code",
}
_SET_NAMES: Final = {
    "ipv4_src": "ip_src",
    "ipv4_dst": "ip_dst",
    "icmpv4_type": "icmp_type",
}
_ORDER: Final = (
    *("ct_mark", *(register.name for register in REGS), "in_port", "vlan_vid"),
    *("eth_src", "eth_dst", "ipv4_src", "ipv4_dst", "arp_spa", "arp_tpa"),
    *("arp_op", "arp_sha", "arp_tha", "ip_dscp", "nw_ttl", "icmpv4_type", "icmpv4_code"),
    *("udp_src", "tcp_dst", "udp_dst"),
)
_MACS: Final = frozenset({"eth_dst", "eth_src", "arp_sha", "arp_tha"})
_ADDRESSES: Final = frozenset({"ipv4_src", "ipv4_dst", "arp_spa", "arp_tpa"})
_CT_FLAGS: Final = (
    *((CT_NEW, "new"), (CT_EST, "est"), (CT_REL, "rel")),
    *((CT_RPL, "rpl"), (CT_INV, "inv"), (CT_TRK, "trk")),
)
_PROTOCOLS: Final = {PROTO_ICMP: "icmp", PROTO_TCP: "tcp", PROTO_UDP: "udp"}


def format_entry(entry: Entry, *, names: bool = False) -> str:
    """One line for an entry; with ``names`` the table is named instead of numbered."""
    place = f"table={Table(entry.table).name.lower() if names else entry.table}, "
    if not names and not entry.table:
        place = ""  # ovs-ofctl leaves table 0 out
    head = f"cookie={entry.cookie:#x}, {place}priority={entry.priority}"
    match = ",".join(_match_parts(entry.match))
    return f"{head}{',' + match if match else ''} actions={format_actions(entry)}"


def format_actions(entry: Entry) -> str:
    """An entry's actions, ``drop`` when there are none."""
    parts = [format_action(action) for action in entry.actions]
    if entry.goto is not None:
        parts.append(f"goto_table:{entry.goto}")
    return ",".join(parts) or "drop"


def format_action(action: Action) -> str:
    """One action. A hole prints as its name in angle brackets."""
    match action:
        case Load(bits, value):
            return f"load:{_hex(value)}->{format_bits(bits)}"
        case Move(source, target):
            return f"move:{format_bits(source)}->{format_bits(target)}"
        case SetField(field, value):
            name = _SET_NAMES.get(field.name, field.name)
            return f"set_field:{_value(field.name, value)}->{name}"
        case DecTtl():
            return "dec_ttl"
        case PushVlan(eth_type):
            return f"push_vlan:{eth_type:#06x}"
        case PopVlan():
            return "pop_vlan"
        case SetQueue(queue):
            return f"set_queue:{_plain(queue)}"
        case Output(port):
            return f"output:{_plain(port)}"
        case OutputBits(bits):
            return f"output:{format_bits(bits)}"
        case Punt(meter):
            return f"controller(meter_id={_plain(meter)})"
        case Track(zone, table):
            return f"ct(table={table},zone={format_bits(zone)})"
        case Commit(zone, mark):
            return f"ct(commit,zone={format_bits(zone)},exec({format_action(mark)}))"
        case Conjoin(clause, of, ids):
            shown = [f"<{ids.name}>"] if isinstance(ids, Hole) else sorted(ids_of(ids))
            return ",".join(f"conjunction({number},{clause}/{of})" for number in shown)


def format_bits(bits: Bits) -> str:
    """A range of bits, as in ``NXM_NX_REG0[0..15]``."""
    name = _NXM.get(bits.field.name) or f"NXM_NX_{bits.field.name.upper()}"
    if bits.width == bits.field.bits:
        return f"{name}[]"
    if bits.width == 1:
        return f"{name}[{bits.offset}]"
    return f"{name}[{bits.offset}..{bits.offset + bits.width - 1}]"


def _match_parts(matches: Iterable[Match]) -> Iterator[str]:
    by_name = {match.field: match for match in matches}
    kind = by_name.pop("eth_type", None)
    protocol = by_name.pop("ip_proto", None)
    conjunction = by_name.pop("conj_id", None)
    state = by_name.pop("ct_state", None)
    if conjunction is not None:
        yield _match_text(conjunction)
    if state is not None:
        yield _match_text(state)
    if protocol is not None:
        yield _PROTOCOLS.get(protocol.value, f"ip,nw_proto={protocol.value}")
    elif kind is not None:
        known = {ETH_IPV4: "ip", ETH_ARP: "arp"}
        yield known.get(kind.value, f"dl_type={kind.value:#06x}")
    for match in sorted(by_name.values(), key=lambda m: _ORDER.index(m.field)):
        yield _match_text(match)


def _match_text(match: Match) -> str:
    name, value, mask = match
    if name == "ct_state":
        flags = ((("+" if value & bit else "-") + flag) for bit, flag in _CT_FLAGS if mask & bit)
        return f"ct_state={''.join(flags)}"
    if name == "vlan_vid" and mask == 0x1FFF:
        return f"dl_vlan={value & 0xFFF}" if value else "vlan_tci=0x0000/0x1fff"
    if name == "vlan_vid":
        return f"vlan_tci={value:#06x}/{mask:#06x}"
    if name == "ip_dscp":
        return f"nw_tos={value << 2}"
    shown = _MATCH_NAMES.get(name, name)
    full = (1 << _bits_of(name)) - 1
    if name in _MACS:
        return f"{shown}={_mac(value)}" + ("" if mask == full else f"/{_mac(mask)}")
    if name in _ADDRESSES:
        return f"{shown}={IPv4Address(value)}" + ("" if mask == full else f"/{_mask_text(mask)}")
    if name.startswith("reg"):
        number = f"{value:#x}" if value else "0"
        return f"{shown}={number}" + ("" if mask == full else f"/{mask:#x}")
    if mask != full:
        return f"{shown}={value:#x}/{mask:#x}"
    return f"{shown}={value}"


def _mask_text(mask: int) -> str:
    """The mask of an address: as a length where it is one."""
    length = mask.bit_count()
    is_prefix = mask == (1 << length) - 1 << 32 - length
    return str(length) if is_prefix else str(IPv4Address(mask))


def _bits_of(name: str) -> int:
    return BY_NAME[name].bits


def _mac(value: int) -> str:
    return ":".join(f"{byte:02x}" for byte in value.to_bytes(6, "big"))


def _value(field: str, value: Operand) -> str:
    if isinstance(value, Hole):
        return f"<{value.name}>"
    if field in _MACS:
        return _mac(value)
    return str(IPv4Address(value)) if field in _ADDRESSES else str(value)


def _hex(value: Operand) -> str:
    if isinstance(value, Hole):
        return f"<{value.name}>"
    return f"{value:#x}" if value else "0"


def _plain(value: Operand) -> str:
    return f"<{value.name}>" if isinstance(value, Hole) else str(value)
