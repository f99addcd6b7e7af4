"""Reads over REST beside traffic: how long they take, and by how much they delay OpenFlow.

A site in Mininet, of as many services as asked for. Two dozen of its instances, on four hosts, have
namespaces and ports, and exchange datagrams and TCP through Open vSwitch; the rest is only wanted.
In the second of three spells 2,000 reads a second come at their times. All the while the engine
sends switches barriers, on the way that changes take: out of its loop, through the speaker to the
switch, and back. Client, traffic, switches and controller share the machine's cores.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

from bench import workload
from bench.measure import Figure, Result, ahead, percentile, say
from bench.paced import paced_reads
from bench.targets import DELAY, READ_P99
from controller.model.decode_topology import encode_topology
from controller.model.encode import encode_intent
from controller.model.intent import PortRange, Rule, Selector, frozen
from controller.model.network import Network
from labkit.controller import ControllerProcess
from labkit.ledger import Ledger
from labkit.load import Load, LoadReport, Way
from labkit.ovs import KEEPS_BUFFERS, PrivateOvs
from labkit.probed_engine import probes
from labkit.processes import cpu_s, family
from labkit.single import only_site
from labkit.site import Site

READS_PER_S: Final = 2000
CLIENTS: Final = 32
_HOSTS: Final = 4
_RINGS: Final = (range(12), range(20, 32))
"""The instances that are plugged in, by number. Each sends to the next of its ring, which is in its
segment and on another host."""

_PORT: Final = 7800
_DATAGRAMS_HZ: Final = 20.0  # of each instance, each answered
_TCP_BPS: Final = 200e3  # of each instance
_LOCK_S: Final = 90.0
_WHOLE: Final = 1000  # services; below it, the spells are short
_UNLIMITED: Final = {"requests_per_s": 1_000_000, "requests_burst": 1_000_000}


@dataclass(frozen=True, slots=True)
class _Running:
    """A site that is in sync, and what runs it."""

    site: Site
    controller: ControllerProcess
    run_dir: Path

    def spell(self, work: Callable[[], object]) -> _Spell:
        """What OpenFlow takes while something is done."""
        began_s, computed_s = time.monotonic(), self._computed_s()
        work()
        ended_s, computed_s = time.monotonic(), self._computed_s() - computed_s
        took_ms = [p.took_ms for p in probes(self.run_dir) if began_s <= p.due_s < ended_s]
        return _Spell(took_ms, computed_s / (ended_s - began_s))

    def _computed_s(self) -> float:
        assert self.controller.process is not None
        return sum(map(cpu_s, family(self.controller.process.pid)))


@dataclass(frozen=True, slots=True)
class _Spell:
    """What each barrier took in it, and how many cores the controller was busy with."""

    took_ms: list[float]
    cores: float

    @property
    def p99_ms(self) -> float:
        return percentile(self.took_ms, 99)

    def text(self) -> str:
        """For people."""
        return (
            f"p50 {percentile(self.took_ms, 50):.2f} ms, p99 {self.p99_ms:.2f} ms of"
            f" {len(self.took_ms)} barriers; the controller had {self.cores:.0%} of a core"
        )


def rest_beside(services: int) -> Result:
    """p99 of OpenFlow beside 2,000 reads/s and 24 busy instances; the ratio is to no reads."""
    seconds = 20.0 if services >= _WHOLE else 1.0
    with ahead(), _running(_network(services)) as running:
        load = _load(running)
        load.begin()
        before = running.spell(lambda: time.sleep(seconds / 2))
        reads_ms = list[float]()
        reads = running.spell(
            lambda: reads_ms.extend(_reads(running.controller, services, seconds))
        )
        after = running.spell(lambda: time.sleep(seconds / 2))
        report = load.finish()
    without = _Spell(before.took_ms + after.took_ms, (before.cores + after.cores) / 2)
    return _told(reads_ms, reads, without, report, seconds)


def _told(
    reads_ms: list[float], reads: _Spell, without: _Spell, report: LoadReport, seconds: float
) -> Result:
    if not report.alive or report.lost == report.sent:
        raise RuntimeError("there was no traffic: " + "; ".join(report.losses(0.0)[:3]))
    sent = report.transferred_bytes / 1e6
    p99_ms = percentile(reads_ms, 99)
    say(f"  traffic: {report.sent} datagrams, {report.lost} lost, {sent:.1f} MB by TCP")
    say(f"  OpenFlow without reads: {without.text()}")
    say(f"  OpenFlow beside reads:  {reads.text()}")
    figures = (
        Figure("reads answered", len(reads_ms) / seconds, "requests/s"),
        Figure(READ_P99, p99_ms, "ms"),
        Figure("a read, longest", max(reads_ms), "ms"),
        Figure(DELAY, reads.p99_ms - without.p99_ms, "ms"),
        Figure("datagrams lost", report.lost, f"of {report.sent}"),
    )
    against = f"without the {READS_PER_S} reads/s, whose p99 is {p99_ms:.1f} ms"
    return Result.of_ms("rest_beside", reads.p99_ms, against, without.p99_ms, figures)


def _reads(controller: ControllerProcess, services: int, seconds: float) -> list[float]:
    paths = [f"/v1/instances/i-{number}" for number in range(services)]
    return paced_reads(controller.rest_port, paths, READS_PER_S, seconds, clients=CLIENTS)


def _network(services: int) -> Network:
    """Where those of a ring may send to each other, too."""
    intent, topology = workload.intent_of(services, _HOSTS), workload.topology_of(_HOSTS)
    network = Network(intent, topology)
    for ring in _RINGS:
        members = Selector(frozen({"service": tuple(f"service-{number}" for number in ring)}))
        ports = tuple(PortRange(protocol, _PORT, _PORT) for protocol in ("tcp", "udp"))
        network = workload.with_rule(network, Rule(f"ring-{ring[0]}", members, members, ports))
    return network


@contextmanager
def _running(network: Network) -> Iterator[_Running]:
    ledger = Ledger.create("bench-rest-beside")
    topology, policy = ledger.folder / "topology.yaml", ledger.folder / "policy.yaml"
    topology.write_text(yaml.safe_dump(encode_topology(network.topology)))
    policy.write_text(yaml.safe_dump(encode_intent(network.intent)))
    run_dir = ledger.folder / "controller"
    try:
        with only_site(_LOCK_S), PrivateOvs(ledger, "netdev", tunables=KEEPS_BUFFERS) as ovs:
            controller = ControllerProcess(
                ledger,
                app="labkit.probed_speaker",
                topology=topology,
                policy=policy,
                run_dir=run_dir,
                ovsdb=ovs.database,
                log_level="warning",
                **_UNLIMITED,
            )
            site = Site(ledger, ovs, topology)
            try:
                controller.start()
                site.start_switches(controller)
                site.plug_some(controller, _live(controller), lambda _name: None)
                controller.wait_ready()
                yield _Running(site, controller, run_dir)
            finally:
                site.stop()
                controller.stop()
    finally:
        ledger.clean()


def _live(controller: ControllerProcess) -> list[Any]:
    return [controller.get(f"/v1/instances/i-{number}") for ring in _RINGS for number in ring]


def _load(running: _Running) -> Load:
    """What instances send to each other, not begun."""
    ways = [
        Way(f"i-{source}", f"i-{target}", _PORT)
        for ring in _RINGS
        for source, target in zip(ring, [*ring[1:], ring[0]], strict=True)
    ]
    for agent in running.site.agents.values():
        agent.ask("listen", tcp=[_PORT], udp=[_PORT])
    addresses = {instance["name"]: instance["ip"] for instance in _live(running.controller)}
    return Load(running.site, addresses, ways, ways, rate_hz=_DATAGRAMS_HZ, rate_bps=_TCP_BPS)
