"""Shared rules whose blocks of ports lie in each other: Open vSwitch misses none of them.

Conjunctive flows of one priority must not overlap, but the flows that they are made of may
(ovs-fields(7), conj_id). A packet to a port meets an entry of every block around it, at one
priority; the narrowest may be of a rule of other people.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest

from controller.dataplane.pipeline import Table
from controller.dataplane.program import Program
from controller.model.meaning import TCP, verdict
from controller.model.network import Network
from controller.verify.probe import Question, ask
from controller.verify.site import Site
from tests.oracle.conftest import Oracle
from tests.oracle.test_interpreter import Recorder, compare, recorded, unique
from tests.oracle.trace import Seen, expected, read, state_text
from tests.oracle.wire import encode
from tests.sharing import compiler
from tests.sites import INTENT, two_hosts

WEB, API = {"tier": "web"}, {"tier": "api"}
PROBE, SINK = {"tier": "probe"}, {"tier": "sink"}
BUSINESS = {"vrf": "business"}
PORTS = (8000, 8063, 8064, 8079, 8080, 8081, 8127, 8128, 8191, 8192)


def rule(name: str, ends: tuple[dict[str, str], dict[str, str]], allow: str) -> dict[str, Any]:
    return {"name": name, "from": ends[0], "to": ends[1], "allow": [allow], "class": "realtime"}


WIDE, MIDDLE, NARROW = "tcp/8000-8191", "tcp/8064-8127", "tcp/8080"


def site(*rules: dict[str, Any]) -> Network:
    return two_hosts({**INTENT, "rules": list(rules)})


NETWORKS = {
    "others in the narrower": site(
        rule("wide", (WEB, API), WIDE),
        rule("middle", (PROBE, SINK), MIDDLE),
        rule("narrow", (API, WEB), NARROW),
    ),
    "others in the wider": site(
        rule("wide", (PROBE, SINK), WIDE),
        rule("middle", (API, WEB), MIDDLE),
        rule("narrow", (WEB, API), NARROW),
    ),
    "half of the ends": site(
        rule("wide", (WEB, API), WIDE),
        rule("middle", (WEB, WEB), MIDDLE),
        rule("narrow", (API, API), NARROW),
    ),
}


SAME_PEOPLE = site(
    rule("wide", (WEB, API), WIDE),
    rule("middle", (WEB, API), MIDDLE),
    rule("narrow", (BUSINESS, BUSINESS), NARROW),
)


class Recorded(NamedTuple):
    """The programs of a site, and what its switches were asked."""

    programs: dict[str, Program]
    recorders: dict[str, Recorder]


def packets(network: Network) -> Iterator[Question]:
    instances = network.intent.instances.values()
    for source in instances:
        for destination in instances:
            if source != destination:
                yield from (Question(source, destination, TCP, port) for port in PORTS)


def passes(site: Site, question: Question) -> bool:
    """Whether a packet arrives, and its answer."""
    answer = ask(site, question)
    ends = question.destination.name, question.source.name
    return (answer.reached, answer.answered) == ends


def answered(network: Network) -> Recorded:
    """Ask about every packet, hold the answers against the rules, and tell how it went."""
    shared, programs, recorders = recorded(network, compiler(1))
    blocks = {row.match for row in programs["edge-1"] if row.shape == "permit.at_tcp"}
    assert len(blocks) == 4
    allowed = 0
    for question in packets(network):
        ends = question.source, question.destination
        wanted = verdict(network.intent, *ends, TCP, question.port, question.dscp)
        assert passes(shared, question) == (wanted is not None), question
        allowed += wanted is not None
    assert allowed >= 3
    return Recorded(programs, recorders)


@pytest.mark.parametrize("name", NETWORKS)
def test_every_block_around_a_port_counts(oracle: Oracle, name: str) -> None:
    found = answered(NETWORKS[name])
    assert len(compare(oracle, *found)) > 100


def test_where_several_shared_rules_permit_it_is_all_the_same_which(oracle: Oracle) -> None:
    """Open vSwitch is free to find any of them; they are of one class, so all do the same."""
    programs, recorders = answered(SAME_PEOPLE)
    ports, compared = oracle.ports(), 0
    for name, recorder in recorders.items():
        runs = unique(recorder.runs)
        if runs:
            oracle.install(programs[name])
        for run in runs:
            mark = max((found.mark for found in run.found), default=0)
            states = [state_text(found.state) for found in run.found]
            frame = encode(run.packet)
            seen = read(oracle.trace(run.port, mark, frame, states), ports, run.packet)
            ours = expected(run.result, run.packet)
            assert any_rule(seen) == any_rule(ours), run.packet
            compared += 1
    assert compared > 100


def any_rule(seen: Seen) -> Seen:
    """What was seen, whichever rule an entry that permits is of."""
    steps = ((t, p, 0 if t == Table.PERMIT else cookie) for t, p, cookie in seen.steps)
    return seen._replace(steps=tuple(steps))
