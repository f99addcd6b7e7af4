"""A thousand placement calls a second, then lone ones, against a running site.

The burst moves instances to and fro between hosts whose switches are Open vSwitch's, on its dummy
datapath; each call is answered once it is stored. A lone call places a new instance and is answered
once every switch has confirmed it; the ratio is its p99 to that of a bare GET of the same run. What
a lone move takes is said beside: it waits for frames on the wire, twice 50 ms.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable
from dataclasses import dataclass, field
from itertools import count
from typing import Any, Final

from bench import workload
from bench.http import Connection
from bench.live import LiveSite, Port, instance_ports, link_ports, live_site
from bench.measure import Result, percentile, say
from controller.model.network import Network

CALLS_PER_S: Final = 1000
CLIENTS: Final = 100
MOST_MOVERS: Final = 400
LONE: Final = 200
FEW: Final = 20
READS: Final = 500
_BURST_S: Final = 5.0
_SMALL: Final = 1000  # services; below it the burst is short


@dataclass(slots=True)
class _Burst:
    """What became of a burst's calls."""

    took_ms: list[float] = field(default_factory=list)
    refused: int = 0


def run(services: int) -> Result:
    """p99 of a lone placement call, after a burst of 1,000 a second; the ratio is to a bare GET."""
    network = workload.network(services)
    with live_site("burst", network) as site:
        site.plug(link_ports(network), "dummy")
        spare = [Port(edge_of(network, "host-0"), name, name) for name in spare_names(network)]
        site.plug([*instance_ports(network), *second_ports(network), *spare], "dummy")
        switches = site.wait_in_sync()
        say(f"  {sum(item['entries'] for item in switches.values())} entries in sync")
        lone_ms, read_ms = asyncio.run(_measure(site, network))
    return Result.of_ms("burst", lone_ms, "p99 of a bare GET", read_ms)


def spare_names(network: Network) -> list[str]:
    """Names of instances that lone calls place, and of their ports."""
    few = len(network.intent.services) < _SMALL
    return [f"n-{number}" for number in range(FEW if few else LONE)]


def edge_of(network: Network, host: str) -> str:
    """A host's switch."""
    return next(s.name for s in network.topology.switches.values() if s.host == host)


def movers(network: Network) -> list[str]:
    """The instances that move."""
    return list(network.intent.instances)[:MOST_MOVERS]


def second_ports(network: Network) -> list[Port]:
    """Where the movers are plugged in on the host that they move to."""
    found = []
    for name in movers(network):
        instance = network.intent.instances[name]
        port = instance.port
        edge = edge_of(network, other_host(network, instance.host))
        found.append(Port(edge, f"x{port}", port))
    return found


def other_host(network: Network, host: str) -> str:
    """The host after another."""
    hosts = sorted(s.host for s in network.topology.switches.values() if s.host)
    return hosts[(hosts.index(host) + 1) % len(hosts)]


async def _measure(site: LiveSite, network: Network) -> tuple[float, float]:
    port = site.controller.rest_port
    clients = [await Connection.to("127.0.0.1", port) for _ in range(CLIENTS)]
    seconds = _BURST_S if len(network.intent.services) >= _SMALL else 1.0
    last = await _last_event(clients[0])
    began = time.monotonic()
    burst = await _burst(clients, network, seconds)
    took_s = time.monotonic() - began
    say(
        f"  burst: {len(burst.took_ms) / took_s:.0f} calls/s stored ({burst.refused} refused),"
        f" p50 {percentile(burst.took_ms, 50):.0f} ms, p99 {percentile(burst.took_ms, 99):.0f} ms"
    )
    await asyncio.to_thread(site.wait_in_sync)
    say(f"  in sync {time.monotonic() - began - took_s:.2f} s after its last answer")
    rounds = await _confirmations(clients[0], last)
    say(f"  confirmations (a rollout, of a bundle or few a switch): {rounds}")
    moved_ms = await _lone_moves(clients[0], network)
    said("a lone move", moved_ms)
    lone_ms = await _lone_puts(clients[0], network)
    said("a lone placement", lone_ms)
    read_ms = await _reads(clients[0])
    said("a bare GET", read_ms)
    for client in clients:
        client.close()
    return percentile(lone_ms, 99), percentile(read_ms, 99)


async def _burst(clients: list[Connection], network: Network, seconds: float) -> _Burst:
    """Calls as fast as they are answered, and no faster than they shall come."""
    found, numbers, began = _Burst(), count(), time.monotonic()
    names = movers(network)

    async def client(connection: Connection) -> None:
        for number in numbers:
            due = began + number / CALLS_PER_S
            if due - began > seconds or time.monotonic() - began > 2 * seconds:
                return
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            name = names[number % len(names)]
            to_other = number // len(names) % 2 == 0
            sent = time.monotonic()
            status, _ = await _move(connection, network, name, "stored", other=to_other)
            found.took_ms.append((time.monotonic() - sent) * 1000)
            found.refused += status != 200

    await asyncio.gather(*(client(connection) for connection in clients))
    return found


async def _move(
    connection: Connection, network: Network, name: str, wait: str, *, other: bool
) -> tuple[int, bytes]:
    home = network.intent.instances[name].host
    host = other_host(network, home) if other else home
    path = f"/v1/instances/{name}/move?wait={wait}"
    return await connection.ask("POST", path, {"host": host})


async def _lone_moves(connection: Connection, network: Network) -> list[float]:
    """One call after the other, each an instance on another host and back."""
    names = movers(network)
    calls = [(names[n // 2 % len(names)], n % 2 == 0) for n in range(len(spare_names(network)))]
    return [
        await _timed(_move(connection, network, name, "applied", other=other))
        for name, other in calls
    ]


async def _lone_puts(connection: Connection, network: Network) -> list[float]:
    """One call after the other, each a new instance of a service."""
    services = list(network.intent.services)
    return [
        await _timed(
            connection.ask(
                "PUT",
                f"/v1/instances/{name}",
                {"service": services[number % len(services)], "host": "host-0", "port": name},
            )
        )
        for number, name in enumerate(spare_names(network))
    ]


async def _timed(call: Awaitable[tuple[int, bytes]]) -> float:
    """How many ms a lone call took. Raises RuntimeError where it did not come true."""
    sent = time.monotonic()
    status, body = await call
    took_ms = (time.monotonic() - sent) * 1000
    if status not in (200, 201) or b'"applied":true' not in body:
        raise RuntimeError(f"a lone call was answered {status}: {body[:500]!r}")
    return took_ms


async def _reads(connection: Connection) -> list[float]:
    took_ms = []
    for _ in range(READS):
        sent = time.monotonic()
        await connection.ask("GET", "/v1/instances/i-0")
        took_ms.append((time.monotonic() - sent) * 1000)
    return took_ms


async def _last_event(connection: Connection) -> int:
    events = await _events(connection, 0)
    return int(events[-1]["id"]) if events else 0


async def _confirmations(connection: Connection, after: int) -> int:
    events = await _events(connection, after)
    return sum(event["kind"] == "in-sync" for event in events)


async def _events(connection: Connection, after: int) -> list[Any]:
    _, body = await connection.ask("GET", f"/v1/events?follow=false&after={after}")
    found = json.loads(body)
    return found if isinstance(found, list) else list(found["events"])


def said(what: str, took_ms: list[float]) -> None:
    """Tell of times beside the result."""
    say(f"  {what}: p50 {percentile(took_ms, 50):.1f} ms, p99 {percentile(took_ms, 99):.1f} ms")
