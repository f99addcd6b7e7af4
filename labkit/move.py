"""A tenant moved to another VLAN and VRF while probes run: what is lost, when the rest stops."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from labkit.controller import ControllerProcess
from labkit.site import Site

RATE_HZ = 1000
DURATION_S = 5.0
MOVE_AFTER_S = 2.0
MOST_STREAMS = 3  # of each kind: more than two cores can answer at 1 kHz would measure the cores


@dataclass(frozen=True, slots=True)
class Move:
    """A tenant and the VRF it can go to, with UDP pairs that survive it and pairs that do not."""

    tenant: str
    vrf: str
    kept: tuple[Stream, ...]
    ended: tuple[Stream, ...]


@dataclass(frozen=True, slots=True)
class Stream:
    """Probes from an instance to another on a UDP port."""

    source: str
    target: str
    port: int


@dataclass(frozen=True, slots=True)
class MoveReport:
    """What was measured. ``stopped_ms``: from the call to the last answer of each ended pair."""

    answer: Mapping[str, Any]
    took_ms: float
    sent: int
    lost: int
    ended: int
    stopped_ms: tuple[float, ...]
    answered_after: int

    @property
    def sound(self) -> bool:
        """Applied, nothing lost that stays allowed, and nothing passed once it had answered."""
        return bool(self.answer["applied"]) and self.lost == 0 and self.answered_after == 0


def find_move(controller: ControllerProcess) -> Move | None:
    """The first move to another VRF that keeps some UDP pairs and ends others."""
    segments = {s["name"]: s for s in controller.get("/v1/segments")}
    for tenant in controller.get("/v1/tenants"):
        here = segments[tenant["segment"]]["vrf"]
        for vrf in controller.get("/v1/vrfs"):
            if vrf["name"] != here:
                move = _try_move(controller, tenant["name"], vrf["name"])
                if move is not None:
                    return move
    return None


def _try_move(controller: ControllerProcess, tenant: str, vrf: str) -> Move | None:
    wish = {"vrf": vrf, "vlan": "auto"}
    answer = controller.client.post(f"/v1/tenants/{tenant}/move?dry_run=true", json=wish)
    if answer.is_error:
        return None
    lost = {
        (r["source"], r["destination"], text) for r in answer.json()["lost"] for text in r["allow"]
    }
    kept: list[Stream] = []
    ended: list[Stream] = []
    for pair in _udp_pairs(controller, tenant):
        source, destination, port, streams = pair
        gone = (source, destination, f"udp/{port}") in lost
        (ended if gone else kept).extend(streams)
    chosen = _one_a_sender(kept, set())
    busy = {stream.source for stream in chosen}
    others = _one_a_sender(ended, busy)
    return Move(tenant, vrf, chosen, others) if chosen and others else None


def _one_a_sender(streams: list[Stream], busy: set[str]) -> tuple[Stream, ...]:
    """Some of the streams, one a sender: an agent does one thing at a time."""
    found: dict[str, Stream] = {}
    for stream in streams:
        if stream.source not in busy:
            found.setdefault(stream.source, stream)
    return tuple(found.values())[:MOST_STREAMS]


def _udp_pairs(
    controller: ControllerProcess, tenant: str
) -> Iterator[tuple[str, str, int, list[Stream]]]:
    """Service pairs with the tenant at one end, their UDP port, and streams between instances."""
    instances = controller.get("/v1/instances")
    names: dict[str, list[str]] = {}
    for instance in instances:
        names.setdefault(instance["service"], []).append(instance["name"])
    mine = {i["service"] for i in instances if i["tenant"] == tenant}
    for reach in controller.get("/v1/reachability?limit=10000"):
        source, destination = reach["source"], reach["destination"]
        if source == destination or not mine & {source, destination}:
            continue
        for text in reach["allow"]:
            protocol, _, port = text.partition("/")
            if protocol == "udp" and port.isdigit():
                streams = [
                    Stream(a, b, int(port))
                    for a, b in zip(names.get(source, ()), names.get(destination, ()), strict=False)
                ]
                yield source, destination, int(port), streams


def run_move(site: Site, controller: ControllerProcess, move: Move) -> MoveReport:
    """Move the tenant in the middle of the probes."""
    addresses = {i["name"]: i["ip"] for i in controller.get("/v1/instances")}
    streams = [*move.kept, *move.ended]

    for stream in streams:
        site.agents[stream.source].tell(
            "stream",
            address=addresses[stream.target],
            port=stream.port,
            rate_hz=RATE_HZ,
            duration_s=DURATION_S,
        )
    time.sleep(MOVE_AFTER_S)  # probes run meanwhile: the move shall find them under way
    called = time.monotonic()
    answer = controller.post(f"/v1/tenants/{move.tenant}/move", {"vrf": move.vrf, "vlan": "auto"})
    answered = time.monotonic()
    reports = {stream.source: site.agents[stream.source].answer() for stream in streams}
    kept = [reports[s.source] for s in move.kept]
    ended = [reports[s.source] for s in move.ended]
    last = [r["answered_at"] for r in ended if r["answered_at"] is not None]
    return MoveReport(
        answer=answer,
        took_ms=(answered - called) * 1000,
        sent=sum(r["sent"] for r in kept),
        lost=sum(r["lost"] for r in kept),
        ended=len(ended),
        stopped_ms=tuple((moment - called) * 1000 for moment in last),
        answered_after=sum(1 for moment in last if moment > answered),
    )
