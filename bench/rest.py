"""REST on loopback: reads and writes of many clients, and a whole site in one document.

The limit of requests is lifted, so that what is measured is the engine and not its manners. Client
and engine share the machine's cores, as wrk and a controller would not.
"""

from __future__ import annotations

import asyncio
import re
import subprocess
import time
from itertools import count
from typing import Final

import yaml

from bench import workload
from bench.http import Connection
from bench.live import LiveSite, link_ports, live_site
from bench.measure import Figure, Result, percentile, say
from bench.targets import READ_P99, WRITE_P99
from controller.model.encode import encode_intent

READS_PER_S: Final = 2000  # what is to be sustained
WRITES_PER_S: Final = 300
BULK_S: Final = 5.0
CLIENTS: Final = 16
_WHOLE: Final = 1000  # services; below it, every measurement is short
_MOVED: Final = 100
_UNLIMITED: Final = {"requests_per_s": 1_000_000, "requests_burst": 1_000_000}
_WRK_RATE: Final = re.compile(r"Requests/sec:\s+([\d.]+)")
_WRK_P99: Final = re.compile(r"99%\s+([\d.]+)(us|ms|s)\b")
_MS: Final = {"us": 0.001, "ms": 1.0, "s": 1000.0}


def rest_reads(services: int) -> Result:
    """Reads of one instance in a second, by wrk; the ratio is to the 2,000 a second wanted."""
    network = workload.network(services)
    with live_site("rest-reads", network, **_UNLIMITED) as site:
        site.plug(link_ports(network), "dummy")
        site.wait_in_sync()
        name = next(iter(network.intent.instances))
        url = f"{site.controller.url}/v1/instances/{name}"
        rate, p99_ms = _wrk(url, _seconds(services))
    against = f"wanted: {READS_PER_S}/s with p99 under 20 ms, found {p99_ms:.1f} ms"
    p99 = Figure(READ_P99, p99_ms, "ms")
    return Result("rest_reads", rate, "requests/s", against, rate / READS_PER_S, (p99,))


def rest_writes(services: int) -> Result:
    """Single writes in a second, each answered once stored; the ratio is to the 300 wanted."""
    network = workload.network(services)
    with live_site("rest-writes", network, **_UNLIMITED) as site:
        site.plug(link_ports(network), "dummy")
        site.wait_in_sync()
        hosts = sorted(s.host for s in network.topology.switches.values() if s.host)
        service = next(iter(network.intent.instances.values())).service
        took_ms, took_s = asyncio.run(_writes(site, service, hosts, _seconds(services)))
    rate = len(took_ms) / took_s
    p99_ms = percentile(took_ms, 99)
    against = f"wanted: {WRITES_PER_S}/s, found p99 {p99_ms:.0f} ms"
    p99 = Figure(WRITE_P99, p99_ms, "ms")
    return Result("rest_writes", rate, "requests/s", against, rate / WRITES_PER_S, (p99,))


def bulk_apply(services: int) -> Result:
    """A site's whole YAML document until it is stored; the ratio is to the 5 s wanted."""
    network = workload.network(services)
    document = yaml.safe_dump(encode_intent(network.intent)).encode()
    with live_site("bulk-apply", network, stored=False) as site:
        began = time.monotonic()
        answer = site.controller.client.post(
            "/v1/apply?wait=stored",
            content=document,
            headers={"Content-Type": "application/yaml"},
            timeout=600,
        )
        took_s = time.monotonic() - began
        answer.raise_for_status()
    say(f"  {len(document) / 1e6:.1f} MB stored in {took_s:.2f} s")
    return Result("bulk_apply", took_s, "s", f"wanted: {BULK_S:g} s", took_s / BULK_S)


def _seconds(services: int) -> float:
    return 10.0 if services >= _WHOLE else 1.0


def _wrk(url: str, seconds: float) -> tuple[float, float]:
    """Requests in a second, and the 99th percentile in ms, as wrk prints them."""
    command = ["wrk", "-t1", f"-c{CLIENTS}", f"-d{seconds:.0f}s", "--latency", url]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    rate, p99 = _WRK_RATE.search(printed), _WRK_P99.search(printed)
    if rate is None or p99 is None or "Non-2xx" in printed:
        raise RuntimeError(f"wrk did not measure what it should:\n{printed}")
    return float(rate[1]), float(p99[1]) * _MS[p99[2]]


async def _writes(
    site: LiveSite, service: str, hosts: list[str], seconds: float
) -> tuple[list[float], float]:
    """How long each write took, in ms, and all of them together, in s.

    Each moves one of a few instances to the next host, so that none is like the one before.
    """
    numbers, took_ms, began = count(), list[float](), time.monotonic()
    clients = [await Connection.to("127.0.0.1", site.controller.rest_port) for _ in range(CLIENTS)]

    async def write(client: Connection) -> None:
        while time.monotonic() - began < seconds:
            turn, number = divmod(next(numbers), _MOVED)
            path = f"/v1/instances/bench-{number}?wait=stored"
            body = {"service": service, "host": hosts[turn % len(hosts)]}
            start = time.perf_counter()
            status, answer = await client.ask("PUT", path, body)
            if status not in (200, 201):
                raise RuntimeError(f"PUT {path}: HTTP {status}: {answer.decode()}")
            took_ms.append((time.perf_counter() - start) * 1000)

    await asyncio.gather(*map(write, clients))
    took_s = time.monotonic() - began
    for client in clients:
        client.close()
    return took_ms, took_s
