"""What reads answer, as examples of the OpenAPI document."""

from __future__ import annotations

from typing import Final

from controller.northbound.views import Body

_REACH: Final[Body] = {
    "source": "web",
    "destination": "order-api",
    "tenants": {"source": "shop", "destination": "shop"},
    "allow": ["tcp/8080"],
    "rule": "web-to-api",
    "class": "realtime",
    "dscp": None,
}
_COUNTS: Final[Body] = {"added": 0, "changed": 0, "removed": 4}
_GROUP: Final[Body] = {
    "sources": ["web"],
    "destinations": ["order-api"],
    "allow": ["tcp/8080"],
    "rule": "web-to-api",
    "class": "realtime",
    "dscp": None,
}
_NOBODY: Final[Body] = {"pairs": 0, "groups": []}
_PROOF: Final[Body] = {
    "at": "2026-01-01T03:00:00.000+00:00",
    "revision": 12,
    "holds": True,
    "faults": 0,
    "switches": 6,
    "entries": 663,
    "took_ms": 41.2,
}

REACHABILITY: Final[list[Body]] = [_REACH]

MATRIX: Final[Body] = {
    "of": "tenants",
    "total": {"sources": 2, "destinations": 2},
    "sources": ["ops", "shop"],
    "destinations": ["ops", "shop"],
    "cells": [
        {
            "source": "ops",
            "destination": "shop",
            "rules": ["scrape"],
            "seen": "2026-01-01T03:00:00+00:00",
        }
    ],
}

TOPOLOGY: Final[Body] = {
    "switches": [
        {
            "name": "edge-1",
            "role": "edge",
            "number": 1,
            "datapath_id": "0000000000000001",
            "host": "host-1",
        }
    ],
    "links": [
        {
            "name": "h1-fabric-1",
            "a": {"switch": "edge-1", "port": "up1", "number": 1},
            "b": {"switch": "fabric-1", "port": "host-1", "number": 2},
            "rate_mbps": 1000,
            "latency_us": 10,
            "cost": 1,
            "vrfs": [],
            "up": True,
            "load": {"a_to_b_bps": 412000000, "b_to_a_bps": 9800000, "share": 0.412},
        }
    ],
    "hosts": ["host-1"],
}

SWITCHES: Final[list[Body]] = [
    {
        "name": "edge-1",
        "number": 1,
        "role": "edge",
        "host": "host-1",
        "connected": True,
        "in_sync": True,
        "revision": 12,
        "entries": 148,
        "problem": None,
    }
]

_WAY: Final[Body] = {
    "switches": ["edge-1", "fabric-2", "edge-2"],
    "links": ["h1-fabric-2", "h2-fabric-2"],
    "latency_us": 20,
    "cost": 2,
}

_DETOUR: Final[Body] = {
    "switches": ["edge-1", "fabric-1", "fabric-2", "edge-2"],
    "links": ["h1-fabric-1", "core", "h2-fabric-2"],
    "latency_us": 25,
    "cost": 3,
}

ROUTES: Final[Body] = {
    "from": "host-1",
    "to": "host-2",
    "class": "realtime",
    "metric": "latency",
    "paths": [
        {
            "vrf": "business",
            "reachable": True,
            **_WAY,
            "protection": {
                "by": "recomputation",
                "links": [
                    {"name": "h1-fabric-2", "then": _DETOUR},
                    {"name": "h2-fabric-2", "then": None},
                ],
                "switches": [{"name": "fabric-2", "then": None}],
                "single_points": ["fabric-2", "h2-fabric-2"],
            },
        }
    ],
}

CAPACITY: Final[Body] = {
    "instances": {"total": 65535, "used": 24, "free": 65511},
    "hosts": [
        {
            "host": "host-1",
            "switch": "edge-1",
            "instances": {"total": 2000, "used": 6, "free": 1994},
            "ports": {"total": 2000, "used": 6, "free": 1994},
            "links": [
                {
                    "name": "h1-fabric-1",
                    "up": True,
                    "rate_mbps": 1000,
                    "reserved_mbps": {"realtime": 300.0},
                    "unreserved_mbps": 700.0,
                }
            ],
        }
    ],
    "vrfs": [
        {
            "vrf": "business",
            "vlans": {"total": 4097, "used": 2, "free": 4095},
            "subnets": {"pool": "10.128.0.0/9", "total": 32768, "used": 0, "free": 32768},
        }
    ],
    "segments": [
        {
            "segment": "orders",
            "vrf": "business",
            "vlan": 4096,
            "subnet": "10.20.1.0/24",
            "addresses": {"total": 243, "used": 6, "free": 237},
            "reserved": 10,
        }
    ],
}

EVENTS: Final[list[Body]] = [
    {
        "id": 1790000000007,
        "at": "2026-01-01T03:00:00.000+00:00",
        "kind": "in-sync",
        "data": {"revision": 12, "switches": ["edge-1"]},
    }
]

EVENT_STREAM: Final = """: events of this controller, from the oldest it keeps

id: 1790000000007
event: in-sync
data: {"at": "2026-01-01T03:00:00.000+00:00", "revision": 12, "switches": ["edge-1"]}

"""

REVISIONS: Final[list[Body]] = [
    {
        "revision": 12,
        "author": "ci",
        "message": "web may reach the API",
        "created_at": "2026-01-01T03:00:00Z",
        "changes": {"added": ["rules/web-to-api"], "changed": [], "removed": []},
    }
]

DIFF: Final[Body] = {
    "from": 12,
    "to": 13,
    "fields": {},
    "objects": {"added": [], "changed": [], "removed": ["rules/web-to-api"]},
    "flows": _COUNTS,
    "switches": {"edge-1": {**_COUNTS, "tables": {"permit": _COUNTS}}},
    "reach": {
        "gained": _NOBODY,
        "lost": {"pairs": 1, "groups": [_GROUP]},
        "changed": _NOBODY,
    },
    "gained": [],
    "lost": [_REACH],
    "pairs": ["shop/web -> shop/order-api tcp/8080: lost"],
}

STATUS: Final[Body] = {
    "version": "0.1.0",
    "revision": 12,
    "started": True,
    "ready": True,
    "reason": "every switch holds the newest revision",
    "switches": {"declared": 6, "connected": 6, "in_sync": 6, "entries": 663},
    "proof": {"whole": _PROOF, "change": {**_PROOF, "took_ms": 3.9}},
    "objects": {
        "vrfs": 3,
        "classes": 4,
        "segments": 5,
        "tenants": 5,
        "services": 12,
        "instances": 24,
        "rules": 14,
    },
}

READY: Final[Body] = {"ready": True, "reason": "every switch holds the newest revision"}
NOT_READY: Final[Body] = {"ready": False, "reason": "edge-4: not connected"}

METRICS: Final = """\
# HELP bulkhead_revision The newest stored revision
# TYPE bulkhead_revision gauge
bulkhead_revision 12.0
# HELP bulkhead_writes_total Writes, by what became of them
# TYPE bulkhead_writes_total counter
bulkhead_writes_total{outcome="applied"} 11.0
"""

PROBLEM: Final[Body] = {
    "type": "urn:bulkhead:problem:invalid",
    "title": "The request asks for something that is not valid",
    "status": 422,
    "detail": "tenants.shop.segment: there is no segment `order`; nothing was changed",
    "errors": [
        {
            "path": "tenants.shop.segment",
            "message": "there is no segment `order` (did you mean `orders`?)",
        }
    ],
}
