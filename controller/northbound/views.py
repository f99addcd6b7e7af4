"""Values as the API shows them: JSON-able, names instead of numbers, with what is derived."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, Final

from controller.model.encode import encode_object
from controller.model.intent import Instance, Intent
from controller.model.network import Endpoint, Link, Network, Switch
from controller.model.reach import Reach
from controller.model.syntax import ports_text
from controller.northbound.ports import LinkLoad, SwitchStatus

Body = dict[str, Any]

INSTANCE_MTU: Final = 1500
"""What an instance may send. Links between switches carry 9000, so the two tags always fit."""

DERIVED: Final[Mapping[str, frozenset[str]]] = {
    "tenants": frozenset({"vrf", "vlan"}),
    "instances": frozenset(
        {"prefix_length", "gateway", "vlan", "vrf", "segment", "tenant", "mtu", "switch"}
    ),
}
"""Read-only keys of the API's objects, which documents do not have."""


def object_view(network: Network, collection: str, name: str) -> Body:
    """One object with its name and what follows from the others. Raises KeyError."""
    intent = network.intent
    value = getattr(intent, collection)[name]
    body: Body = {"name": name, **encode_object(collection, value)}
    if collection == "tenants":
        segment = intent.segments[value.segment]
        return {**body, "vrf": segment.vrf, "vlan": segment.vlan}
    if collection == "instances":
        return {**body, **_instance_derived(network, value)}
    return body


def _instance_derived(network: Network, instance: Instance) -> Body:
    """In the API ``vlan`` is the segment's; a document's ``vlan`` is ``nested_vlan`` here."""
    segment = network.intent.segment_of(instance)
    edge = network.topology.edge_of(instance.host)
    return {
        "prefix_length": segment.subnet.prefixlen,
        "gateway": str(segment.gateway),
        "vlan": segment.vlan,
        "vrf": segment.vrf,
        "segment": segment.name,
        "tenant": network.intent.services[instance.service].tenant,
        "nested_vlan": instance.nested_vlan or None,
        "mtu": INSTANCE_MTU,
        "switch": edge.name if edge else None,
    }


def reach_view(intent: Intent, reach: Reach) -> Body:
    """What a rule opens between two services, with the tenants they belong to."""
    return {
        "source": reach.source,
        "destination": reach.destination,
        "tenants": {
            "source": intent.services[reach.source].tenant,
            "destination": intent.services[reach.destination].tenant,
        },
        "allow": [ports_text(ports) for ports in reach.allow],
        "rule": reach.rule,
        "class": reach.qos_class,
        "dscp": reach.dscp,
    }


def reach_text(intent: Intent, reach: Reach) -> str:
    """One line for people: ``shop/web -> shop/api tcp/8080``."""
    source, destination = (
        f"{intent.services[name].tenant}/{name}" for name in (reach.source, reach.destination)
    )
    allow = ", ".join(map(ports_text, reach.allow))
    marked = "" if reach.dscp is None else f" marked DSCP {reach.dscp}"
    return f"{source} -> {destination} {allow}{marked}"


def switch_view(status: SwitchStatus) -> Body:
    """A switch's status."""
    return asdict(status)


def topology_view(network: Network, loads: Mapping[str, LinkLoad]) -> Body:
    """Switches and links as declared, with what was observed of them."""
    switches = network.topology.switches.values()
    return {
        "switches": [_switch(switch) for switch in switches],
        "links": [
            _link(network, link, loads.get(link.name)) for link in network.topology.links.values()
        ],
        "hosts": sorted(switch.host for switch in switches if switch.role == "edge"),
    }


def _switch(switch: Switch) -> Body:
    return {
        "name": switch.name,
        "role": switch.role,
        "number": switch.number,
        "datapath_id": f"{switch.datapath_id:016x}",
        "host": switch.host or None,
    }


def _link(network: Network, link: Link, load: LinkLoad | None) -> Body:
    return {
        "name": link.name,
        "a": _end(network, link.a),
        "b": _end(network, link.b),
        "rate_mbps": link.rate_mbps,
        "latency_us": link.latency_us,
        "cost": link.cost,
        "vrfs": list(link.vrfs),
        "up": link.name not in network.facts.down_links,
        "load": None if load is None else _load(link, load),
    }


def _load(link: Link, load: LinkLoad) -> Body:
    """``share``: of what the link carries one way, in the direction that carries more."""
    most_bps = max(load.a_to_b_bps, load.b_to_a_bps)
    return {**asdict(load), "share": round(most_bps / (link.rate_mbps * 1_000_000), 4)}


def _end(network: Network, end: Endpoint) -> Body:
    return {
        "switch": end.switch,
        "port": end.port,
        "number": network.port_number(end.switch, end.port),
    }
