"""A site of any number of services: what the benchmarks run on.

As a user would compare controllers: hosts of up to 2,000 instances, a segment for every twenty
services in two VRFs, ten kinds of application as labels, and fifty rules, each from another kind to
another or in another VRF.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from ipaddress import IPv4Network
from math import ceil
from typing import Final

from controller.model.intent import (
    BEST_EFFORT,
    Instance,
    Intent,
    PortRange,
    QosClass,
    Rule,
    Segment,
    Selector,
    Service,
    Tenant,
    Vrf,
    frozen,
)
from controller.model.network import Endpoint, Facts, Link, Network, Switch, Topology

PER_HOST: Final = 2000
PER_SEGMENT: Final = 20
APPS: Final = 10
RULES: Final = 50
_FIRST_VLAN: Final = 4096
_FABRICS: Final = ("fabric-1", "fabric-2")
_VRFS: Final = {"business": 100, "monitoring": 200}
_SPACE: Final = IPv4Network("10.0.0.0/8")


def network(services: int) -> Network:
    """A whole site with everything plugged."""
    hosts = max(2, ceil(services / PER_HOST))
    intent, topology = intent_of(services, hosts), topology_of(hosts)
    return Network(intent, topology, facts_of(intent, topology))


def intent_of(services: int, hosts: int) -> Intent:
    """One instance a service, spread over the hosts."""
    segments, tenants = {}, {}
    for number, subnet in zip(
        range(ceil(services / PER_SEGMENT)), _SPACE.subnets(new_prefix=24), strict=False
    ):
        name, vrf = f"segment-{number}", list(_VRFS)[number % len(_VRFS)]
        vlan = _FIRST_VLAN + number // len(_VRFS)
        segments[name] = Segment(name, vrf, vlan, subnet, subnet[1])
        tenants[f"tenant-{number}"] = Tenant(f"tenant-{number}", name)
    made, instances = {}, {}
    for number in range(services):
        segment = segments[f"segment-{number // PER_SEGMENT}"]
        name, host = f"service-{number}", f"host-{number % hosts}"
        labels = frozen({"app": f"a{number % APPS}"})
        made[name] = Service(name, f"tenant-{number // PER_SEGMENT}", labels)
        mac = f"02:b0:00:{number >> 16 & 255:02x}:{number >> 8 & 255:02x}:{number & 255:02x}"
        address = segment.subnet[2 + number % PER_SEGMENT]
        instances[f"i-{number}"] = Instance(
            f"i-{number}", name, host, number + 1, f"p-{number}", mac, address
        )
    return Intent(
        vrfs=frozen({name: Vrf(name, number) for name, number in _VRFS.items()}),
        classes=frozen(
            {
                BEST_EFFORT.name: BEST_EFFORT,
                "realtime": QosClass("realtime", 46, 1, 300, priority=0, metric="latency"),
            }
        ),
        segments=frozen(segments),
        tenants=frozen(tenants),
        services=frozen(made),
        instances=frozen(instances),
        rules=frozen({rule.name: rule for rule in map(rule_of, range(RULES))}),
    )


def rule_of(number: int) -> Rule:
    """A rule between two kinds of application of one VRF: the first 200 are of 200 such pairs."""
    turn, vrf = number // len(_VRFS), list(_VRFS)[number % len(_VRFS)]
    source, lap = turn % APPS, turn // APPS
    return Rule(
        name=f"rule-{number}",
        source=_selector(vrf, source),
        destination=_selector(vrf, (source * 7 + 3 + lap) % APPS),
        allow=(PortRange("tcp", 8000 + number, 8000 + number),),
        qos_class="realtime" if number % 5 == 0 else None,
    )


def _selector(vrf: str, app: int) -> Selector:
    return Selector(frozen({"vrf": (vrf,), "app": (f"a{app}",)}))


def another_rule(base: Network, number: int) -> Network:
    """The network with one rule more, between kinds that no other rule is between."""
    rule = replace(rule_of(RULES + number), name=f"extra-{number}")
    return with_rule(base, rule)


def another_port(base: Network, number: int) -> Network:
    """The network with one rule more, for another port between kinds that a rule is between."""
    port = 9000 + number
    allow = (PortRange("tcp", port, port),)
    return with_rule(base, replace(rule_of(number), name=f"port-{number}", allow=allow))


def with_rule(base: Network, rule: Rule) -> Network:
    """The network with a rule put."""
    intent = replace(base.intent, rules=frozen({**base.intent.rules, rule.name: rule}))
    return replace(base, intent=intent)


def relabelled(base: Network, number: int) -> Network:
    """The network with another label on one service."""
    services = dict(base.intent.services)
    name = f"service-{number}"
    labels = frozen({"app": f"a{(number + 1) % APPS}"})
    services[name] = replace(services[name], labels=labels)
    return replace(base, intent=replace(base.intent, services=frozen(services)))


def all_different(services: int) -> Network:
    """A whole site whose services each have a label of their own, so an identity; and no rules."""
    base = network(services)
    own = {name: _own_label(service) for name, service in base.intent.services.items()}
    intent = replace(base.intent, services=frozen(own), rules=frozen({}))
    return replace(base, intent=intent)


def _own_label(service: Service) -> Service:
    unit = "u" + service.name.removeprefix("service-")
    return replace(service, labels=frozen({**service.labels, "unit": unit}))


def of_units(numbers: Iterable[int]) -> Selector:
    """Those of these numbers, in a site where all are different."""
    return Selector(frozen({"unit": tuple(f"u{number}" for number in numbers)}))


def topology_of(hosts: int) -> Topology:
    """Every host's edge switch linked to two fabric switches."""
    edges = [Switch(f"edge-{n}", "edge", n + 1, f"host-{n}") for n in range(hosts)]
    fabrics = [Switch(name, "fabric", 1001 + n) for n, name in enumerate(_FABRICS)]
    links = [
        Link(
            f"{edge.name}-{fabric.name}",
            Endpoint(edge.name, fabric.name),
            Endpoint(fabric.name, edge.name),
        )
        for edge in edges
        for fabric in fabrics
    ]
    return Topology(
        {switch.name: switch for switch in (*edges, *fabrics)}, {link.name: link for link in links}
    )


def facts_of(intent: Intent, topology: Topology) -> Facts:
    """Every port plugged, numbered as they come."""
    ports: dict[tuple[str, str], int] = {}
    counts: dict[str, int] = {}
    edges = {switch.host: switch.name for switch in topology.switches.values()}
    places = [
        (end.switch, end.port) for link in topology.links.values() for end in (link.a, link.b)
    ]
    places += [(edges[i.host], i.port) for i in intent.instances.values()]
    for place in places:
        counts[place[0]] = counts.get(place[0], 0) + 1
        ports[place] = counts[place[0]]
    return Facts(ports)
