"""The interpreter and Open vSwitch do the same with the same entries and packets.

Compared are every entry that matched, in order, the port and queue a packet leaves by, the tags put
on it and its addresses, TTL and DSCP. What a connection look-up finds is the interpreter's to say,
for no packet runs through this switch.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import NamedTuple

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from hypothesis.strategies import DataObject

from controller.compile import compile_network
from controller.dataplane.pipeline import Table
from controller.dataplane.program import Program
from controller.model.intent import Instance
from controller.model.meaning import verdict
from controller.model.network import Network
from controller.verify.check import questions
from controller.verify.conntrack import Conntrack, Found
from controller.verify.explain import explain
from controller.verify.interpreter import Interpreter, Result
from controller.verify.packet import Packet, arp_request, tagged
from controller.verify.probe import Question, ask, first_packet, send
from controller.verify.site import NOTHING_KNOWN, Site, attachment
from tests.chance import often, times
from tests.oracle.conftest import Oracle
from tests.oracle.trace import Seen, expected, read, state_text
from tests.oracle.wire import encode
from tests.sharing import NEVER, Compiler, compiler, compilers
from tests.sites import two_hosts
from tests.strategies import networks

MOST_EXPLAINED = 12


class Run(NamedTuple):
    """One packet in one switch: what came in, what the look-ups found, and what came of it."""

    packet: Packet
    port: int
    found: tuple[Found, ...]
    result: Result


Log = list[tuple[str, Run]]
"""What was asked of the switches of a site, in order."""


class Recorder(Interpreter):
    """An interpreter that remembers what it was asked, and writes it into the site's log."""

    def __init__(self, name: str, program: Program, log: Log) -> None:
        super().__init__(program.entries())
        self.name, self.log = name, log
        self.runs: list[Run] = []

    def run(self, packet: Packet, in_port: int, conntrack: Conntrack) -> Result:
        found: list[Found] = []
        original = Conntrack.look_up

        def look_up(known: Conntrack, zone: int, seen: Packet) -> tuple[Found, Conntrack]:
            answer = original(known, zone, seen)
            found.append(answer[0])
            return answer

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Conntrack, "look_up", look_up)
            result = super().run(packet, in_port, conntrack)
        self.runs.append(Run(packet, in_port, tuple(found), result))
        self.log.append((self.name, self.runs[-1]))
        return result


def recorded(
    network: Network, compiled: Compiler = compile_network
) -> tuple[Site, dict[str, Program], dict[str, Recorder]]:
    programs = dict(compiled(network))
    log: Log = []
    recorders = {name: Recorder(name, program, log) for name, program in programs.items()}
    return Site(network, programs, _interpreters=dict(recorders)), programs, recorders


Traces = dict[tuple[str, object], Seen]
"""What Open vSwitch did, by switch and what it was asked (:func:`asked_of`)."""


def compare(oracle: Oracle, programs: dict[str, Program], recorders: dict[str, Recorder]) -> Traces:
    """Ask the oracle about everything that was recorded; what it said."""
    ports, traces = oracle.ports(), {}
    for name, recorder in recorders.items():
        runs = unique(recorder.runs)
        if runs:
            oracle.install(programs[name])
        for run in runs:
            mark = max((found.mark for found in run.found), default=0)
            states = [state_text(found.state) for found in run.found]
            text = oracle.trace(run.port, mark, encode(run.packet), states)
            seen = read(text, ports, run.packet)
            assert seen == expected(run.result, run.packet), f"{name}: {run.packet}\n{text}"
            traces[name, asked_of(run)] = seen
    return traces


def unique(runs: Iterable[Run]) -> list[Run]:
    """Runs that differ in the packet, its port or what look-ups found."""
    found: dict[tuple[object, ...], Run] = {}
    for run in runs:
        found.setdefault(asked_of(run), run)
    return list(found.values())


def asked_of(run: Run) -> tuple[object, ...]:
    """What tells one run in a switch from another."""
    fields = tuple(sorted(run.packet.fields.items()))
    return fields, run.packet.tags, run.port, run.found


def odd_packets(question: Question) -> Iterator[Packet]:
    """What a sender should not send, or sends for itself alone."""
    packet = first_packet(question)
    yield packet.with_field("ipv4_src", packet.get("ipv4_src") ^ 1)
    yield packet.with_field("eth_src", packet.get("eth_src") ^ 1)
    yield packet.with_field("eth_dst", (1 << 48) - 1)
    yield packet.with_field("nw_ttl", 1)
    yield tagged(packet, 7)


def own_packets(network: Network, instance: Instance) -> Iterator[Packet]:
    """ARP for the gateway, an announcement, and an echo request to the gateway."""
    mac, ip = int(instance.mac.replace(":", ""), 16), int(instance.ip)
    gateway = int(network.intent.segment_of(instance).gateway)
    echo = first_packet(Question(instance, instance, 1, 0)).with_field("ipv4_dst", gateway)
    for target in (gateway, ip):
        request = arp_request(mac=mac, source=ip, target=target)
        yield tagged(request, instance.nested_vlan) if instance.nested_vlan else request
    yield echo


@pytest.mark.parametrize("pairs", [NEVER, 1])
def test_a_small_site_is_walked_as_open_vswitch_walks_it(oracle: Oracle, pairs: int) -> None:
    network = two_hosts()
    site, programs, recorders = recorded(network, compiler(pairs))
    by_pair: dict[tuple[str, str], list[Question]] = defaultdict(list)
    for question in questions(network):
        ask(site, question)
        by_pair[question.source.name, question.destination.name].append(question)
    for first, *_ in by_pair.values():
        for packet in odd_packets(first):
            send(site, first.source, packet, NOTHING_KNOWN)
    for instance in network.intent.instances.values():
        for packet in own_packets(network, instance):
            send(site, instance, packet, NOTHING_KNOWN)
    assert len(compare(oracle, programs, recorders)) > 200


@settings(
    max_examples=often(4),
    derandomize=times() == 1,
    suppress_health_check=[*HealthCheck],
)
@given(st.data())
def test_generated_sites_are_walked_as_open_vswitch_walks_them(
    oracle: Oracle, data: DataObject
) -> None:
    network = data.draw(networks(max_instances=8))
    assume(len(network.intent.instances) > 1 and network.intent.rules)
    site, programs, recorders = recorded(network, data.draw(compilers))
    asked = list(questions(network))
    walks: list[tuple[Question, Log]] = []
    for question in asked[:: 1 + len(asked) // 60]:
        log = recorders["edge-1"].log
        began = len(log)
        answer = ask(site, question)
        hops = len(answer.there.hops) if answer.there else 0
        walks.append((question, log[began : began + hops]))
        if answer.reached == question.destination.name and answer.there is not None:
            # A second packet the same way, once the connection is answered.
            state = answer.back.state if answer.back else answer.there.state
            send(site, question.source, first_packet(question), state)
        send(site, question.source, next(odd_packets(question)), NOTHING_KNOWN)
    for instance in network.intent.instances.values():
        for packet in own_packets(network, instance):
            send(site, instance, packet, NOTHING_KNOWN)
    traces = compare(oracle, programs, recorders)
    passing = [walk for walk in walks if walk[1] and walk[1][-1][1].result.emissions]
    for question, log in (*some(walks), *some(passing)):
        seen = [(name, traces[name, asked_of(run)]) for name, run in log]
        assert_told(network, programs, question, seen)


def some(walks: list[tuple[Question, Log]]) -> list[tuple[Question, Log]]:
    """A few from everywhere: to explain one costs as much as to walk many."""
    return walks[:: 1 + len(walks) // MOST_EXPLAINED]


def assert_told(
    network: Network,
    programs: dict[str, Program],
    question: Question,
    seen: list[tuple[str, Seen]],
) -> None:
    """What explain tells of a packet is what Open vSwitch did with it, switch after switch."""
    packet = question.protocol, question.port, question.dscp
    told = explain(network, programs, question.source, question.destination, *packet)
    walked = [
        (name, Table(table).name.lower(), cookie)
        for name, each in seen
        for table, _priority, cookie in each.steps
    ]
    matched = [step for step in told.steps if step.shape != "none"]
    assert [(step.switch, step.table, step.cookie) for step in matched] == walked
    links = [link_at(network, name, each.port) for name, each in seen]
    way = [part for (name, _), link in zip(seen, links, strict=True) for part in (name, link)]
    assert told.path == tuple(part for part in way if part is not None)
    queues = [each.queue for (_, each), link in zip(seen, links, strict=True) if link is not None]
    assert told.queue == (queues[0] if queues else None)
    rules = [step.rule for step in matched if step.table == "permit"]
    assert told.rule == next((rule for rule in rules if rule is not None), None)
    last_switch, last = seen[-1] if seen else ("", None)
    arrives = last is not None and (last_switch, last.port) == attachment(
        network, question.destination
    )
    assert arrives or not told.allowed
    if told.allowed:
        assert last is not None and told.qos_class is not None
        marked = int(last.headers["nw_tos"]) >> 2
        assert network.intent.classes[told.qos_class].dscp == marked
        meant = verdict(network.intent, question.source, question.destination, *packet)
        assert meant is not None
        assert (told.rule, told.qos_class) == (meant.rule, meant.qos_class)


def link_at(network: Network, switch: str, port: int | None) -> str | None:
    """The link at a switch's port, None where there is none."""
    for link in network.topology.links.values() if port else ():
        for end in (link.a, link.b):
            if end.switch == switch and network.port_number(switch, end.port) == port:
                return link.name
    return None


def test_the_oracle_disagrees_with_other_entries(oracle: Oracle) -> None:
    """The comparison can fail: Open vSwitch holds a program with one row less."""
    network = two_hosts()
    site, programs, recorders = recorded(network)
    web, api = (network.intent.instances[name] for name in ("web-1", "api-1"))
    ask(site, Question(web, api, 6, 8080))
    rows = {key: row for key, row in programs["edge-1"].rows.items() if row.shape != "permit.tcp"}
    with pytest.raises(AssertionError):
        compare(oracle, {**programs, "edge-1": Program.of(rows)}, recorders)


@pytest.mark.parametrize("pairs", [NEVER, 1])
def test_what_explain_tells_is_what_open_vswitch_does(oracle: Oracle, pairs: int) -> None:
    """Table by table and entry by entry, for packets that pass and packets that do not."""
    network = two_hosts()
    site, programs, recorders = recorded(network, compiler(pairs))
    allowed = 0
    for question in questions(network):
        packet = question.protocol, question.port, question.dscp
        told = explain(network, programs, question.source, question.destination, *packet)
        answer = ask(site, question)
        assert answer.there is not None
        walked = [
            (hop.switch, Table(step.table).name.lower(), step.entry.cookie if step.entry else 0)
            for hop in answer.there.hops
            for step in hop.steps
        ]
        assert [(step.switch, step.table, step.cookie) for step in told.steps] == walked
        passes = (answer.reached, answer.answered) == (
            *(question.destination.name, question.source.name),
        )
        assert told.allowed == passes, question
        allowed += passes
    assert allowed > 3
    assert len(compare(oracle, programs, recorders)) > 200
