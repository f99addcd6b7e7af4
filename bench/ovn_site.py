"""The compared site as rows of OVN's northbound database (ovn-nb(5)).

Two logical routers are the VRFs, a logical switch is a segment, a port group is a label of a VRF's
members, and each rule an ACL between a port group and another's address set; all else is dropped.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final

from controller.model.intent import Instance, Intent, Rule, Segment, Selector

Operation = dict[str, Any]
"""An operation of an OVSDB transaction (RFC 7047, section 5.2)."""

_ALLOW: Final = 1001
_DROP: Final = 1000


def site(intent: Intent) -> Iterator[Operation]:
    """The whole site, made anew."""
    for vrf in intent.vrfs:
        yield insert("Logical_Router", name=vrf)
    for instance in intent.instances.values():
        yield _port(instance)
    held: dict[str, list[list[str]]] = {}
    for instance in intent.instances.values():
        held.setdefault(segment_of(intent, instance), []).append(_named(instance.name))
    for segment in intent.segments.values():
        yield from made(segment, held[segment.name])
    grouped: dict[str, list[list[str]]] = {}
    for instance in intent.instances.values():
        grouped.setdefault(group_of(intent, instance), []).append(_named(instance.name))
    for name, ports in grouped.items():
        yield insert("Port_Group", name=name, ports=_set(ports))
        yield from _acl(name, _DROP, f"outport == @{name} && ip", "drop", f"drop_{name}")
    for name, rule in intent.rules.items():
        yield from rule_made(rule, name.replace("-", "_"))


def made(segment: Segment, ports: Iterable[list[str]]) -> Iterator[Operation]:
    """A segment's logical switch with these ports, on its router."""
    yield from _attached(segment, segment.vrf, "")
    switch_port = f"{segment.name}-switch"
    yield insert(
        "Logical_Switch_Port",
        _row_name(switch_port),
        name=switch_port,
        type="router",
        addresses="router",
        options=_peer(segment, ""),
    )
    yield insert("Logical_Switch", name=segment.name, ports=_set([*ports, _named(switch_port)]))


def moved(segment: Segment, router_port: list[str], vrf: str) -> Iterator[Operation]:
    """A segment's logical switch goes from its router to another; its row and VLAN can stay."""
    yield mutate("Logical_Router", segment.vrf, "ports", "delete", router_port)
    yield from _attached(segment, vrf, "-moved")
    yield {
        "op": "update",
        "table": "Logical_Switch_Port",
        "where": [["name", "==", f"{segment.name}-switch"]],
        "row": {"options": _peer(segment, "-moved")},
    }


def _attached(segment: Segment, vrf: str, suffix: str) -> Iterator[Operation]:
    name = f"{segment.name}-router{suffix}"
    yield insert(
        "Logical_Router_Port",
        _row_name(name),
        name=name,
        mac=_gateway_mac(segment),
        networks=f"{segment.gateway}/{segment.subnet.prefixlen}",
    )
    yield mutate("Logical_Router", vrf, "ports", "insert", _named(name))


def _peer(segment: Segment, suffix: str) -> list[Any]:
    return ["map", [["router-port", f"{segment.name}-router{suffix}"]]]


def rule_made(rule: Rule, name: str) -> Iterator[Operation]:
    """An ACL, at the port group that the rule opens."""
    source, destination = (group(*_only(s)) for s in (rule.source, rule.destination))
    ports = rule.allow[0]
    match = (
        f"outport == @{destination} && ip4.src == ${source}_ip4"
        f" && {ports.protocol}.dst == {ports.first}"
    )
    yield from _acl(destination, _ALLOW, match, "allow-related", name)


def regrouped(port: list[str], before: str, after: str) -> Iterator[Operation]:
    """A member leaves a port group for another."""
    yield mutate("Port_Group", before, "ports", "delete", port)
    yield mutate("Port_Group", after, "ports", "insert", port)


def group(vrf: str, app: str) -> str:
    """The port group of a label, in a VRF."""
    return f"{vrf}_{app}"


def group_of(intent: Intent, instance: Instance) -> str:
    """The port group of an instance."""
    return group(intent.segments[segment_of(intent, instance)].vrf, app_of(intent, instance))


def app_of(intent: Intent, instance: Instance) -> str:
    """The label of an instance."""
    return dict(intent.services[instance.service].labels)["app"]


def insert(table: str, row_name: str = "", **columns: Any) -> Operation:
    """A new row, named for the rest of the transaction."""
    named = {"uuid-name": row_name} if row_name else {}
    return {"op": "insert", "table": table, "row": columns, **named}


def mutate(table: str, name: str, column: str, how: str, row: list[str]) -> Operation:
    """A row of a name has one more or one fewer in a column."""
    return {
        "op": "mutate",
        "table": table,
        "where": [["name", "==", name]],
        "mutations": [[column, how, _set([row])]],
    }


def select(table: str, name: str, column: str) -> Operation:
    """A column of the row of a name."""
    return {"op": "select", "table": table, "where": [["name", "==", name]], "columns": [column]}


def _acl(group_name: str, priority: int, match: str, action: str, name: str) -> Iterator[Operation]:
    columns = {"direction": "to-lport", "priority": priority, "match": match, "action": action}
    yield insert("ACL", _row_name(name), **columns)
    yield mutate("Port_Group", group_name, "acls", "insert", _named(name))


def _port(instance: Instance) -> Operation:
    address = f"{instance.mac} {instance.ip}"
    return insert(
        "Logical_Switch_Port",
        _row_name(instance.name),
        name=instance.port,
        addresses=address,
    )


def _gateway_mac(segment: Segment) -> str:
    packed = segment.gateway.packed
    return "02:0a:" + ":".join(f"{byte:02x}" for byte in packed)


def segment_of(intent: Intent, instance: Instance) -> str:
    """The segment of an instance."""
    return intent.tenants[intent.services[instance.service].tenant].segment


def _only(selector: Selector) -> tuple[str, str]:
    (vrf,), (app,) = selector.labels["vrf"], selector.labels["app"]
    return vrf, app


def _named(name: str) -> list[str]:
    return ["named-uuid", _row_name(name)]


def _row_name(name: str) -> str:
    return "r_" + name.replace("-", "_")


def _set(values: list[list[str]]) -> list[Any]:
    return ["set", values]
