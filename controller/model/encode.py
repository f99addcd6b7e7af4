"""Encodes an intent as the document that decodes to it, with every allocated value written out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from controller.model.collections import COLLECTIONS
from controller.model.intent import (
    DEFAULT_POOL,
    Instance,
    Intent,
    Labels,
    QosClass,
    Rule,
    Segment,
    Selector,
    Service,
    Tenant,
    Vrf,
)
from controller.model.syntax import ports_text, range_text, rate_text

Value = Vrf | QosClass | Segment | Tenant | Service | Instance | Rule
"""An object of any collection."""

Body = dict[str, Any]
"""A JSON-able object of a document, without its name."""

Tree = dict[str, dict[str, Any]]
"""A complete document by collection and name, rules too."""


def encode_intent(intent: Intent) -> Body:
    """The complete document of an intent, JSON-able; rules are a list with names."""
    values: dict[str, Mapping[str, Value]] = {
        collection: getattr(intent, collection) for collection in COLLECTIONS
    }
    bodies = {
        collection: {name: encode_object(collection, value) for name, value in found.items()}
        for collection, found in values.items()
    }
    rules = [{"name": name, **body} for name, body in bodies["rules"].items()]
    return {**bodies, "rules": rules}


def tree_of(intent: Intent) -> Tree:
    """An intent's complete document, with rules by name as all other collections are."""
    document = encode_intent(intent)
    return {**document, "rules": {rule.pop("name"): rule for rule in document["rules"]}}


def encode_object(collection: str, value: Value) -> Body:
    """The body of one object, as its collection in a document has it (without the name)."""
    return _ENCODERS[collection](value)


def _encode_vrf(value: Vrf) -> Body:
    body: Body = {"id": value.id}
    return body if value.pool == DEFAULT_POOL else {**body, "pool": str(value.pool)}


def _encode_segment(value: Segment) -> Body:
    body: Body = {
        "vrf": value.vrf,
        "vlan": value.vlan,
        "subnet": str(value.subnet),
        "gateway": str(value.gateway),
    }
    return {**body, "reserved": list(map(range_text, value.reserved))} if value.reserved else body


def _encode_tenant(value: Tenant) -> Body:
    return {"segment": value.segment, **_labels(value.labels)}


def _encode_service(value: Service) -> Body:
    return {"tenant": value.tenant, **_labels(value.labels), "class": value.qos_class}


def _encode_class(value: QosClass) -> Body:
    return {
        "dscp": value.dscp,
        "queue": value.queue,
        "min_rate": rate_text(value.min_rate_permille),
        "max_rate": rate_text(value.max_rate_permille),
        "priority": value.priority,
        "metric": value.metric,
    }


def _encode_instance(value: Instance) -> Body:
    body: Body = {
        "service": value.service,
        "host": value.host,
        "id": value.id,
        "port": value.port,
        "mac": value.mac,
        "ip": str(value.ip),
    }
    return {**body, "vlan": value.nested_vlan} if value.nested_vlan else body


def _encode_rule(value: Rule) -> Body:
    body: Body = {
        "from": _selector(value.source),
        "to": _selector(value.destination),
        "allow": [ports_text(ports) for ports in value.allow],
    }
    if value.dscp is not None:
        body["dscp"] = value.dscp
    if value.qos_class is not None:
        body["class"] = value.qos_class
    return body


def _labels(labels: Labels) -> Body:
    return {"labels": dict(labels)} if labels else {}


def _selector(selector: Selector) -> dict[str, str | list[str]]:
    return {
        key: values[0] if len(values) == 1 else list(values)
        for key, values in selector.labels.items()
    }


_ENCODERS: Final[Mapping[str, Callable[[Any], Body]]] = {
    "vrfs": _encode_vrf,
    "classes": _encode_class,
    "segments": _encode_segment,
    "tenants": _encode_tenant,
    "services": _encode_service,
    "instances": _encode_instance,
    "rules": _encode_rule,
}
