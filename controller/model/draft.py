"""What a document says before the rest is allocated: ``None`` is "not given"."""

from __future__ import annotations

from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Network

from controller.model.intent import AddressRange, QosClass, Rule, Service, Tenant, Vrf


@dataclass(frozen=True, slots=True)
class SegmentDraft:
    """A segment as written; ``vlan`` None is also ``vlan: auto``."""

    name: str
    vrf: str
    vlan: int | None
    subnet: IPv4Network | None
    gateway: IPv4Address | None
    reserved: tuple[AddressRange, ...]


@dataclass(frozen=True, slots=True)
class InstanceDraft:
    """An instance as written."""

    name: str
    service: str
    host: str
    id: int | None
    port: str
    mac: str | None
    ip: IPv4Address | None
    nested_vlan: int


@dataclass(slots=True)
class Draft:
    """All well-formed objects of a document, by name; references may still dangle."""

    vrfs: dict[str, Vrf] = field(default_factory=dict)
    classes: dict[str, QosClass] = field(default_factory=dict)
    segments: dict[str, SegmentDraft] = field(default_factory=dict)
    tenants: dict[str, Tenant] = field(default_factory=dict)
    services: dict[str, Service] = field(default_factory=dict)
    instances: dict[str, InstanceDraft] = field(default_factory=dict)
    rules: dict[str, Rule] = field(default_factory=dict)
