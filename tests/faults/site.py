"""The site that is hurt: two hosts, eight services of three tenants in two VRFs."""

from __future__ import annotations

from typing import Any, Final

TOPOLOGY: Final[dict[str, Any]] = {
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

_SERVICES: Final = {
    "shop": ("web", "api", "cache", "db"),
    "stock": ("store", "count"),
    "watch": ("probe", "sink"),
}

POLICY: Final[dict[str, Any]] = {
    "vrfs": {"business": {"id": 100}, "monitoring": {"id": 200}},
    "classes": {
        "realtime": {"dscp": 46, "queue": 1, "min_rate": "30%", "priority": 0},
        "bulk": {"dscp": 10, "queue": 2, "max_rate": "50%"},
    },
    "segments": {
        "orders": {"vrf": "business", "vlan": 4096, "subnet": "10.0.0.0/24"},
        "goods": {"vrf": "business", "vlan": 4097, "subnet": "10.0.1.0/24"},
        "spare": {"vrf": "business", "vlan": 4098, "subnet": "10.0.2.0/24"},
        "probes": {"vrf": "monitoring", "vlan": 4096, "subnet": "10.0.0.0/24"},
    },
    "tenants": {
        "shop": {"segment": "orders"},
        "stock": {"segment": "goods"},
        "watch": {"segment": "probes"},
    },
    "services": {
        service: {"tenant": tenant, "labels": {"tier": service}}
        for tenant, services in _SERVICES.items()
        for service in services
    },
    "instances": {
        f"{service}-{number}": {"service": service, "host": f"host-{1 + (place + number) % 2}"}
        for place, service in enumerate(s for services in _SERVICES.values() for s in services)
        for number in (1, 2)
    },
    "rules": [
        {"name": "web", "from": {"tier": "web"}, "to": {"tier": "api"}, "allow": ["tcp/8080"]},
        {
            "name": "api",
            "from": {"tier": "api"},
            "to": {"tier": ["cache", "db"]},
            "allow": ["tcp/5432", "udp/6000-6100"],
            "class": "realtime",
        },
        {"name": "marked", "from": {"tenant": "shop"}, "to": {"tier": "store"},
         "allow": ["udp/7000"], "dscp": 46, "class": "realtime"},
        {"name": "count", "from": {"tier": "count"}, "to": {"tier": "store"}, "allow": ["any"]},
        {"name": "probe", "from": {"tier": "probe"}, "to": {"tier": "sink"}, "allow": ["icmp"]},
    ],
}  # fmt: skip
