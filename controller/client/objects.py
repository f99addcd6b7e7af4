"""The objects of each collection, as the API shows them."""

from __future__ import annotations

from typing import Literal, NotRequired, TypedDict

Selector = dict[str, str | list[str]]
"""Labels that must all match; a list means any of these."""


class Vrf(TypedDict):
    """A routing domain."""

    name: str
    id: int
    pool: NotRequired[str]


class QosClass(TypedDict):
    """A class. Rates are of a link: ``30%``."""

    name: str
    dscp: int
    queue: int
    min_rate: str
    max_rate: str
    priority: int
    metric: str


class Segment(TypedDict):
    """One VLAN, with its id of 4096..8192."""

    name: str
    vrf: str
    vlan: int
    subnet: str
    gateway: str
    reserved: NotRequired[list[str]]


class Tenant(TypedDict):
    """A tenant; ``vrf`` and ``vlan`` are its segment's."""

    name: str
    segment: str
    labels: NotRequired[dict[str, str]]
    vrf: str
    vlan: int


Service = TypedDict(
    "Service",
    {"name": str, "tenant": str, "labels": NotRequired[dict[str, str]], "class": str},
)
"""A service. ``class``: what it sends where no rule says otherwise."""


class Instance(TypedDict):
    """An instance, with all that is to be plugged in; see :class:`controller.client.Plug`."""

    name: str
    service: str
    host: str
    id: int
    port: str
    mac: str
    ip: str
    prefix_length: int
    gateway: str
    vlan: int
    vrf: str
    segment: str
    tenant: str
    nested_vlan: int | None
    mtu: int
    switch: str | None


Rule = TypedDict(
    "Rule",
    {
        "name": str,
        "from": Selector,
        "to": Selector,
        "allow": list[str],
        "dscp": NotRequired[int],
        "class": NotRequired[str],
    },
)
"""A rule of the allow-list. ``dscp``: only for packets that are marked so."""

Collection = Literal["vrfs", "classes", "segments", "tenants", "services", "instances", "rules"]
