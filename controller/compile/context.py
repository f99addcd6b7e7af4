"""What every feature needs to know of a network, worked out once and kept while it stays true.

A context made after another takes over what is the same in both, as the same objects: whoever
compiles from it sees by ``is`` what a change has not touched.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address
from typing import Final, TypeVar

from controller.compile.openings import Openings
from controller.dataplane.registers import IDENTITY_BITS
from controller.model.identity import IdentityKey, identities, same_identities
from controller.model.intent import Instance, Intent, Metric, Segment
from controller.model.network import Network, Switch
from controller.model.numbers import stable_numbers
from controller.model.wire import WireTag, wire_tag
from controller.topology.routes import Routes

PLANES: Final[Mapping[Metric, int]] = {"cost": 0, "latency": 1}
"""The plane that serves each routing metric."""

RULE_BITS: Final = 32  # a cookie's object

Views = Mapping[str, Mapping[IPv4Address, Instance]]
_SURROUNDINGS: Final = ("vrfs", "classes", "segments", "tenants", "services")
T = TypeVar("T")


@dataclass(frozen=True)
class Context:
    """A network with its numbers, views and routes.

    ``keys`` and ``identities`` are each service's identity and its number; ``views`` the addresses
    that each VRF can resolve; ``local`` each edge switch's instances. ``surroundings`` is one
    object while all but rules and instances, and what follows from these, stay the same.
    """

    network: Network
    surroundings: object
    routes: Routes
    keys: Mapping[str, IdentityKey]
    identities: Mapping[str, int]
    rule_numbers: Mapping[str, int]
    openings: Openings
    views: Views
    local: Mapping[str, tuple[Instance, ...]]

    @staticmethod
    def of(network: Network, before: Context | None = None) -> Context:
        """The context of a network; what is the same as before is taken over."""
        keys = _keys(network.intent, before)
        openings = Openings.of(network.intent, keys, before.openings if before else None)
        stays = before is not None and keys is before.keys and _stays(before.network, network)
        old = before if stays else None
        return Context(
            network=network,
            surroundings=old.surroundings if old else object(),
            routes=old.routes if old else Routes.of(network),
            keys=keys,
            identities=old.identities if old else _identities(keys),
            rule_numbers=stable_numbers(network.intent.rules, RULE_BITS),
            openings=openings,
            views=_views(network.intent, keys, openings, old),
            local=_each_kept(before.local if before else {}, _local(network)),
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


def _keys(intent: Intent, before: Context | None) -> Mapping[str, IdentityKey]:
    if before is not None and same_identities(before.intent, intent):
        return before.keys
    return identities(intent)


def _stays(old: Network, new: Network) -> bool:
    """Whether all but rules and instances is the same."""
    return (
        _same(old.topology, new.topology)
        and _same(old.facts, new.facts)
        and all(_same(getattr(old.intent, p), getattr(new.intent, p)) for p in _SURROUNDINGS)
    )


def _same(one: object, other: object) -> bool:
    return one is other or one == other


def _identities(keys: Mapping[str, IdentityKey]) -> Mapping[str, int]:
    texts = {key: repr(key) for key in set(keys.values())}
    numbers = stable_numbers(texts.values(), IDENTITY_BITS)
    return {name: numbers[texts[key]] for name, key in keys.items()}


def _views(
    intent: Intent,
    keys: Mapping[str, IdentityKey],
    openings: Openings,
    before: Context | None,
) -> Views:
    """The addresses each VRF can resolve: its own, and those of identities leaked into it."""
    stays = before is not None and _same(before.intent.instances, intent.instances)
    if before and stays and before.openings.leaked == openings.leaked:
        return before.views
    found: dict[str, dict[IPv4Address, Instance]] = {vrf: {} for vrf in intent.vrfs}
    seeing = _seeing(openings)
    for name, instances in _by_service(intent).items():
        key = keys[name]
        for vrf in seeing.get(key, ()):
            found[vrf].update((i.ip, i) for i in instances)
    for name, instances in _by_service(intent).items():
        found[keys[name][0]].update((i.ip, i) for i in instances)
    return _each_kept(before.views if before else {}, found)


def _seeing(openings: Openings) -> Mapping[IdentityKey, list[str]]:
    """The VRFs that each leaked identity leaks into."""
    found: dict[IdentityKey, list[str]] = {}
    for vrf, leaked in openings.leaked.items():
        for key in leaked:
            found.setdefault(key, []).append(vrf)
    return found


def _by_service(intent: Intent) -> Mapping[str, list[Instance]]:
    found: dict[str, list[Instance]] = {}
    for instance in intent.instances.values():
        found.setdefault(instance.service, []).append(instance)
    return found


def _local(network: Network) -> Mapping[str, tuple[Instance, ...]]:
    hosts: dict[str, list[Instance]] = {}
    for instance in network.intent.instances.values():
        hosts.setdefault(instance.host, []).append(instance)
    return {
        switch.name: tuple(hosts.get(switch.host, ()) if switch.role == "edge" else ())
        for switch in network.topology.switches.values()
    }


def _each_kept(before: Mapping[str, T], after: Mapping[str, T]) -> Mapping[str, T]:
    """The mapping after, with the objects of the one before wherever they are equal."""
    return {
        name: before[name] if name in before and before[name] == value else value
        for name, value in after.items()
    }


def mac_number(mac: str) -> int:
    """A MAC address as a number."""
    return int(mac.replace(":", ""), 16)
