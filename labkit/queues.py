"""A realtime stream and a best-effort one over the same narrow link, under ten times its load."""

from __future__ import annotations

import json
import socket
import struct
import subprocess
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, NamedTuple

from labkit.controller import ControllerProcess
from labkit.site import Site, device
from labkit.sockets import packets_of

RATE_HZ = 500
DURATION_S = 3.0
OVERLOAD = 10
_ETH_P_ALL = 3
_FLOOD_FRAME_BYTES = 1400 + 8 + 20 + 14 + 8  # payload, UDP, IP, Ethernet, two tags


@dataclass(frozen=True, slots=True)
class Contest:
    """Who sends what to whom: probes by realtime and by best effort, and the load."""

    sender: str
    receiver: str
    realtime_port: int
    plain_port: int
    flooder: str
    sink: str
    flood_port: int
    rate_bps: float
    wire: str


@dataclass(frozen=True, slots=True)
class QueueReport:
    """What was seen on the wire, and each stream's report under load."""

    dscp_seen: int | None
    tags_seen: tuple[int, ...]
    offered_bps: float
    arrived_bps: float
    with_queue: Mapping[str, Any]
    without_queue: Mapping[str, Any]
    overloaded: bool

    @property
    def sound(self) -> bool:
        """The load was more than the link takes, and realtime, marked, neither lost nor waited."""
        marked = self.dscp_seen == 46 and len(self.tags_seen) == 2 and self.overloaded
        ahead = self.with_queue["p50_ms"] < (self.without_queue["p50_ms"] or float("inf"))
        return marked and self.with_queue["lost"] == 0 and ahead


def find_contest(site: Site, controller: ControllerProcess) -> Contest | None:
    """A host whose narrow uplink both realtime and best-effort traffic leave by."""
    narrow = min(site.topology.links.values(), key=lambda link: link.rate_mbps)
    ends = {narrow.a.switch: narrow.a, narrow.b.switch: narrow.b}
    edge = next(s for s in site.topology.switches.values() if s.role == "edge" and s.name in ends)
    wire = ends[edge.name]
    classes = {c["name"]: c for c in controller.get("/v1/classes")}
    instances = controller.get("/v1/instances")
    flows = _udp_flows(controller, instances, edge.host)
    for sender, receiver, port, qos_class in flows:
        if classes[qos_class]["dscp"] != 46:
            continue
        plain = next(
            (f[2] for f in flows if f[:2] == (sender, receiver) and not classes[f[3]]["dscp"]), None
        )
        flood = next(
            (f for f in flows if not classes[f[3]]["dscp"] and f[2] != plain and f[0] != sender),
            None,
        )
        if plain and flood:
            return Contest(
                sender,
                receiver,
                port,
                plain,
                *flood[:3],
                narrow.rate_mbps * 1e6,
                device(wire),
            )
    return None


def _udp_flows(
    controller: ControllerProcess, instances: list[Mapping[str, Any]], host: str
) -> list[tuple[str, str, int, str]]:
    """(sender on the host, receiver, port, class) of everything in UDP that leaves a host."""
    found = []
    for reach in controller.get("/v1/reachability?limit=10000"):
        for text in reach["allow"]:
            protocol, _, port = text.partition("/")
            if protocol == "udp" and port.isdigit():
                found += [
                    (a["name"], b["name"], int(port), reach["class"])
                    for a in instances
                    for b in instances
                    if (a["service"], b["service"]) == (reach["source"], reach["destination"])
                    if a["host"] == host and b["host"] != host
                ]
    return found


def run_contest(site: Site, controller: ControllerProcess, contest: Contest) -> QueueReport:
    """The same probes in the realtime class, then in best effort, each under the same load.

    Best effort is what realtime would be without its queue: the same narrow link under the same
    load. Beyond that link the two may go different ways, by their class's metric.
    """
    address = {i["name"]: i["ip"] for i in controller.get("/v1/instances")}

    def under_load(port: int) -> tuple[Mapping[str, Any], float]:
        site.agents[contest.flooder].tell(
            "flood",
            address=address[contest.sink],
            port=contest.flood_port,
            rate_bps=contest.rate_bps * OVERLOAD,
            duration_s=DURATION_S + 1,
        )
        time.sleep(0.5)  # the load shall be there before the probes
        report = site.agents[contest.sender].ask(
            "stream",
            address=address[contest.receiver],
            port=port,
            rate_hz=RATE_HZ,
            duration_s=DURATION_S,
        )
        return report, site.agents[contest.flooder].answer()["offered_bps"]

    before, began = _link_use(contest.wire), time.monotonic()
    with ThreadPoolExecutor(max_workers=1) as pool:
        sniffed = pool.submit(sniff, contest.wire, contest.realtime_port, DURATION_S)
        with_queue, offered = under_load(contest.realtime_port)
        dscp, tags = sniffed.result()
    after, took_s = _link_use(contest.wire), time.monotonic() - began
    dropped = after.dropped - before.dropped
    arrived = (after.sent_bytes - before.sent_bytes + dropped * _FLOOD_FRAME_BYTES) * 8 / took_s
    without, _ = under_load(contest.plain_port)
    return QueueReport(dscp, tags, offered, arrived, with_queue, without, dropped > 0)


class _LinkUse(NamedTuple):
    """What a device's root queueing discipline has sent and dropped so far."""

    sent_bytes: int
    dropped: int


def _link_use(name: str) -> _LinkUse:
    command = ["tc", "-s", "-j", "qdisc", "show", "dev", name, "root"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    found = json.loads(done.stdout or "[]")
    if not found or "bytes" not in found[0]:
        raise RuntimeError(f"{' '.join(command)}: no statistics: {done.stderr.strip()}")
    return _LinkUse(found[0]["bytes"], found[0]["drops"])


def sniff(name: str, port: int, timeout_s: float) -> tuple[int | None, tuple[int, ...]]:
    """DSCP and VLAN ids, outer first, of the first UDP packet to a port seen on a device."""
    with packets_of(name, socket.SOCK_RAW, _ETH_P_ALL) as sock:
        deadline = time.monotonic() + timeout_s
        while (left := deadline - time.monotonic()) > 0:
            sock.settimeout(left)
            try:
                found = _parse(sock.recv(2048), port)
            except TimeoutError:
                break
            if found is not None:
                return found
    return None, ()


def _parse(frame: bytes, port: int) -> tuple[int, tuple[int, ...]] | None:
    tags: list[int] = []
    offset = 12
    (eth_type,) = struct.unpack_from("!H", frame, offset)
    while eth_type in (0x8100, 0x88A8):
        tci, eth_type = struct.unpack_from("!HH", frame, offset + 2)
        tags.append(tci & 0xFFF)
        offset += 4
    if eth_type != 0x0800 or frame[offset + 2 + 9] != 17:
        return None
    start = offset + 2
    (target,) = struct.unpack_from("!H", frame, start + (frame[start] & 0xF) * 4 + 2)
    return (frame[start + 1] >> 2, tuple(tags)) if target == port else None
