"""A running site for benchmarks: the stock ryu-manager, its engine and store, a private switch."""

from __future__ import annotations

import os
import time
from collections.abc import Collection, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any, Final

import httpx
import yaml

from bench.measure import say
from controller.model.decode_topology import encode_topology
from controller.model.encode import encode_intent
from controller.model.network import Network
from labkit.controller import ControllerProcess
from labkit.ledger import Ledger
from labkit.ovs import PrivateOvs
from labkit.site import device

TOGETHER: Final = 2000
"""Ports in one transaction: they must fit on one command line."""

_READY_S: Final = 120.0
_REQUEST_S: Final = 5.0
_POLL_S: Final = 0.02


@dataclass(frozen=True, slots=True)
class Port:
    """A port to plug: its device, the interface id that the intent calls it by, and its bridge."""

    bridge: str
    device: str
    name: str


@dataclass(frozen=True, slots=True)
class LiveSite:
    """The parts of a running site."""

    ledger: Ledger
    ovs: PrivateOvs
    controller: ControllerProcess
    apart: Mapping[str, PrivateOvs]
    elsewhere: frozenset[str] = frozenset()

    def ovs_of(self, bridge: str) -> PrivateOvs:
        """The Open vSwitch that a bridge is of."""
        return self.apart.get(bridge, self.ovs)

    def plug(self, ports: list[Port], kind: str = "") -> None:
        """Add ports, so many of them in one transaction. ``kind`` is Open vSwitch's type."""
        for some in batched_ports(ports):
            self._plug_together(some, kind)

    def _plug_together(self, ports: list[Port], kind: str) -> None:
        for ovs in {self.ovs_of(port.bridge) for port in ports}:
            commands: list[str] = []
            for port in ports:
                if self.ovs_of(port.bridge) is not ovs:
                    continue
                commands += ["--", "add-port", port.bridge, port.device]
                commands += ["--", "set", "interface", port.device]
                commands += [f"external_ids:iface-id={port.name}"]
                commands += [f"type={kind}"] if kind else []
            ovs.vsctl(*commands[1:])

    def wait_in_sync(
        self, entries: Mapping[str, int] | None = None, timeout_s: float = _READY_S
    ) -> Mapping[str, Any]:
        """Wait until every switch has confirmed what it should hold; the switches.

        ``entries`` says how many of some switches: then the ports that it needs have been seen.
        Raises RuntimeError.
        """
        deadline = time.monotonic() + timeout_s
        while time.monotonic() < deadline:
            switches = self._switches()
            here = switches.keys() - self.elsewhere
            if (
                here
                and all(switches[name]["in_sync"] for name in here)
                and all(
                    switches[name]["entries"] == count for name, count in (entries or {}).items()
                )
            ):
                return switches
            time.sleep(_POLL_S)
        raise RuntimeError(f"not in sync within {timeout_s:.0f} s: {switches}, wanted {entries}")

    def wait_bound(self, count: int, timeout_s: float = _READY_S) -> None:
        """Wait until the controller has seen so many ports come. Raises RuntimeError."""
        deadline = time.monotonic() + timeout_s
        found = 0
        while time.monotonic() < deadline:
            events = self.controller.get("/v1/events", after=0, follow="false")
            found = sum(e["data"]["count"] for e in events if e["kind"] == "bound")
            if found >= count:
                return
            time.sleep(_POLL_S)
        raise RuntimeError(f"{found} of {count} ports were seen within {timeout_s:.0f} s")

    def wait_answering(self, timeout_s: float = _READY_S) -> None:
        """Wait until the controller takes requests. Raises RuntimeError."""
        deadline = time.monotonic() + timeout_s
        while not self._switches():
            if time.monotonic() > deadline:
                raise RuntimeError(f"the controller did not answer within {timeout_s:.0f} s")
            time.sleep(_POLL_S)

    def _switches(self) -> dict[str, Any]:
        """The switches by name; none while the controller starts."""
        try:
            return {item["name"]: item for item in self.controller.get("/v1/switches")}
        except httpx.TransportError:
            return {}


def batched_ports(ports: list[Port]) -> Iterator[list[Port]]:
    """Ports in groups of at most :data:`TOGETHER`."""
    for first in range(0, len(ports), TOGETHER):
        yield ports[first : first + TOGETHER]


def link_ports(network: Network) -> list[Port]:
    """The ports of the links between switches."""
    links = network.topology.links.values()
    return [Port(e.switch, device(e), e.port) for link in links for e in (link.a, link.b)]


def instance_ports(network: Network) -> list[Port]:
    """A port for each instance, on its host's switch."""
    edges = {s.host: s.name for s in network.topology.switches.values() if s.host}
    return [Port(edges[i.host], i.port, i.port) for i in network.intent.instances.values()]


@contextmanager
def live_site(
    name: str,
    network: Network,
    ovs_kind: Any = "dummy",
    apart: Collection[str] = (),
    *,
    elsewhere: Collection[str] = (),
    stored: bool = True,
    **settings: object,
) -> Iterator[LiveSite]:
    """A controller, with these settings, and a switch with the bridges of a network and no port.

    The intent is ``stored`` unless the caller does that.

    The switches ``apart`` have an Open vSwitch each, as hosts do; one takes ports ever more slowly.
    Those ``elsewhere`` are declared, and nobody answers for them.
    """
    ledger = Ledger.create(f"bench-{name}")
    try:
        topology = ledger.folder / "topology.yaml"
        topology.write_text(yaml.safe_dump(encode_topology(network.topology)))
        with ExitStack() as running:
            ovs = running.enter_context(PrivateOvs(ledger, ovs_kind))
            own = {
                switch: running.enter_context(PrivateOvs(ledger, ovs_kind, f"ovs-{switch}"))
                for switch in apart
            }
            remotes = {s: own.get(s, ovs).database for s in network.topology.switches}
            remotes |= {switch: f"unix:{ledger.folder}/{switch}.sock" for switch in elsewhere}
            controller = ControllerProcess(
                ledger,
                topology=topology,
                ovsdb=",".join(f"{switch}={remote}" for switch, remote in remotes.items()),
                log_level=os.environ.get("BENCH_LOG", "warning"),
                # Switches that in a network have cores of their own share those of one machine.
                request_timeout_s=_REQUEST_S * max(1, len(own)),
                **settings,
            )
            controller.start()
            running.callback(controller.stop)
            site = LiveSite(ledger, ovs, controller, own, frozenset(elsewhere))
            site.wait_in_sync()
            if stored:
                _store(controller, network)
            yield site
    finally:
        ledger.clean()


def _store(controller: ControllerProcess, network: Network) -> None:
    began = time.monotonic()
    controller.post("/v1/apply?wait=stored", {"document": encode_intent(network.intent)})
    say(f"  the document is stored after {time.monotonic() - began:.1f} s")
