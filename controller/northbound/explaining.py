"""Why a packet passes or not, told from the intent: the rule, the path, or what is missing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from controller.dataplane.cookie import Feature, parse
from controller.dataplane.pipeline import SHAPES
from controller.dataplane.program import Program
from controller.dataplane.text import format_entry
from controller.model.intent import Instance, Intent, Rule, Selector
from controller.model.meaning import TCP, UDP, Decision, matched_width, verdict
from controller.model.network import Network
from controller.model.numbers import stable_numbers
from controller.model.syntax import ports_text
from controller.northbound.ports import Origins
from controller.northbound.views import Body
from controller.topology.routes import Path, Routes

RULE_BITS = 32  # the cookie's object: a rule's number among the intent's rules


@dataclass(frozen=True, slots=True)
class Packet:
    """The first packet of a connection. ``protocol`` is the IP protocol number."""

    source: Instance
    destination: Instance
    protocol: int
    port: int
    dscp: int


def explain_view(
    network: Network, origins: Origins, programs: Mapping[str, Program], packet: Packet
) -> Body:
    """The explanation of one packet, with the flow entries of the rule that decides."""
    intent = network.intent
    decision = verdict(
        intent, packet.source, packet.destination, packet.protocol, packet.port, packet.dscp
    )
    if decision is None:
        return {**_NOTHING, "reason": _denial(packet), "nearest": _nearest(intent, origins, packet)}
    path = _path(network, packet, decision)
    obstacle = _obstacle(network, packet, path)
    return {
        "allowed": obstacle is None,
        "reason": f"rule `{decision.rule}` allows it{f', but {obstacle}' if obstacle else ''}",
        "rule": rule_view(decision.rule, origins),
        "class": decision.qos_class,
        "queue": intent.classes[decision.qos_class].queue,
        "nearest": None,
        "path": {
            "switches": list(path.switches) if path else [],
            "links": list(path.links) if path else [],
        },
        "flows": _flows(intent, programs, decision.rule, path),
    }


def rule_view(name: str, origins: Origins) -> Body:
    """A rule with the place it was written down, where that is known."""
    file, line = origins.get(f"rules/{name}", (None, None))
    return {"name": name, "file": file, "line": line}


_NOTHING: Body = {
    "allowed": False,
    "rule": None,
    "class": None,
    "queue": None,
    "path": {"switches": [], "links": []},
    "flows": [],
}


def _denial(packet: Packet) -> str:
    if packet.source == packet.destination:
        return "an instance does not reach itself through the network"
    return "no rule allows it, and the default is deny"


def _path(network: Network, packet: Packet, decision: Decision) -> Path | None:
    start = network.topology.edge_of(packet.source.host)
    end = network.topology.edge_of(packet.destination.host)
    if start is None or end is None:
        return None
    metric = network.intent.classes[decision.qos_class].metric
    vrf = network.intent.vrf_of(packet.destination).name
    return Routes.of(network).path(metric, start.name, end.name, vrf)


def _obstacle(network: Network, packet: Packet, path: Path | None) -> str | None:
    """What keeps an allowed packet from arriving."""
    for instance in (packet.source, packet.destination):
        edge = network.topology.edge_of(instance.host)
        if edge is None:
            return f"host `{instance.host}` of `{instance.name}` has no edge switch"
        if network.port_number(edge.name, instance.port) is None:
            return f"port `{instance.port}` of `{instance.name}` is not plugged in at {edge.name}"
    return None if path else "no working links lead there"


def _flows(
    intent: Intent, programs: Mapping[str, Program], rule: str, path: Path | None
) -> list[Body]:
    """The entries at both edges whose cookie names the rule."""
    number = stable_numbers(intent.rules, RULE_BITS)[rule]
    edges = dict.fromkeys((path.switches[0], path.switches[-1])) if path else {}
    return [
        {"switch": switch, "entry": format_entry(SHAPES[row.shape].entry(row))}
        for switch in edges
        for row in programs.get(switch, Program())
        if parse(row.cookie)[2:] == (Feature.PERMIT, number)
    ]


def _nearest(intent: Intent, origins: Origins, packet: Packet) -> Body | None:
    """The rule that would need the least change to allow the packet."""
    if packet.source == packet.destination or not intent.rules:
        return None
    found = {name: list(_differences(intent, rule, packet)) for name, rule in intent.rules.items()}
    name = min(found, key=lambda name: (len(found[name]), name))
    return {"rule": rule_view(name, origins), "differs": found[name]}


def _differences(intent: Intent, rule: Rule, packet: Packet) -> Iterator[str]:
    yield from _label_differences(intent, "from", rule.source, packet.source)
    yield from _label_differences(intent, "to", rule.destination, packet.destination)
    if matched_width(rule, packet.protocol, packet.port) is None:
        allow = ", ".join(map(ports_text, rule.allow))
        asked = f"protocol {packet.protocol}"
        asked += f" port {packet.port}" if packet.protocol in (TCP, UDP) else ""
        yield f"it allows {allow}, the packet is {asked}"
    if rule.dscp not in (None, packet.dscp):
        yield f"it is for DSCP {rule.dscp}, the packet is marked {packet.dscp}"


def _label_differences(
    intent: Intent, end: str, selector: Selector, instance: Instance
) -> Iterator[str]:
    labels = intent.effective_labels(instance.service)
    for key, values in selector.labels.items():
        if labels.get(key) not in values:
            wanted = " or ".join(values)
            has = f"has {key} {labels[key]}" if key in labels else f"has no label {key}"
            yield f"`{end}` wants {key} {wanted}, {instance.name} {has}"
