"""What is there: switches, hosts, links and bound ports; and the network, which is all of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Literal

from controller.model.intent import Intent, frozen
from controller.model.same import Same

Role = Literal["edge", "fabric"]


@dataclass(frozen=True, slots=True)
class Switch:
    """An OpenFlow switch. ``number`` (1..65535) names it in frames; ``host`` only for an edge."""

    name: str
    role: Role
    number: int
    host: str = ""

    @property
    def datapath_id(self) -> int:
        """The OpenFlow datapath id: the switch's number."""
        return self.number


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One end of a link: a port of a switch, by interface name."""

    switch: str
    port: str


@dataclass(frozen=True, slots=True)
class Link:
    """A wire between two switches, the same in both directions.

    ``vrfs`` empty carries every VRF; otherwise only the VRFs named (a dedicated uplink).
    """

    name: str
    a: Endpoint
    b: Endpoint
    rate_mbps: int = 1000
    latency_us: int = 10
    cost: int = 1
    vrfs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Topology:
    """The site's switches and links as declared. Every host has exactly one edge switch."""

    switches: Mapping[str, Switch] = field(default_factory=lambda: frozen({}))
    links: Mapping[str, Link] = field(default_factory=lambda: frozen({}))

    def edge_of(self, host: str) -> Switch | None:
        """The edge switch on a host, or None where there is no such host."""
        return _edges(Same(self.switches)).get(host)

    def link_ports(self, switch: str) -> tuple[str, ...]:
        """The ports of a switch that links hang on, in the order of the links."""
        return _link_ports(Same(self.links)).get(switch, ())


@lru_cache(maxsize=8)
def _edges(switches: Same[Mapping[str, Switch]]) -> Mapping[str, Switch]:
    """Edge switches by host."""
    return {s.host: s for s in switches.value.values() if s.role == "edge"}


@lru_cache(maxsize=8)
def _link_ports(links: Same[Mapping[str, Link]]) -> Mapping[str, tuple[str, ...]]:
    """Ports of links by switch."""
    found: dict[str, list[str]] = {}
    for link in links.value.values():
        for end in (link.a, link.b):
            found.setdefault(end.switch, []).append(end.port)
    return {switch: tuple(ports) for switch, ports in found.items()}


@dataclass(frozen=True, slots=True)
class Facts:
    """What was observed. ``ports``: (switch, interface name or iface-id) to OpenFlow port number.

    ``down_links`` are names of links that cannot carry a frame now; ``unseen`` are switches that
    nobody has observed yet: what their ports are is not known.
    """

    ports: Mapping[tuple[str, str], int] = field(default_factory=dict)
    down_links: frozenset[str] = frozenset()
    unseen: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Network:
    """Intent, topology and facts: all that a program depends on."""

    intent: Intent
    topology: Topology
    facts: Facts = field(default_factory=Facts)

    def port_number(self, switch: str, port: str) -> int | None:
        """The OpenFlow port number of an interface or iface-id, None while it is not plugged."""
        return self.facts.ports.get((switch, port))
