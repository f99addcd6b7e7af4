"""A thousand placement calls a second, then lone ones, against a running site.

The burst moves instances to and fro between hosts whose switches are Open vSwitch's, on its dummy
datapath; each call is answered once it is stored. A lone call places a new instance and is answered
once every switch has confirmed it; the ratio is its p99 to that of a bare GET of the same run. What
lone moves take, of an instance to another host and of a tenant that is on several, is beside it:
they wait for frames on the wire, twice 50 ms. A burst of which a call was refused is no result but
an error; one that did not keep up is told as what it was.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Mapping
from dataclasses import dataclass, field
from itertools import count
from statistics import median
from typing import Any, Final

from bench import workload
from bench.http import Connection
from bench.live import LiveSite, Port, instance_ports, link_ports, live_site
from bench.measure import Figure, Result, percentile, say
from bench.targets import CALLS
from controller.model.network import Network

CALLS_PER_S: Final = 1000
CLIENTS: Final = 100
MOST_MOVERS: Final = 400
LONE: Final = 200
FEW: Final = 20
READS: Final = 500
TENANTS: Final = 5
_BURST_S: Final = 5.0
_ENOUGH_S: Final = 20.0
_SMALL: Final = 1000  # services; below it the burst is short
_HOSTS_TOGETHER: Final = 2


@dataclass(slots=True)
class _Burst:
    """What became of a burst's calls."""

    took_ms: list[float] = field(default_factory=list)
    refused: dict[int, bytes] = field(default_factory=dict)


def run(services: int) -> Result:
    """p99 of a lone placement call, after a burst of 1,000 a second; the ratio is to a bare GET."""
    network = workload.network(services)
    edges = [s.name for s in network.topology.switches.values() if s.host]
    # One Open vSwitch takes ports ever more slowly: where hosts are many, each has its own.
    apart = edges if len(edges) > _HOSTS_TOGETHER else ()
    with live_site("burst", network, apart=apart) as site:
        site.plug(link_ports(network), "dummy")
        spare = [Port(edge_of(network, "host-0"), name, name) for name in spare_names(network)]
        site.plug([*instance_ports(network), *second_ports(network), *spare], "dummy")
        switches = site.wait_in_sync()
        say(f"  {sum(item['entries'] for item in switches.values())} entries in sync")
        return asyncio.run(_measure(site, network))


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


async def _measure(site: LiveSite, network: Network) -> Result:
    port = site.controller.rest_port
    clients = [await Connection.to("127.0.0.1", port) for _ in range(CLIENTS)]
    figures = await _burst_figures(site, clients, network)
    lone = await Connection.to("127.0.0.1", port)
    moved_ms = await _lone_moves(lone, network)
    lone_ms = await _lone_puts(lone, network)
    tenants_ms = await _tenant_moves(lone, network)
    read_ms = await _reads(lone)
    for client in (*clients, lone):
        client.close()
    hosts = sum(1 for s in network.topology.switches.values() if s.host)
    figures += (
        Figure("a lone placement, median", median(lone_ms), "ms"),
        Figure("an instance moved to another host, median", median(moved_ms), "ms"),
        Figure("an instance moved to another host, p99", percentile(moved_ms, 99), "ms"),
        Figure(f"a tenant of 20 on {hosts} hosts moved, median", median(tenants_ms), "ms"),
    )
    lone_p99, read_p99 = percentile(lone_ms, 99), percentile(read_ms, 99)
    return Result.of_ms("burst", lone_p99, "p99 of a bare GET", read_p99, figures)


async def _burst_figures(
    site: LiveSite, clients: list[Connection], network: Network
) -> tuple[Figure, ...]:
    """A burst, until the switches have confirmed all of it."""
    whole = len(network.intent.services) >= _SMALL
    last = await _last_event(clients[0])
    began = time.monotonic()
    burst = await _burst(clients, network, _BURST_S if whole else 1.0)
    took_s = time.monotonic() - began
    rate = len(burst.took_ms) / took_s
    judge(burst.refused)
    await asyncio.to_thread(site.wait_in_sync)
    in_sync_s = time.monotonic() - began - took_s
    after = await Connection.to("127.0.0.1", site.controller.rest_port)  # others were idle too long
    rounds = await _confirmations(after, last)
    after.close()
    return (
        Figure(CALLS, rate, "calls/s"),
        Figure("a call of the burst stored, p99", percentile(burst.took_ms, 99), "ms"),
        Figure("in sync after the burst's last answer", in_sync_s, "s"),
        Figure("rollouts, of a bundle or few a switch", rounds, "rollouts"),
    )


def judge(refused: Mapping[int, bytes]) -> None:
    """Raises RuntimeError for a burst with refused calls."""
    if refused:
        status, body = next(iter(refused.items()))
        raise RuntimeError(f"calls of the burst were refused: HTTP {status}: {body[:500]!r}")


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
            status, body = await _move(connection, network, name, "stored", other=to_other)
            found.took_ms.append((time.monotonic() - sent) * 1000)
            if status != 200:
                found.refused[status] = body

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
    took_ms: list[float] = []
    for n in range(len(spare_names(network))):
        move = _move(connection, network, names[n // 2 % len(names)], "applied", other=n % 2 == 0)
        took_ms.append(await _timed(move))
        if n % 2 and sum(took_ms) > _ENOUGH_S * 1000:
            break
    return took_ms


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


async def _tenant_moves(connection: Connection, network: Network) -> list[float]:
    """One call after the other, each a tenant to another VLAN in the other VRF."""
    names = list(network.intent.tenants)[:TENANTS]
    return [await _timed(_move_tenant(connection, network, name)) for name in names]


async def _move_tenant(connection: Connection, network: Network, name: str) -> tuple[int, bytes]:
    here = network.intent.segments[network.intent.tenants[name].segment].vrf
    there = next(vrf for vrf in network.intent.vrfs if vrf != here)
    return await connection.ask("POST", f"/v1/tenants/{name}/move", {"vrf": there, "vlan": "auto"})


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
