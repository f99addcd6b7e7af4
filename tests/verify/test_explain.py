"""Explanations name the rule, the objects on the way, what is missing, and what comes nearest."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest

from controller.compile import compile_network
from controller.dataplane.fields import PROTO_ICMP, PROTO_TCP, PROTO_UDP
from controller.dataplane.program import Program, program
from controller.model.network import Facts, Network
from controller.verify.explain import Explanation, explain
from tests.sites import INTENT, intent, plugged, topology, two_hosts


def _explain(
    network: Network,
    source: str,
    destination: str,
    protocol: int = PROTO_TCP,
    port: int = 8080,
    programs: Mapping[str, Program] | None = None,
    dscp: int = 0,
) -> Explanation:
    held = compile_network(network) if programs is None else programs
    one, other = (network.intent.instances[name] for name in (source, destination))
    return explain(network, held, one, other, protocol, port, dscp)


def _rules(*rules: dict[str, Any]) -> Network:
    wanted = intent({**INTENT, "rules": list(rules)})
    return Network(wanted, topology(), plugged(wanted, topology()))


def test_an_allowed_packet_names_its_rule_class_and_path() -> None:
    found = _explain(two_hosts(), "web-1", "api-1")
    assert found.allowed
    assert (found.rule, found.qos_class, found.queue) == ("web-to-api", "realtime", 1)
    assert found.path == ("edge-1", "up-1", "fabric-1", "up-2", "edge-2")
    assert (found.needed, found.nearest) == (None, ())


def test_every_step_names_the_object_that_its_entry_is_for() -> None:
    found = _explain(two_hosts(), "web-1", "api-1")
    named = {(s.switch, s.table, str(s.subject)) for s in found.steps if s.subject}
    assert named == {
        ("edge-1", "admit", "instance web-1"),
        ("edge-1", "resolve", "instance api-1"),
        ("edge-1", "permit", "rule web-to-api"),
        ("edge-1", "class", "class realtime"),
        ("edge-1", "deliver", "switch edge-2"),
        ("fabric-1", "class", "class realtime"),
        ("fabric-1", "deliver", "switch edge-2"),
        ("edge-2", "wire", "segment orders"),
        ("edge-2", "origin", "instance web-1"),
        ("edge-2", "arrive", "instance api-1"),
        ("edge-2", "permit", "rule web-to-api"),
        ("edge-2", "class", "class realtime"),
    }


@pytest.mark.parametrize(
    ("protocol", "port", "nearest", "difference"),
    [
        (PROTO_TCP, 22, "web-to-api", "it allows tcp/8080, not tcp/22"),
        (PROTO_UDP, 8080, "ping", "it allows icmp, not udp/8080"),
    ],
)
def test_the_nearest_rule_differs_in_port_or_protocol(
    protocol: int, port: int, nearest: str, difference: str
) -> None:
    found = _explain(two_hosts(), "web-1", "api-1", protocol, port)
    assert not found.allowed
    assert "dropped at edge-1, table permit" in found.reason
    assert (found.nearest[0].rule, found.nearest[0].differences) == (nearest, (difference,))


def test_the_nearest_rule_differs_in_a_label() -> None:
    found = _explain(two_hosts(), "api-2", "api-1", PROTO_ICMP, 0)
    assert (found.nearest[0].rule, found.nearest[0].differences) == (
        "ping",
        ("from: it wants tier web, found api",),
    )
    assert found.needed == "a rule from api to api that allows icmp"


def test_the_nearest_rule_differs_in_the_dscp() -> None:
    ends = {"from": {"tier": "web"}, "to": {"tier": "api"}}
    network = _rules({"name": "voice", **ends, "allow": ["tcp/8080"], "dscp": 46})
    assert _explain(network, "web-1", "api-1", dscp=46).rule == "voice"
    found = _explain(network, "web-1", "api-1")
    assert found.nearest[0].differences == ("it wants packets marked DSCP 46, not 0",)


def test_the_nearest_rule_differs_in_the_vrf() -> None:
    network = _rules(
        {
            "name": "inside",
            "from": {"tier": "web"},
            "to": {"vrf": "business"},
            "allow": ["udp/53"],
        }
    )
    found = _explain(network, "web-1", "sink-1", PROTO_UDP, 53)
    assert not found.allowed
    assert found.nearest[0].differences == ("to: it wants vrf business, found monitoring",)
    assert found.needed is not None
    assert "across VRFs business and monitoring" in found.needed


def _link_down(network: Network) -> Network:
    return replace(network, facts=replace(network.facts, down_links=frozenset({"up-2"})))


def _unplugged(network: Network) -> Network:
    ports = {place: n for place, n in network.facts.ports.items() if place[1] != "api-1"}
    return replace(network, facts=Facts(ports))


def _silent(network: Network) -> Network:
    ports = {place: n for place, n in network.facts.ports.items() if place[1] != "web-1"}
    return replace(network, facts=Facts(ports))


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        (_link_down, "there is no way to the receiver's edge switch"),
        (_unplugged, "the receiver is not plugged into its host"),
        (_silent, "web-1 is not plugged"),
    ],
)
def test_what_a_rule_allows_and_the_network_does_not_carry_asks_for_no_rule(
    broken: Callable[[Network], Network], reason: str
) -> None:
    found = _explain(broken(two_hosts()), "web-1", "api-1")
    assert not found.allowed
    assert reason in found.reason
    assert (found.needed, found.nearest) == (None, ())


def test_a_leak_is_called_one() -> None:
    network = two_hosts()
    wider = compile_network(_rules({**INTENT["rules"][0], "allow": ["tcp/8080", "tcp/22"]}))
    held = {name: program([*compile_network(network)[name], *wider[name]]) for name in wider}
    found = _explain(network, "web-1", "api-1", port=22, programs=held)
    assert found.allowed
    assert "no rule allows it" in found.reason
    assert found.needed == "a rule from web to api that allows tcp/22"


def test_entries_that_leave_it_open_are_the_reason() -> None:
    network = two_hosts()
    held = dict(compile_network(network))
    (row,) = (row for row in held["edge-1"] if row.shape == "permit.tcp")
    held["edge-1"] = program((*held["edge-1"], row._replace(match=(*row.match[:3], 0), args=(0,))))
    found = _explain(network, "web-1", "api-1", programs=held)
    assert not found.allowed
    assert found.reason.startswith("at edge-1, table permit, two entries of one priority match it")
    assert (found.needed, found.nearest) == (None, ())
