"""What every feature needs to know of a network, worked out once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address
from typing import Final

from controller.dataplane.registers import IDENTITY_BITS
from controller.model.identity import identities
from controller.model.intent import Instance, Intent, Metric, Segment
from controller.model.meaning import view
from controller.model.network import Network, Switch
from controller.model.numbers import stable_numbers
from controller.model.wire import WireTag, wire_tag
from controller.topology.routes import Routes

PLANES: Final[Mapping[Metric, int]] = {"cost": 0, "latency": 1}
"""The plane that serves each routing metric."""

RULE_BITS: Final = 32  # a cookie's object


@dataclass(frozen=True)
class Context:
    """A network with its numbers, views and routes.

    ``local`` holds each edge switch's instances; ``views`` the addresses each VRF can resolve.
    """

    network: Network
    routes: Routes
    identities: Mapping[str, int]
    rule_numbers: Mapping[str, int]
    views: Mapping[str, Mapping[IPv4Address, Instance]]
    local: Mapping[str, tuple[Instance, ...]]

    @staticmethod
    def of(network: Network) -> Context:
        """The context of a network."""
        intent = network.intent
        return Context(
            network=network,
            routes=Routes.of(network),
            identities=_identities(intent),
            rule_numbers=stable_numbers(intent.rules, RULE_BITS),
            views=view(intent),
            local=_local(network),
        )

    @property
    def intent(self) -> Intent:
        """The network's intent."""
        return self.network.intent

    def identity(self, instance: Instance) -> int:
        """An instance's identity: what the data plane compares."""
        return self.identities[instance.service]

    def segment(self, instance: Instance) -> Segment:
        """An instance's segment."""
        return self.intent.segment_of(instance)

    def tag(self, segment: Segment) -> WireTag:
        """A segment's wire tag."""
        return wire_tag(self.intent.vrfs[segment.vrf].id, segment.vlan)

    def segments(self, switch: Switch) -> list[Segment]:
        """The segments with instances on an edge switch, by name."""
        found = {s.name: s for s in map(self.segment, self.local[switch.name])}
        return [found[name] for name in sorted(found)]

    def vrfs(self, switch: Switch) -> list[str]:
        """The VRFs with instances on an edge switch, by name."""
        return sorted({segment.vrf for segment in self.segments(switch)})

    def port(self, switch: Switch, instance: Instance) -> int | None:
        """The OpenFlow port an instance is bound to, None while it is not plugged."""
        return self.network.port_number(switch.name, instance.port)


def _identities(intent: Intent) -> Mapping[str, int]:
    keys = {name: repr(key) for name, key in identities(intent).items()}
    numbers = stable_numbers(keys.values(), IDENTITY_BITS)
    return {name: numbers[key] for name, key in keys.items()}


def _local(network: Network) -> Mapping[str, tuple[Instance, ...]]:
    hosts: dict[str, list[Instance]] = {}
    for instance in network.intent.instances.values():
        hosts.setdefault(instance.host, []).append(instance)
    return {
        switch.name: tuple(hosts.get(switch.host, ()) if switch.role == "edge" else ())
        for switch in network.topology.switches.values()
    }


def mac_number(mac: str) -> int:
    """A MAC address as a number."""
    return int(mac.replace(":", ""), 16)
