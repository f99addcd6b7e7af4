"""What ``ofproto/trace`` says, as values that compare with the interpreter's."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

from controller.dataplane.fields import CT_EST, CT_INV, CT_NEW, CT_REL, CT_RPL, CT_TRK, ETH_ARP
from controller.verify.interpreter import Result
from controller.verify.packet import Packet, Tag

_STEP: Final = re.compile(r"^ *(\d+)\. .*priority (\d+)(?:, cookie (0x[0-9a-f]+))?$", re.MULTILINE)
_FINAL: Final = re.compile(r"^Final flow: (.*)$", re.MULTILINE)
_ACTIONS: Final = re.compile(r"^Datapath actions: (.*)$", re.MULTILINE)
_PUSHED: Final = re.compile(r"push_vlan\((?:tpid=(0x[0-9a-f]+),)?vid=(\d+)")
_STATES: Final = {
    **{CT_NEW: "new", CT_EST: "est", CT_REL: "rel", CT_RPL: "rpl"},
    **{CT_INV: "inv", CT_TRK: "trk"},
}
_ARP: Final = ("arp_spa", "arp_tpa", "arp_op", "arp_sha", "arp_tha")


class Seen(NamedTuple):
    """The entries that matched, as (table, priority, cookie), and what left, if anything."""

    steps: tuple[tuple[int, int, int], ...]
    port: int | None
    queue: int
    headers: Mapping[str, str]
    pushed: tuple[tuple[int, int], ...]


def state_text(state: int) -> str:
    """A conntrack state as ``--ct-next`` takes it."""
    return ",".join(name for bit, name in _STATES.items() if state & bit)


def read(text: str, ports: Mapping[int, int], sent: Packet) -> Seen:
    """A trace's outcome; ``ports`` are OpenFlow port numbers by the datapath's."""
    steps = tuple(
        (int(table), int(priority), int(cookie or "0", 16))
        for table, priority, cookie in _STEP.findall(text)
    )
    actions = _ACTIONS.findall(text)[-1]
    last = re.search(r"(?:^|,)(\d+)$", actions)
    if last is None:
        return Seen(steps, None, 0, {}, ())
    flow = _FINAL.findall(text)[-1]
    fields = dict(part.split("=", 1) for part in flow.split(",") if "=" in part)
    queue = int(fields.get("skb_priority", "0"), 16)
    if flow == "unchanged":
        fields = dict(headers_of(sent))
    headers = {name: fields[name] for name in headers_of(sent) if name in fields}
    pushed = tuple((int(tpid or "0x8100", 16), int(vid)) for tpid, vid in _PUSHED.findall(actions))
    return Seen(steps, ports[int(last[1])], queue, headers, pushed)


def expected(result: Result, sent: Packet) -> Seen:
    """The interpreter's outcome, in the same terms."""
    steps = tuple(
        (step.table, step.entry.priority, step.entry.cookie) for step in result.steps if step.entry
    )
    if not result.emissions:
        return Seen(steps, None, 0, {}, ())
    (out,) = result.emissions
    return Seen(
        steps,
        out.port,
        out.queue,
        headers_of(out.packet),
        tuple(_added(sent.tags, out.packet.tags)),
    )


def _added(before: tuple[Tag, ...], after: tuple[Tag, ...]) -> Iterable[tuple[int, int]]:
    """Tags that a switch adds, innermost first; it adds to a frame it has taken all tags off."""
    return [] if before == after else [(tag.eth_type, tag.vid) for tag in reversed(after)]


def headers_of(packet: Packet) -> dict[str, str]:
    """A packet's addresses and marks as a flow prints them."""
    found = {"dl_src": _mac(packet.get("eth_src")), "dl_dst": _mac(packet.get("eth_dst"))}
    if packet.get("eth_type") == ETH_ARP:
        return found | {name: _arp(name, packet.get(name)) for name in _ARP}
    return found | {
        "nw_src": _address(packet.get("ipv4_src")),
        "nw_dst": _address(packet.get("ipv4_dst")),
        "nw_ttl": str(packet.get("nw_ttl")),
        "nw_tos": str(packet.get("ip_dscp") << 2),
    }


def _arp(name: str, value: int) -> str:
    if name == "arp_op":
        return str(value)
    return _address(value) if name in ("arp_spa", "arp_tpa") else _mac(value)


def _mac(value: int) -> str:
    return ":".join(f"{byte:02x}" for byte in value.to_bytes(6, "big"))


def _address(value: int) -> str:
    return ".".join(str(byte) for byte in value.to_bytes(4, "big"))
