"""What the operator wants: the intent of one revision, as frozen values.

Every value here is complete: what may be left out of a document (VLAN id, MAC, IP, id) has been
allocated before an ``Intent`` exists, so nothing below this module ever asks "was it given?".
Names are unique within their collection. Addresses are unique within a VRF.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Network
from operator import is_
from types import MappingProxyType
from typing import Final, Literal, TypeVar

Metric = Literal["cost", "latency"]
Protocol = Literal["any", "icmp", "tcp", "udp"]
Labels = Mapping[str, str]

VLAN_ID_MIN: Final = 4096
VLAN_ID_MAX: Final = 8192
VRF_ID_MIN: Final = 1
VRF_ID_MAX: Final = 4090  # what the wire tag can carry, see model.wire
DSCP_MAX: Final = 63  # RFC 2474 section 3: six bits
PORT_MAX: Final = 65535
INSTANCE_ID_MAX: Final = 65535  # an instance's id is its conntrack zone, 16 bits
DEFAULT_POOL: Final = IPv4Network("10.128.0.0/9")
"""Where segments get their subnets from in a VRF that names no pool."""

K = TypeVar("K")
T = TypeVar("T")


def thawed(items: Mapping[K, T]) -> dict[K, T]:
    """A copy of a mapping to change. ``dict`` walks a read-only one, or one that lost keys."""
    if isinstance(items, dict | MappingProxyType):
        return items.copy()
    return dict(items)


def frozen(items: Mapping[str, T]) -> Mapping[str, T]:
    """A read-only copy of a mapping, in the order of its keys: one normal form for equal values."""
    keys = sorted(items)
    if all(map(is_, keys, items)):  # in that order already, as after most changes
        return MappingProxyType(thawed(items))
    return MappingProxyType({key: items[key] for key in keys})


@dataclass(frozen=True, slots=True)
class Vrf:
    """A routing domain. Addresses may overlap between VRFs.

    ``pool`` is what its segments get a /24 of when they name no subnet.
    """

    name: str
    id: int
    pool: IPv4Network = DEFAULT_POOL


@dataclass(frozen=True, slots=True)
class QosClass:
    """A traffic class. ``dscp`` is unique among classes: on the wire the DSCP *is* the class.

    ``min_rate_permille`` and ``max_rate_permille`` are shares of a link's rate (30% is 300);
    ``priority`` 0 is served first; ``metric`` chooses the plane (shortest by cost or by latency).
    """

    name: str
    dscp: int
    queue: int
    min_rate_permille: int = 0
    max_rate_permille: int = 1000
    priority: int = 7
    metric: Metric = "cost"


BEST_EFFORT: Final = QosClass(name="best-effort", dscp=0, queue=0)
"""The class of a rule or service that names none; always present in an intent."""


@dataclass(frozen=True, slots=True, order=True)
class AddressRange:
    """Addresses from a first one to a last one, both included."""

    first: IPv4Address
    last: IPv4Address


@dataclass(frozen=True, slots=True)
class Segment:
    """One VLAN: an extended VLAN id and its IPv4 subnet, in one VRF.

    ``gateway`` is an address of the subnet that every edge switch answers for. ``reserved`` are
    addresses of the subnet that no instance may have: sorted, and apart from each other.
    """

    name: str
    vrf: str
    vlan: int
    subnet: IPv4Network
    gateway: IPv4Address
    reserved: tuple[AddressRange, ...] = ()


@dataclass(frozen=True, slots=True)
class Tenant:
    """Owns services; has one home segment, and so one VLAN and one VRF, at a time."""

    name: str
    segment: str
    labels: Labels = field(default_factory=lambda: frozen({}))


@dataclass(frozen=True, slots=True)
class Service:
    """Interchangeable instances with the same labels; ``qos_class`` is the default of its rules."""

    name: str
    tenant: str
    labels: Labels = field(default_factory=lambda: frozen({}))
    qos_class: str = BEST_EFFORT.name


@dataclass(frozen=True, slots=True)
class Instance:
    """One NIC of one VM or container.

    ``id`` (1..65535) is allocated once and stays: it is the instance's conntrack zone.
    ``port`` is the OVS ``external_ids:iface-id`` that binds it. ``nested_vlan`` is the 802.1Q id
    of a sub-port of a VM's port, 0 when the instance owns the port. ``ip`` need not lie in its
    segment's subnet: a moved tenant keeps its addresses.
    """

    name: str
    service: str
    host: str
    id: int
    port: str
    mac: str
    ip: IPv4Address
    nested_vlan: int = 0


@dataclass(frozen=True, slots=True)
class Selector:
    """Which services a rule speaks of: every key must match one of its values; empty is everyone.

    Keys are labels, and the implicit labels ``vrf``, ``tenant``, ``service`` and ``segment``.
    """

    labels: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: frozen({}))


@dataclass(frozen=True, slots=True, order=True)
class PortRange:
    """What a rule allows: a protocol and, for tcp and udp, an inclusive destination port range."""

    protocol: Protocol
    first: int = 0
    last: int = PORT_MAX


@dataclass(frozen=True, slots=True)
class Rule:
    """One allow-list entry. Default is deny; a reply of an allowed connection always passes.

    ``dscp`` None matches every packet, else only packets that the sender marked so.
    ``qos_class`` None means: the class of the service it leads to.
    """

    name: str
    source: Selector
    destination: Selector
    allow: tuple[PortRange, ...]
    dscp: int | None = None
    qos_class: str | None = None


@dataclass(frozen=True, slots=True)
class Intent:
    """One revision's whole content. Mappings are keyed by name and read-only."""

    vrfs: Mapping[str, Vrf] = field(default_factory=lambda: frozen({}))
    classes: Mapping[str, QosClass] = field(
        default_factory=lambda: frozen({BEST_EFFORT.name: BEST_EFFORT})
    )
    segments: Mapping[str, Segment] = field(default_factory=lambda: frozen({}))
    tenants: Mapping[str, Tenant] = field(default_factory=lambda: frozen({}))
    services: Mapping[str, Service] = field(default_factory=lambda: frozen({}))
    instances: Mapping[str, Instance] = field(default_factory=lambda: frozen({}))
    rules: Mapping[str, Rule] = field(default_factory=lambda: frozen({}))

    def segment_of(self, instance: Instance) -> Segment:
        """The segment an instance is in: its tenant's home segment."""
        return self.segments[self.tenants[self.services[instance.service].tenant].segment]

    def vrf_of(self, instance: Instance) -> Vrf:
        """The VRF an instance is in."""
        return self.vrfs[self.segment_of(instance).vrf]

    def effective_labels(self, service_name: str) -> Labels:
        """A service's labels over its tenant's, with the implicit ones over both."""
        service = self.services[service_name]
        tenant = self.tenants[service.tenant]
        segment = self.segments[tenant.segment]
        implicit = {
            "vrf": segment.vrf,
            "tenant": tenant.name,
            "service": service.name,
            "segment": segment.name,
        }
        return frozen({**tenant.labels, **service.labels, **implicit})
