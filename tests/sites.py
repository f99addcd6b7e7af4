"""Small sites by hand, for tests that speak of instances by name."""

from __future__ import annotations

from typing import Any

from controller.model.decode import decode_intent
from controller.model.decode_topology import decode_topology
from controller.model.intent import Intent
from controller.model.network import Facts, Network, Topology

TOPOLOGY: dict[str, Any] = {
    "switches": {
        "edge-1": {"number": 1, "host": "host-1"},
        "edge-2": {"number": 2, "host": "host-2"},
        "fabric-1": {"number": 101},
    },
    "links": [
        {"name": "up-1", "a": "edge-1/up", "b": "fabric-1/p1"},
        {"name": "up-2", "a": "edge-2/up", "b": "fabric-1/p2"},
    ],
}

INTENT: dict[str, Any] = {
    "vrfs": {"business": {"id": 100}, "monitoring": {"id": 200}},
    "classes": {"realtime": {"dscp": 46, "queue": 1, "min_rate": "30%", "priority": 0}},
    "segments": {
        "orders": {"vrf": "business", "vlan": 4096, "subnet": "10.0.0.0/24"},
        "probes": {"vrf": "monitoring", "vlan": 4096, "subnet": "10.0.0.0/24"},
    },
    "tenants": {"shop": {"segment": "orders"}, "watch": {"segment": "probes"}},
    "services": {
        "web": {"tenant": "shop", "labels": {"tier": "web"}},
        "api": {"tenant": "shop", "labels": {"tier": "api"}, "class": "realtime"},
        "probe": {"tenant": "watch", "labels": {"tier": "probe"}},
        "sink": {"tenant": "watch", "labels": {"tier": "sink"}},
    },
    "instances": {
        "web-1": {"service": "web", "host": "host-1", "ip": "10.0.0.11"},
        "api-1": {"service": "api", "host": "host-2", "ip": "10.0.0.12"},
        "api-2": {"service": "api", "host": "host-1", "ip": "10.0.0.13"},
        "probe-1": {"service": "probe", "host": "host-1", "ip": "10.0.0.11"},
        "sink-1": {"service": "sink", "host": "host-2", "ip": "10.0.0.12"},
    },
    "rules": [
        {
            "name": "web-to-api",
            "from": {"tier": "web"},
            "to": {"tier": "api"},
            "allow": ["tcp/8080"],
        },
        {"name": "ping", "from": {"tier": "web"}, "to": {"tier": "api"}, "allow": ["icmp"]},
        {
            "name": "probe-to-sink",
            "from": {"tier": "probe"},
            "to": {"tier": "sink"},
            "allow": ["udp/53"],
        },
    ],
}


def topology() -> Topology:
    """Two hosts and one fabric switch."""
    return decode_topology(TOPOLOGY)


def intent(document: dict[str, Any] | None = None) -> Intent:
    """Two VRFs with the same addresses, one rule in each and one for ping."""
    return decode_intent(document or INTENT)


def plugged(wanted: Intent, site: Topology) -> Facts:
    """Every link port and instance plugged, numbered as they come."""
    ports: dict[tuple[str, str], int] = {}

    def plug(switch: str, port: str) -> None:
        ports[switch, port] = 1 + sum(1 for name, _ in ports if name == switch)

    for link in site.links.values():
        for end in (link.a, link.b):
            plug(end.switch, end.port)
    for instance in wanted.instances.values():
        edge = site.edge_of(instance.host)
        if edge is not None and (edge.name, instance.port) not in ports:
            plug(edge.name, instance.port)
    return Facts(ports)


def two_hosts(document: dict[str, Any] | None = None) -> Network:
    """The whole small site."""
    wanted, site = intent(document), topology()
    return Network(wanted, site, plugged(wanted, site))
