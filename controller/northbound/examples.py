"""Texts and examples of the OpenAPI document."""

from __future__ import annotations

from typing import Any, Final

from controller.northbound import samples
from controller.northbound.nulls import hidden
from controller.northbound.schema_words import Schema, ref
from controller.northbound.views import Body

DESCRIPTION: Final = """
Operators declare *intent* (VRFs, VLAN segments, tenants, services, instances, rules); the
controller keeps Open vSwitch equal to it.

- **Bodies** are JSON or YAML, whatever the content type says: `curl -d '{"host": "host-2"}'` works.
- **Writes** answer when every connected switch has confirmed. `?wait=stored` answers as soon as the
  change is durable, `?dry_run=true` answers the plan and changes nothing.
- **Revisions**: every answer that follows from one carries it as `ETag`. With `If-Match` a write is
  refused (412) when somebody else wrote in between; without, it is made again of the newest.
- **Errors** are RFC 9457 problem documents. All problems of a document come at once in `errors`,
  each with its `path`, `message` and, when known, `file` and `line`; nothing was changed then.
"""

APPLY: Final = """
Three bodies are understood: an intent document itself; `{"document": ..., "origins": ...,
"message": ...}`, where `origins` maps `collection/name` to `[file, line]` so that answers can name
them; or `{"changes": [{"op": "put", "collection": ..., "name": ..., "body": ...}]}`. A document
replaces the whole intent: what it does not contain is deleted. Allocated values stay.
"""

MOVE_TENANT_TEXT: Final = """
Moves a tenant with its services and instances to a `segment`, or to a `vrf` and `vlan` (`auto` or
4096..8192). Addresses stay unless `readdress` is true. Pairs allowed before and after lose no
packet.
"""

PLACEMENTS_TEXT: Final = """
Each of `items` has an `op`: `place` an `instance` (made, or replaced, with what `PUT` takes),
`move` an `instance` to a `host` or a `tenant` to a `segment` or a `vrf` and `vlan`, `remove` an
`instance`. All of them are one revision. With `atomic` (the default) all are done or none is, and
every problem of every item is told; without, those that can be are done. The answer has a result
for each item, in order: `done`, with the `object` and all that is to be plugged in, or with its
`errors`.
"""

SINGULAR: Final = {
    "vrfs": "vrf",
    "classes": "class",
    "segments": "segment",
    "tenants": "tenant",
    "services": "service",
    "instances": "instance",
    "rules": "rule",
}

BODIES: Final[dict[str, Body]] = {
    "vrfs": {"id": 100},
    "classes": {
        "dscp": 46,
        "queue": 1,
        "min_rate": "30%",
        "max_rate": "100%",
        "priority": 0,
        "metric": "latency",
    },
    "segments": {
        "vrf": "business",
        "vlan": "auto",
        "subnet": "10.20.1.0/24",
        "reserved": ["10.20.1.245-10.20.1.254"],
    },
    "tenants": {"segment": "orders", "labels": {"team": "shop"}},
    "services": {"tenant": "shop", "labels": {"tier": "api"}, "class": "realtime"},
    "instances": {"service": "order-api", "host": "host-1"},
    "rules": {
        "from": {"tier": "web"},
        "to": {"tier": "api"},
        "allow": ["tcp/8080"],
        "class": "realtime",
    },
}

OBJECTS: Final[dict[str, Body]] = {
    "vrfs": {"name": "business", **BODIES["vrfs"]},
    "classes": {"name": "realtime", **BODIES["classes"]},
    "segments": {
        "name": "orders",
        "vrf": "business",
        "vlan": 4096,
        "subnet": "10.20.1.0/24",
        "gateway": "10.20.1.1",
        "reserved": ["10.20.1.245-10.20.1.254"],
    },
    "tenants": {"name": "shop", **BODIES["tenants"], "vrf": "business", "vlan": 4096},
    "services": {"name": "order-api", **BODIES["services"]},
    "instances": {
        "name": "order-api-1",
        "service": "order-api",
        "host": "host-1",
        "id": 1,
        "port": "order-api-1",
        "mac": "02:b0:00:00:00:01",
        "ip": "10.20.1.2",
        "prefix_length": 24,
        "gateway": "10.20.1.1",
        "vlan": 4096,
        "vrf": "business",
        "segment": "orders",
        "tenant": "shop",
        "nested_vlan": None,
        "mtu": 1500,
        "switch": "edge-1",
    },
    "rules": {"name": "web-to-api", **BODIES["rules"]},
}

DOCUMENT: Final[Body] = {
    "vrfs": {"business": BODIES["vrfs"]},
    "segments": {"orders": BODIES["segments"]},
    "tenants": {"shop": BODIES["tenants"]},
    "services": {"order-api": {"tenant": "shop", "labels": {"tier": "api"}}},
    "instances": {"order-api-1": BODIES["instances"]},
    "rules": [{"name": "web-to-api", "from": {"tier": "web"}, "to": {"tier": "api"},
               "allow": ["tcp/8080"]}],
}  # fmt: skip

CHANGES: Final[Body] = {
    "message": "one more api instance",
    "changes": [
        {
            "op": "put",
            "collection": "instances",
            "name": "order-api-2",
            "body": {"service": "order-api", "host": "host-2"},
        },
        {"op": "delete", "collection": "rules", "name": "old-rule"},
    ],
}

MOVE_TENANT: Final[Body] = {"vrf": "monitoring", "vlan": "auto"}
MOVE_INSTANCE: Final[Body] = {"host": "host-2"}

WRITTEN: Final[Body] = {
    "revision": 12,
    "applied": False,
    "pending": {"edge-4": "not connected"},
    "changed": True,
}

PLAN: Final[Body] = {
    "plan": "5f2c9a01d4e7b386",
    "revision": 12,
    "dry_run": True,
    "changed": True,
    **{key: value for key, value in samples.DIFF.items() if key not in ("from", "to", "fields")},
}

EXPLAIN: Final[Body] = {
    "from": "web-1",
    "to": "order-api-1",
    "protocol": "tcp",
    "port": 8080,
    "dscp": 0,
    "allowed": True,
    "reason": "rule `web-to-api` allows it",
    "rule": {"name": "web-to-api", "file": "policies/shop.yaml", "line": 31},
    "class": "realtime",
    "queue": 1,
    "path": {"switches": ["edge-1", "fabric-1", "edge-2"], "links": ["h1-f1", "h2-f1"]},
    "steps": [
        {
            "switch": "edge-1",
            "table": "permit",
            "shape": "permit.ports",
            "purpose": "is it allowed, and in which class",
            "cookie": "0xb04701060fa3c2d1",
            "subject": "rule web-to-api",
            "rule": "web-to-api",
        }
    ],
    "needed": None,
    "nearest": [],
    "judged": "installed",
    "unread": [],
}

PLACEMENTS: Final[Body] = {
    "items": [
        {"op": "place", "instance": "order-api-1", "service": "order-api", "host": "host-1"},
        {"op": "move", "instance": "web-1", "host": "host-2"},
        {"op": "move", "tenant": "shop", "vrf": "monitoring", "vlan": "auto"},
        {"op": "remove", "instance": "web-2"},
    ],
    "atomic": True,
    "message": "drain host-3",
}
PLACED: Final[Body] = {
    **WRITTEN,
    "items": [
        {"op": "place", "instance": "order-api-1", "done": True, "object": OBJECTS["instances"]},
        {"op": "remove", "instance": "web-2", "done": True},
    ],
}

MADE: Final[Body] = {**WRITTEN, "created": True}

MOVED_TENANT: Final[Body] = {
    "tenant": "shop",
    "segment": "shop-monitoring",
    "vrf": "monitoring",
    "vlan": 4107,
    **WRITTEN,
}

VERIFIED: Final[Body] = {
    "revision": 12,
    "holds": True,
    "flows": {"checked": 160, "mismatches": []},
    "unread": [],
    "pairs": {"identities": 120, "witnesses": []},
}


def request_body(name: str, *bodies: Body) -> dict[str, Any]:
    """The OpenAPI part for a body that is read by hand; ``name`` is that of its schema."""
    named = {f"example {n}": {"value": hidden(body)} for n, body in enumerate(bodies, 1)}
    content = {"schema": ref(name), "examples": named}
    return {
        "requestBody": {
            "required": True,
            "content": {"application/json": content, "application/yaml": content},
        }
    }


def responses(schema: Schema, example: Body | list[Body]) -> dict[int | str, dict[str, Any]]:
    """The OpenAPI part for an answer of a schema, like the example."""
    content = {"schema": schema, "example": hidden(example)}
    return {200: {"description": "Done", "content": {"application/json": content}}}
