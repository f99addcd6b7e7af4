"""A thousand placement calls a second, then lone ones, against a running site.

The burst moves instances to and fro between two hosts whose switches are Open vSwitch's, on its
dummy datapath; those of further hosts are declared and elsewhere, since two processors need not do
the work of five hosts. Each call is answered once it is stored. A lone call places a new instance
and is answered once both switches have confirmed it; the ratio is its p99 to that of a bare GET of
the same run. A call that brings its host hundreds of entries, as the first instance there does that
may reach as many others, is told apart, and the p99 of all is beside it. So is what lone moves
take, of an instance to another host and of a tenant that is on several: they wait for frames on the
wire, twice 50 ms. A burst of which a call was refused is no result but an error; one that did not
keep up is told as what it was.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import count, islice
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
_HERE: Final = 2  # hosts whose switches are on this machine
_MANY: Final = 500
"""Entries: a call that brings a host so many is no usual one. They take ten turns of a switch, of
50 messages each, to be filled in, and ten to be read back."""


@dataclass(slots=True)
class _Burst:
    """What became of a burst's calls."""

    took_ms: list[float] = field(default_factory=list)
    refused: dict[int, bytes] = field(default_factory=dict)


def run(services: int) -> Result:
    """p99 of lone placements of under 500 entries, after a burst; the ratio is to a bare GET."""
    network = workload.network(services)
    edges = [edge_of(network, host) for host in hosts_of(network)]
    here, elsewhere = edges[:_HERE], edges[_HERE:]
    # As hosts have: one Open vSwitch for both would take each change as slowly as for 4,000 ports.
    with live_site("burst", network, apart=here, elsewhere=elsewhere) as site:
        spare = [Port(here[0], name, name) for name in spare_names(network)]
        ports = [*link_ports(network), *instance_ports(network), *second_ports(network), *spare]
        site.plug([port for port in ports if port.bridge not in elsewhere], "dummy")
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
    """The instances that move: of the hosts whose switches are here."""
    here = hosts_of(network)[:_HERE]
    found = (i.name for i in network.intent.instances.values() if i.host in here)
    return list(islice(found, MOST_MOVERS))


def second_ports(network: Network) -> list[Port]:
    """Where the movers are plugged in on the host that they move to."""
    found = []
    for name in movers(network):
        instance = network.intent.instances[name]
        port = instance.port
        edge = edge_of(network, other_host(network, instance.host))
        found.append(Port(edge, f"x{port}", port))
    return found


def tenants_here(network: Network) -> int:
    """How many of the first tenant's instances are on hosts whose switches are here."""
    intent, here = network.intent, hosts_of(network)[:_HERE]
    tenant = next(iter(intent.tenants))
    mine = (i for i in intent.instances.values() if intent.services[i.service].tenant == tenant)
    return sum(instance.host in here for instance in mine)


def other_host(network: Network, host: str) -> str:
    """The other one of those whose switches are here."""
    one, other = hosts_of(network)[:_HERE]
    return one if host == other else other


def hosts_of(network: Network) -> list[str]:
    """All hosts."""
    return sorted(s.host for s in network.topology.switches.values() if s.host)


async def _measure(site: LiveSite, network: Network) -> Result:
    port = site.controller.rest_port
    clients = [await Connection.to("127.0.0.1", port) for _ in range(CLIENTS)]
    figures = await _burst_figures(site, clients, network)
    lone = Lone(await Connection.to("127.0.0.1", port), network, site.elsewhere)
    moved_ms = await _lone_moves(lone)
    placed = await _lone_puts(lone)
    tenants_ms = await _tenant_moves(lone)
    read_ms = await _reads(lone.connection)
    for client in (*clients, lone.connection):
        client.close()
    tenant = f"a tenant of 20 moved, {tenants_here(network)} of them on hosts here, median"
    figures += (
        *lone_figures(placed),
        Figure("an instance moved to another host, median", median(moved_ms), "ms"),
        Figure("an instance moved to another host, p99", percentile(moved_ms, 99), "ms"),
        Figure(tenant, median(tenants_ms), "ms"),
    )
    usual_p99, read_p99 = percentile(usual_ms(placed), 99), percentile(read_ms, 99)
    return Result.of_ms("burst", usual_p99, "p99 of a bare GET", read_p99, figures)


def usual_ms(placed: list[Placed]) -> list[float]:
    """How long those took that brought their host few entries."""
    return [one.took_ms for one in placed if one.entries < _MANY]


def lone_figures(placed: list[Placed]) -> Iterator[Figure]:
    """Of the usual ones, of all, and of those that brought their host many entries."""
    every = [one.took_ms for one in placed]
    yield Figure("a lone placement, median", median(usual_ms(placed)), "ms")
    yield Figure("any lone placement, p99", percentile(every, 99), "ms")
    apart = [one for one in placed if one.entries >= _MANY]
    if apart:
        entries = median(one.entries for one in apart)
        yield Figure("lone placements told apart", len(apart), f"of {len(placed)}")
        yield Figure("entries that each of those brought its host, median", entries, "entries")
        yield Figure("the longest of those", max(one.took_ms for one in apart), "ms")


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


@dataclass(frozen=True, slots=True)
class Placed:
    """A lone placement: how long it took, and how many entries its host's switch has more."""

    took_ms: float
    entries: int


@dataclass(frozen=True, slots=True)
class Lone:
    """Who calls alone, one call after the other; of switches ``elsewhere`` no call is confirmed."""

    connection: Connection
    network: Network
    elsewhere: frozenset[str]

    async def timed(self, call: Awaitable[tuple[int, bytes]]) -> float:
        """How many ms a call took. Raises RuntimeError where it did not come true."""
        sent = time.monotonic()
        status, body = await call
        took_ms = (time.monotonic() - sent) * 1000
        if status not in (200, 201) or not self.elsewhere >= json.loads(body)["pending"].keys():
            raise RuntimeError(f"a lone call was answered {status}: {body[:500]!r}")
        return took_ms

    async def entries(self, edge: str) -> int:
        """How many entries a switch has."""
        _, body = await self.connection.ask("GET", "/v1/switches")
        return next(int(item["entries"]) for item in json.loads(body) if item["name"] == edge)


async def _lone_moves(lone: Lone) -> list[float]:
    """Each an instance on another host and back."""
    network = lone.network
    names = movers(network)
    took_ms: list[float] = []
    for n in range(len(spare_names(network))):
        name = names[n // 2 % len(names)]
        move = _move(lone.connection, network, name, "applied", other=n % 2 == 0)
        took_ms.append(await lone.timed(move))
        if n % 2 and sum(took_ms) > _ENOUGH_S * 1000:
            break
    return took_ms


async def _lone_puts(lone: Lone) -> list[Placed]:
    """Each a new instance of a service, on the first host, whose entries are counted in between."""
    services, host = list(lone.network.intent.services), hosts_of(lone.network)[0]
    edge = edge_of(lone.network, host)
    placed: list[Placed] = []
    held = await lone.entries(edge)
    for number, name in enumerate(spare_names(lone.network)):
        body = {"service": services[number % len(services)], "host": host, "port": name}
        took_ms = await lone.timed(lone.connection.ask("PUT", f"/v1/instances/{name}", body))
        before, held = held, await lone.entries(edge)
        placed.append(Placed(took_ms, held - before))
    return placed


async def _tenant_moves(lone: Lone) -> list[float]:
    """Each a tenant to another VLAN in the other VRF."""
    names = list(lone.network.intent.tenants)[:TENANTS]
    return [await lone.timed(_move_tenant(lone.connection, lone.network, name)) for name in names]


async def _move_tenant(connection: Connection, network: Network, name: str) -> tuple[int, bytes]:
    here = network.intent.segments[network.intent.tenants[name].segment].vrf
    there = next(vrf for vrf in network.intent.vrfs if vrf != here)
    return await connection.ask("POST", f"/v1/tenants/{name}/move", {"vrf": there, "vlan": "auto"})


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
