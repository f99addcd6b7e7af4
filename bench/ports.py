"""A host's instances plugged in: real veth ports, one OVSDB transaction, until all is confirmed.

The clock starts when Open vSwitch has created the last port, as ovs-vsctl tells, and ends when
the switches have confirmed every entry of every port. The ratio is that to the time in which Open
vSwitch itself (its userspace datapath) takes up the ports.
"""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from bench import workload
from bench.live import LiveSite, Port, instance_ports, link_ports, live_site
from bench.measure import Figure, Result, say
from controller.compile import compile_network
from controller.model.intent import frozen
from controller.model.network import Facts, Network
from labkit.devices import NETNS, inside, ip, is_device, taken
from labkit.single import only_site

MOST: Final = 2000
"""How many instances a host has."""

EDGE: Final = "edge-0"
_PEERS: Final = "bench-ports"
_SITE_S: Final = 60.0
_GONE_S: Final = 60.0


def run(services: int) -> Result:
    """A host's 2,000 ports plugged in: from the last one's creation until all are programmed."""
    network = one_host(min(MOST, services))
    with only_site(_SITE_S), live_site("ports", network, "netdev") as site:
        links = link_ports(network)
        site.plug(links, "internal")
        _batch([], (f"link set {port.device} up" for port in links))
        ports = instance_ports(network)
        made_s = _make_devices(site, ports)
        say(f"  {len(ports)} devices made in {made_s:.1f} s")
        try:
            took_s, own_s, entries = _plug(site, network, ports)
        finally:
            _remove_devices(ports)
    figures = (
        Figure("ports", len(ports), "ports"),
        Figure("entries of the host", entries, "entries"),
        Figure("Open vSwitch's own, to create them", own_s, "s"),
    )
    against = f"Open vSwitch's own: {own_s:.2f} s"
    return Result("ports", took_s, "s", against, took_s / own_s, figures)


def one_host(services: int) -> Network:
    """A site whose instances are all on one of its two hosts."""
    found = workload.network(services)
    instances = {
        name: replace(instance, host="host-0") for name, instance in found.intent.instances.items()
    }
    intent = replace(found.intent, instances=frozen(instances))
    return replace(found, intent=intent, facts=Facts())


def _make_devices(site: LiveSite, ports: list[Port]) -> float:
    """A veth pair for each port, other ends in a namespace: with that, all of them go at once."""
    if (NETNS / _PEERS).exists():
        raise RuntimeError(taken(f"namespace {_PEERS}"))
    site.ledger.add("netns", _PEERS)
    ip("netns", "add", _PEERS)
    inside(_PEERS, "sysctl", "-qw", "net.ipv6.conf.default.disable_ipv6=1")
    began = time.monotonic()
    _batch(
        [],
        (f"link add {p.device} up type veth peer name {p.device} netns {_PEERS}" for p in ports),
    )
    _batch(["-n", _PEERS], (f"link set {port.device} up" for port in ports))
    return time.monotonic() - began


def _batch(options: list[str], lines: Iterable[str]) -> None:
    """Run ip(8) once for many commands. Raises RuntimeError."""
    done = subprocess.run(
        ["ip", *options, "-batch", "-"],
        input="\n".join(lines),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"ip -batch: {done.stderr.strip()[:500]}")


def _plug(site: LiveSite, network: Network, ports: list[Port]) -> tuple[float, float, int]:
    """Seconds from the last port's creation until all is confirmed, those of Open vSwitch, and how
    many entries the host's switch then has.
    """
    entries = {name: len(rows) for name, rows in compile_network(plugged(network)).items()}
    began = time.monotonic()
    site.plug(ports)
    own_s = time.monotonic() - began
    site.wait_in_sync(entries)
    took_s = time.monotonic() - began - own_s
    say(f"  Open vSwitch {own_s:.2f} s, in sync {took_s:.2f} s later")
    return took_s, own_s, entries[EDGE]


def plugged(network: Network) -> Network:
    """The network once its ports are there; their numbers do not matter for how many entries."""
    return replace(network, facts=workload.facts_of(network.intent, network.topology))


def _remove_devices(ports: list[Port]) -> None:
    """The namespace of the other ends goes, and all pairs with it, a moment later."""
    ip("netns", "delete", _PEERS)
    deadline = time.monotonic() + _GONE_S
    while any(is_device(port.device) for port in ports):
        if time.monotonic() > deadline:
            raise RuntimeError(f"devices are still there {_GONE_S:.0f} s after their namespace")
        time.sleep(0.05)
