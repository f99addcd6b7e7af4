"""One decoder per collection: the tree of one object to its value or draft.

Each returns None when the object is not well-formed; the problems say why. References to other
objects are only checked for syntax here, see :mod:`controller.model.references`.
"""

from __future__ import annotations

from typing import Final, cast, get_args

from controller.model.draft import InstanceDraft, SegmentDraft
from controller.model.fields import Fields, describe
from controller.model.intent import (
    BEST_EFFORT,
    DEFAULT_POOL,
    DSCP_MAX,
    INSTANCE_ID_MAX,
    VLAN_ID_MAX,
    VLAN_ID_MIN,
    VRF_ID_MAX,
    VRF_ID_MIN,
    AddressRange,
    Labels,
    Metric,
    PortRange,
    QosClass,
    Rule,
    Selector,
    Service,
    Tenant,
    Vrf,
    frozen,
)
from controller.model.problems import Problems
from controller.model.references import HOSTS
from controller.model.reserved import merged
from controller.model.syntax import (
    parse_iface_id,
    parse_label,
    parse_mac,
    parse_name,
    parse_pool,
    parse_ports,
    parse_range,
    parse_rate,
    parse_subnet,
)

IMPLICIT_LABELS: Final = ("vrf", "tenant", "service", "segment")
QUEUE_MAX: Final = 63  # one queue per DSCP is all there can be
PRIORITY_MAX: Final = 7  # HTB has eight priorities (tc-htb(8))
NESTED_VLAN_MAX: Final = 4094  # IEEE 802.1Q-2018 table 9-2

_KEYS: Final = {
    "vrfs": ("name", "id", "pool"),
    "classes": ("name", "dscp", "queue", "min_rate", "max_rate", "priority", "metric"),
    "segments": ("name", "vrf", "vlan", "subnet", "gateway", "reserved"),
    "tenants": ("name", "segment", "labels"),
    "services": ("name", "tenant", "labels", "class"),
    "instances": ("name", "service", "host", "id", "port", "mac", "ip", "vlan"),
    "rules": ("name", "from", "to", "allow", "dscp", "class"),
}


def open_object(collection: str, name: str, tree: object, problems: Problems) -> Fields:
    """The fields of an object; checks its name, and a `name` inside that says another."""
    fields = Fields(tree, (collection, name), problems, _KEYS[collection])
    try:
        parse_name(name)
    except ValueError as error:
        fields.fail(None, str(error))
    inner = fields.value("name")
    if inner is not None and inner != name:
        fields.fail("name", f"expected `{name}`, its key, found {describe(inner)}")
    return fields


def decode_vrf(fields: Fields, name: str) -> Vrf | None:
    """``{id: 100, pool: 10.64.0.0/10}``."""
    value = Vrf(
        name=name,
        id=fields.integer("id", VRF_ID_MIN, VRF_ID_MAX),
        pool=fields.optional_text("pool", parse_pool, DEFAULT_POOL),
    )
    return value if fields.ok else None


def decode_class(fields: Fields, name: str) -> QosClass | None:
    """``{dscp: 46, queue: 1, min_rate: 30%, max_rate: 100%, priority: 0, metric: latency}``."""
    fixed = BEST_EFFORT if name == BEST_EFFORT.name else None
    value = QosClass(
        name=name,
        dscp=fields.integer("dscp", 0, DSCP_MAX, fixed.dscp if fixed else None),
        queue=fields.integer("queue", 0, QUEUE_MAX, fixed.queue if fixed else None),
        min_rate_permille=_rate(fields, "min_rate", BEST_EFFORT.min_rate_permille),
        max_rate_permille=_rate(fields, "max_rate", BEST_EFFORT.max_rate_permille),
        priority=fields.integer("priority", 0, PRIORITY_MAX, BEST_EFFORT.priority),
        metric=fields.optional_text("metric", _parse_metric, BEST_EFFORT.metric),
    )
    if fixed and (value.dscp, value.queue) != (fixed.dscp, fixed.queue):
        fields.fail(None, "best-effort always has DSCP 0 and queue 0; only its rates can change")
    if fields.ok and value.max_rate_permille == 0:
        fields.fail("max_rate", "expected more than 0%: a class that may send nothing is a deny")
    elif fields.ok and value.min_rate_permille > value.max_rate_permille:
        fields.fail("min_rate", "is above `max_rate`; lower it or raise `max_rate`")
    return value if fields.ok else None


def decode_segment(fields: Fields, name: str) -> SegmentDraft | None:
    """``{vrf: shop, vlan: auto, subnet: 10.2.1.0/24, gateway: 10.2.1.1, reserved: [10.2.1.9]}``."""
    auto = fields.value("vlan") == "auto"
    value = SegmentDraft(
        name=name,
        vrf=fields.reference("vrf", "vrfs"),
        vlan=None if auto else fields.optional_integer("vlan", VLAN_ID_MIN, VLAN_ID_MAX),
        subnet=fields.optional_text("subnet", parse_subnet, None),
        gateway=fields.address("gateway"),
        reserved=_reserved(fields),
    )
    return value if fields.ok else None


def decode_tenant(fields: Fields, name: str) -> Tenant | None:
    """``{segment: orders, labels: {team: shop}}``."""
    value = Tenant(name, fields.reference("segment", "segments"), _labels(fields))
    return value if fields.ok else None


def decode_service(fields: Fields, name: str) -> Service | None:
    """``{tenant: shop, labels: {tier: api}, class: realtime}``."""
    value = Service(
        name=name,
        tenant=fields.reference("tenant", "tenants"),
        labels=_labels(fields),
        qos_class=fields.optional_reference("class", "classes", BEST_EFFORT.name),
    )
    return value if fields.ok else None


def decode_instance(fields: Fields, name: str) -> InstanceDraft | None:
    """``{service: order-api, host: host-1, id: 7, port: vm7, mac: ..., ip: ..., vlan: 12}``."""
    value = InstanceDraft(
        name=name,
        service=fields.reference("service", "services"),
        host=fields.reference("host", HOSTS),
        id=fields.optional_integer("id", 1, INSTANCE_ID_MAX),
        port=fields.optional_text("port", parse_iface_id, name),
        mac=fields.optional_text("mac", parse_mac, None),
        ip=fields.address("ip"),
        nested_vlan=fields.optional_integer("vlan", 1, NESTED_VLAN_MAX) or 0,
    )
    return value if fields.ok else None


def decode_rule(fields: Fields, name: str) -> Rule | None:
    """``{from: {tier: web}, to: {tier: api}, allow: [tcp/8080], dscp: 46, class: realtime}``."""
    value = Rule(
        name=name,
        source=_selector(fields, "from"),
        destination=_selector(fields, "to"),
        allow=_allow(fields),
        dscp=fields.optional_integer("dscp", 0, DSCP_MAX),
        qos_class=fields.optional_reference("class", "classes", None),
    )
    return value if fields.ok else None


def _reserved(fields: Fields) -> tuple[AddressRange, ...]:
    """Addresses and ranges of addresses; none when they are not given, or an empty list."""
    if fields.value("reserved") in (None, []):
        return ()
    ranges = (
        fields.attempt("reserved", parse_range, text, None, index)
        for index, text in fields.texts("reserved")
    )
    return merged(found for found in ranges if found is not None)


def _rate(fields: Fields, key: str, default: int) -> int:
    value = fields.value(key)
    if value is None:
        return default
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        fields.fail(key, f"expected a share like 30%, found {describe(value)}")
        return default
    return fields.attempt(key, parse_rate, str(value), default)


def _parse_metric(text: str) -> Metric:
    if text in get_args(Metric):
        return cast(Metric, text)
    raise ValueError(f"expected cost or latency, found `{text}`")


def _labels(fields: Fields) -> Labels:
    found: dict[str, str] = {}
    for key, value in fields.mapping("labels"):
        if key in (*IMPLICIT_LABELS, "cidr"):
            fields.fail("labels", f"`{key}` is implied or reserved; choose another label", key)
        elif not isinstance(value, str):
            hint = "; put it in quotes" if isinstance(value, bool | int | float) else ""
            fields.fail("labels", f"expected text, found {describe(value)}{hint}", key)
        else:
            name = fields.attempt("labels", parse_label, key, "", key)
            found[name] = fields.attempt("labels", parse_label, value, "", key)
    return frozen(found)


def _selector(fields: Fields, side: str) -> Selector:
    if fields.value(side) is None:
        fields.fail(None, f"`{side}` is required; `{{}}` is everyone")
    found: dict[str, tuple[str, ...]] = {}
    for key, value in fields.mapping(side):
        if key == "cidr":
            fields.fail(
                side,
                "`cidr` selectors name addresses outside the site, and this version has no "
                "external gateways; select services by labels",
                key,
            )
            continue
        fields.attempt(side, parse_label, key, "", key)
        found[key] = _selector_values(fields, side, key, value)
    return Selector(frozen(found))


def _selector_values(fields: Fields, side: str, key: str, value: object) -> tuple[str, ...]:
    values = value if isinstance(value, list | tuple) else [value]
    if not values:
        fields.fail(side, "an empty list matches nobody; name a value or leave the key out", key)
    for item in values:
        if not isinstance(item, str):
            hint = "; put it in quotes" if isinstance(item, bool | int | float) else ""
            fields.fail(side, f"expected a text or a list, found {describe(item)}{hint}", key)
    texts = [item for item in values if isinstance(item, str)]
    if key in IMPLICIT_LABELS:
        for text in texts:
            fields.use((side, key), f"{key}s", text)
    return tuple(sorted({fields.attempt(side, parse_label, text, "", key) for text in texts}))


def _allow(fields: Fields) -> tuple[PortRange, ...]:
    nothing = PortRange("any")
    ports = {
        fields.attempt("allow", parse_ports, text, nothing, index)
        for index, text in fields.texts("allow")
    }
    return tuple(sorted(ports))
