"""JSON schemas of what clients send: objects of the collections, documents, changes, placements.

A schema allows what the decoders take and, as far as one value alone can tell, nothing else. Its
limits are the model's own.
"""

from __future__ import annotations

from typing import Final, get_args

from controller.model.change_objects import Op
from controller.model.collections import COLLECTIONS
from controller.model.decode_objects import (
    IMPLICIT_LABELS,
    NESTED_VLAN_MAX,
    PRIORITY_MAX,
    QUEUE_MAX,
)
from controller.model.intent import (
    DSCP_MAX,
    INSTANCE_ID_MAX,
    VLAN_ID_MAX,
    VLAN_ID_MIN,
    VRF_ID_MAX,
    VRF_ID_MIN,
    Metric,
)
from controller.model.syntax import NAME as NAME_SYNTAX
from controller.model.syntax import NAME_MAX
from controller.northbound.placing import MOST_ITEMS
from controller.northbound.schema_words import (
    ANYTHING,
    FLAG,
    TEXT,
    Schema,
    by_name,
    closed,
    has,
    list_of,
    may_have,
    one_of,
    or_null,
    ref,
)
from controller.northbound.texts import MESSAGE_MAX
from controller.northbound.views import DERIVED

NAME: Final[Schema] = {
    "type": "string",
    "pattern": f"^{NAME_SYNTAX.pattern}$",
    "maxLength": NAME_MAX,
}
MESSAGE: Final[Schema] = {"type": "string", "maxLength": MESSAGE_MAX}
LABEL: Final[Schema] = {
    "type": "string",
    "pattern": "^[A-Za-z0-9]([A-Za-z0-9._/-]*[A-Za-z0-9])?$",
    "maxLength": NAME_MAX,
}
LABELS: Final = by_name(LABEL, {**LABEL, "not": {"enum": [*IMPLICIT_LABELS, "cidr"]}})
SELECTOR: Final = {
    **by_name(one_of(LABEL, list_of(LABEL, minItems=1)), {**LABEL, "not": {"const": "cidr"}}),
    "description": "Labels that must all match; a list is one of its values; {} is everyone",
}
PORTS: Final[Schema] = {
    "type": "string",
    "pattern": "^(any|icmp|tcp|udp|(tcp|udp)/[0-9]{1,5}(-[0-9]{1,5})?)$",
}
RATE: Final[Schema] = {
    "type": ["string", "number", "null"],
    "description": "A share of a link's rate in percent, like 30%",
}
VLAN: Final[Schema] = {"type": "integer", "minimum": VLAN_ID_MIN, "maximum": VLAN_ID_MAX}
AUTO_VLAN: Final = one_of({"const": "auto"}, or_null(VLAN))
DSCP: Final[Schema] = {"type": "integer", "minimum": 0, "maximum": DSCP_MAX}
NESTED_VLAN: Final[Schema] = {"type": "integer", "minimum": 1, "maximum": NESTED_VLAN_MAX}
IPV4: Final[Schema] = {"type": "string", "format": "ipv4"}
MAC: Final[Schema] = {"type": "string", "pattern": "^[0-9A-Fa-f]{2}(:[0-9A-Fa-f]{2}){5}$"}


def _from_to(first: int, last: int) -> Schema:
    return {"type": "integer", "minimum": first, "maximum": last}


_INSTANCE: Final = may_have(
    has(service=NAME, host=TEXT),
    id=or_null(_from_to(1, INSTANCE_ID_MAX)),
    port={**or_null(TEXT), "description": "external_ids:iface-id of the port; the name, if null"},
    mac=or_null(MAC),
    ip=or_null(IPV4),
)

OBJECTS: Final[dict[str, Schema]] = {
    "vrfs": may_have(has(id=_from_to(VRF_ID_MIN, VRF_ID_MAX)), pool=or_null(TEXT)),
    "classes": {
        **may_have(
            {"type": "object"},
            dscp=or_null(DSCP),
            queue=or_null(_from_to(0, QUEUE_MAX)),
            min_rate=RATE,
            max_rate=RATE,
            priority=or_null(_from_to(0, PRIORITY_MAX)),
            metric=or_null({"type": "string", "enum": list(get_args(Metric))}),
        ),
        "description": "`dscp` and `queue` are required of all but best-effort",
    },
    "segments": may_have(
        has(vrf=NAME),
        **{"vlan": AUTO_VLAN, "subnet": or_null(TEXT), "gateway": or_null(IPV4)},
        reserved=or_null(list_of(TEXT)),
    ),
    "tenants": may_have(has(segment=NAME), labels=or_null(LABELS)),
    "services": may_have(has(tenant=NAME), labels=or_null(LABELS), class_=or_null(NAME)),
    "instances": _INSTANCE,
    "rules": may_have(
        has(from_=SELECTOR, to=SELECTOR, allow=list_of(PORTS, minItems=1)),
        dscp=or_null(DSCP),
        class_=or_null(NAME),
    ),
}
"""What a document says of an object, by its collection; without its name."""

_READ: Final = {"readOnly": True, "description": "As it was read, or left out"}


def _put(collection: str) -> Schema:
    """The body of a PUT: as in a document, and perhaps as it was read."""
    body = may_have(OBJECTS[collection], name={**NAME, **_READ})
    keys = {key: dict(_READ) for key in sorted(DERIVED.get(collection, ()))}
    if collection == "instances":
        keys["vlan"] = {
            **_from_to(1, VLAN_ID_MAX),
            "description": "Up to 4094 as `nested_vlan`, else the segment's, as it was read",
        }
        keys["nested_vlan"] = or_null(NESTED_VLAN)
    return closed(may_have(body, **keys))


def _in_document(collection: str) -> Schema:
    body = may_have(OBJECTS[collection], name=or_null(NAME))
    if collection == "instances":
        body = may_have(body, vlan=or_null(NESTED_VLAN))
    return or_null(closed(body)) if collection == "classes" else closed(body)


def _document() -> Schema:
    """An intent document; rules may be a list, with names."""
    keys: dict[str, Schema] = {
        kind: or_null(by_name(_in_document(kind), NAME)) for kind in COLLECTIONS
    }
    rule = may_have(closed(has(name=NAME)), **OBJECTS["rules"]["properties"])
    rule["required"] = ["name", *OBJECTS["rules"]["required"]]
    keys["rules"] = one_of(list_of(rule), keys["rules"])
    return closed({"type": "object", "properties": keys})


_ORIGINS: Final = or_null(
    by_name(
        {
            "type": "array",
            "prefixItems": [MESSAGE, {"type": "integer", "minimum": 1}],
            "items": False,
            "minItems": 2,
        }
    )
)
_MOVE_TENANT: Final = may_have(
    {"type": "object"},
    segment=or_null(NAME),
    vrf=or_null(NAME),
    vlan=AUTO_VLAN,
    readdress=FLAG,
)


def _change(op: Op, collection: Schema, name: Schema, body: Schema) -> Schema:
    found = has(op={"const": op}, collection=collection, name=name)
    return closed(may_have(found, body=body))


def _apply() -> Schema:
    puts = [_change("put", {"const": kind}, NAME, ref(PUTS[kind])) for kind in COLLECTIONS]
    delete = _change("delete", {"enum": list(COLLECTIONS)}, TEXT, ANYTHING)
    return one_of(
        {**ref("Document"), "minProperties": 1},
        closed(may_have(has(document=ref("Document")), origins=_ORIGINS, message=MESSAGE)),
        closed(
            may_have(has(changes=list_of(one_of(*puts, delete))), origins=_ORIGINS, message=MESSAGE)
        ),
    )


def _placements() -> Schema:
    instance = has(instance=NAME)
    place = may_have(
        has(op={"const": "place"}, instance=NAME, **_INSTANCE["properties"]),
        vlan=or_null(_from_to(1, VLAN_ID_MAX)),
        nested_vlan=or_null(NESTED_VLAN),
    )
    place["required"] = ["op", "instance", *_INSTANCE["required"]]
    move = has(op={"const": "move"}, host=TEXT, **instance["properties"])
    tenant = may_have(has(op={"const": "move"}, tenant=NAME), **_MOVE_TENANT["properties"])
    remove = has(op={"const": "remove"}, **instance["properties"])
    items = one_of(*map(closed, (place, move, remove, tenant)))
    found = has(items=list_of(items, minItems=1, maxItems=MOST_ITEMS))
    return closed(may_have(found, atomic=FLAG, message=MESSAGE))


PUTS: Final = {
    "vrfs": "VrfBody",
    "classes": "ClassBody",
    "segments": "SegmentBody",
    "tenants": "TenantBody",
    "services": "ServiceBody",
    "instances": "InstanceBody",
    "rules": "RuleBody",
}
"""The names of the bodies that `PUT` takes, by collection."""

BODIES: Final[dict[str, Schema]] = {
    **{name: _put(collection) for collection, name in PUTS.items()},
    "Document": _document(),
    "Submission": _apply(),
    "Placements": _placements(),
    "MoveTenant": closed(_MOVE_TENANT),
    "MoveInstance": closed(has(host=TEXT)),
}
"""All bodies that calls take, by the names that they have in the OpenAPI document."""
