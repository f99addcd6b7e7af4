"""Hypothesis strategies for valid intents, networks and the packets worth asking about.

Intents are generated as documents and decoded, so whatever comes out has passed every check;
addresses are mostly left to the allocator, which finds valid ones.
"""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Network
from typing import Any, Final

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from controller.errors import Invalid
from controller.model.change import move_tenant
from controller.model.decode import decode_intent
from controller.model.intent import Instance, Intent
from controller.model.network import Endpoint, Facts, Link, Network, Switch, Topology

HOSTS: Final = ("host-1", "host-2", "host-3")
_VRFS: Final = {"business": 100, "monitoring": 200, "management": 300}
_SUBNETS: Final = ("10.0.0.0/24", "10.0.1.0/24", "10.0.2.0/27", "192.168.7.0/25")
_VLANS: Final = ("auto", 4096, 4097, 5000, 8192)
_CLASSES: Final[dict[str, dict[str, Any]]] = {
    "realtime": {"dscp": 46, "queue": 1, "min_rate": "30%", "priority": 0, "metric": "latency"},
    "bulk": {"dscp": 10, "queue": 2, "max_rate": "50%", "min_rate": "12.5%"},
}
_LABELS: Final = {"tier": ("web", "api", "db"), "env": ("prod", "dev")}
_ALLOW: Final = (
    "any", "icmp", "tcp", "udp", "tcp/80", "tcp/443", "tcp/80-90", "tcp/85-8080", "udp/53",
    "udp/0-53", "tcp/8080-65535", "tcp/1-1023",
)  # fmt: skip
_PROTOCOLS: Final = (1, 6, 17, 47)  # ICMP, TCP, UDP, and GRE for what only `any` allows


@st.composite
def documents(draw: DrawFn, max_instances: int = 12) -> dict[str, Any]:
    """Intent documents that decode: overlapping subnets in different VRFs, rules across VRFs,
    rules by DSCP, port ranges, nested instances."""
    vrfs = draw(st.lists(st.sampled_from(sorted(_VRFS)), min_size=1, unique=True))
    classes = draw(st.lists(st.sampled_from(sorted(_CLASSES)), unique=True))
    segments = draw(_segments(vrfs))
    tenants = {
        f"tenant-{n}": {
            "segment": draw(st.sampled_from(sorted(segments))),
            "labels": draw(_labels()),
        }
        for n in range(draw(st.integers(1, 3)))
    }
    services = {
        f"service-{n}": draw(_service(sorted(tenants), classes))
        for n in range(draw(st.integers(1, 5)))
    }
    implicit = {
        "vrf": sorted(vrfs),
        "tenant": sorted(tenants),
        "service": sorted(services),
        "segment": sorted(segments),
    }
    return {
        "vrfs": {name: {"id": _VRFS[name], **draw(_pool())} for name in vrfs},
        "classes": {name: _CLASSES[name] for name in classes},
        "segments": segments,
        "tenants": tenants,
        "services": services,
        "instances": draw(_instances(sorted(services), max_instances)),
        "rules": [
            {"name": f"rule-{n}", **draw(_rule(implicit, classes))}
            for n in range(draw(st.integers(0, 6)))
        ],
    }


@st.composite
def intents(draw: DrawFn, max_instances: int = 12) -> Intent:
    """Valid intents; in some a tenant has moved and keeps addresses of its former subnet."""
    intent = decode_intent(draw(documents(max_instances)), hosts=frozenset(HOSTS))
    return draw(moved(intent)) if draw(st.booleans()) else intent


@st.composite
def moved(draw: DrawFn, intent: Intent) -> Intent:
    """The intent with one tenant in another segment or VRF, or the same where it cannot be."""
    tenant = draw(st.sampled_from(sorted(intent.tenants)))
    to_vrf = draw(st.booleans())
    target = draw(st.sampled_from(sorted(intent.vrfs if to_vrf else intent.segments)))
    try:
        if to_vrf:
            return move_tenant(intent, tenant, vrf=target, readdress=draw(st.booleans()))
        return move_tenant(intent, tenant, segment=target, readdress=draw(st.booleans()))
    except Invalid:
        return intent


@st.composite
def networks(draw: DrawFn, max_instances: int = 12) -> Network:
    """A generated intent on :func:`site`, with every port plugged."""
    intent = draw(intents(max_instances))
    return Network(intent, site(), plugged(intent, site()))


def site() -> Topology:
    """Three hosts, each linked to two fabric switches that are linked to each other."""
    edges = [Switch(f"edge-{n}", "edge", n, f"host-{n}") for n in (1, 2, 3)]
    fabrics = [Switch(f"fabric-{n}", "fabric", 100 + n) for n in (1, 2)]
    links = [
        Link(f"h{e.number}-{f.name}", Endpoint(e.name, f"up{f.number}"), Endpoint(f.name, e.host))
        for e in edges
        for f in fabrics
    ]
    between = Link("core", Endpoint("fabric-1", "core"), Endpoint("fabric-2", "core"), 1000, 5)
    return Topology(
        {switch.name: switch for switch in (*edges, *fabrics)},
        {link.name: link for link in (*links, between)},
    )


def plugged(intent: Intent, topology: Topology) -> Facts:
    """Facts in which every link's and every instance's port is there, numbered from 1."""
    names: dict[str, set[str]] = {switch: set() for switch in topology.switches}
    for link in topology.links.values():
        for end in (link.a, link.b):
            names[end.switch].add(end.port)
    for instance in intent.instances.values():
        edge = topology.edge_of(instance.host)
        if edge is not None:
            names[edge.name].add(instance.port)
    return Facts(
        {
            (switch, port): number
            for switch, ports in names.items()
            for number, port in enumerate(sorted(ports), 1)
        }
    )


@dataclass(frozen=True, slots=True)
class Question:
    """The first packet of a connection, to ask :func:`controller.model.meaning.verdict` about."""

    source: Instance
    destination: Instance
    protocol: int
    port: int
    dscp: int


@st.composite
def questions(draw: DrawFn, intent: Intent) -> Question:
    """Packets between two instances, with the ports and DSCPs at which verdicts change.

    The intent must have an instance.
    """
    edges = {0, 80, 65535}
    for rule in intent.rules.values():
        for ports in rule.allow:
            edges |= {ports.first - 1, ports.first, ports.last, ports.last + 1}
    instance = st.sampled_from(sorted(intent.instances.values(), key=lambda i: i.name))
    return Question(
        source=draw(instance),
        destination=draw(instance),
        protocol=draw(st.sampled_from(_PROTOCOLS)),
        port=draw(st.sampled_from(sorted(edges & set(range(65536))))),
        dscp=draw(st.sampled_from((0, 10, 46, 7))),
    )


@st.composite
def _segments(draw: DrawFn, vrfs: list[str]) -> dict[str, dict[str, Any]]:
    """One to four segments; subnets are unique within a VRF only."""
    found: dict[str, dict[str, Any]] = {}
    for number in range(draw(st.integers(1, 4))):
        vrf = draw(st.sampled_from(vrfs))
        here = [segment for segment in found.values() if segment["vrf"] == vrf]
        body: dict[str, Any] = {"vrf": vrf}
        subnet, vlan = draw(st.sampled_from(_SUBNETS)), draw(st.sampled_from(_VLANS))
        if subnet not in [segment.get("subnet") for segment in here]:
            body["subnet"] = subnet
            if draw(st.booleans()):
                body["gateway"] = str(IPv4Network(subnet)[-2])
            if draw(st.booleans()):
                body["reserved"] = [str(IPv4Network(subnet)[3]), _span(subnet, 5, 8)]
        if vlan not in [segment.get("vlan") for segment in here]:
            body["vlan"] = vlan
        found[f"segment-{number}"] = body
    return found


def _span(subnet: str, first: int, last: int) -> str:
    return f"{IPv4Network(subnet)[first]}-{IPv4Network(subnet)[last]}"


def _pool() -> SearchStrategy[dict[str, Any]]:
    """What a VRF says of its pool: nothing, or one of two that overlap."""
    return st.fixed_dictionaries(
        {}, optional={"pool": st.sampled_from(("10.0.0.0/16", "10.0.0.0/21"))}
    )


def _labels() -> SearchStrategy[dict[str, str]]:
    return st.fixed_dictionaries(
        {}, optional={key: st.sampled_from(values) for key, values in _LABELS.items()}
    )


@st.composite
def _service(draw: DrawFn, tenants: list[str], classes: list[str]) -> dict[str, Any]:
    body = {"tenant": draw(st.sampled_from(tenants)), "labels": draw(_labels())}
    qos_class = draw(st.sampled_from([None, *classes]))
    return body if qos_class is None else {**body, "class": qos_class}


@st.composite
def _instances(draw: DrawFn, services: list[str], max_instances: int) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for number in range(draw(st.integers(0, max_instances))):
        body: dict[str, Any] = {
            "service": draw(st.sampled_from(services)),
            "host": draw(st.sampled_from(HOSTS)),
        }
        if draw(st.integers(0, 4)) == 0:
            # The number in the VLAN id keeps (host, port, VLAN id) unique.
            body |= {"port": "vm", "vlan": draw(st.sampled_from((1, 4000))) + number}
        found[f"instance-{number}"] = body
    return found


@st.composite
def _rule(draw: DrawFn, implicit: dict[str, list[str]], classes: list[str]) -> dict[str, Any]:
    allow = draw(st.lists(st.sampled_from(_ALLOW), min_size=1, max_size=3))
    body = {"from": draw(_selector(implicit)), "to": draw(_selector(implicit)), "allow": allow}
    dscp = draw(st.sampled_from((None, None, None, 0, 10, 46)))
    qos_class = draw(st.sampled_from((None, "best-effort", *classes)))
    if dscp is not None:
        body["dscp"] = dscp
    if qos_class is not None:
        body["class"] = qos_class
    return body


@st.composite
def _selector(draw: DrawFn, implicit: dict[str, list[str]]) -> dict[str, Any]:
    known = {**implicit, **{key: list(values) for key, values in _LABELS.items()}}
    keys = draw(st.lists(st.sampled_from(sorted(known)), max_size=2, unique=True))
    return {
        key: draw(
            st.one_of(
                st.sampled_from(known[key]),
                st.lists(st.sampled_from(known[key]), min_size=1, max_size=2),
            )
        )
        for key in keys
    }
