"""The proof can fail: an edit of installed entries is found if, and only if, it changes something.

Whether it does is found the long way: every packet between all instances is walked.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields
from ipaddress import IPv4Address

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controller.compile import compile_network
from controller.dataplane.fields import PROTO_TCP
from controller.dataplane.pipeline import SHAPES
from controller.dataplane.program import Program, program
from controller.model.network import Network
from controller.verify.check import check
from controller.verify.index import Doubts
from controller.verify.proof import Held, prove
from tests.chance import often, seed_of
from tests.sharing import NEVER, Compiler, compiler, compilers, many_from, thresholds
from tests.sites import two_hosts
from tests.strategies import networks
from tests.verify.mutants import changes_something, mutants


def _without(kept: Program, shape: str) -> Iterator[Program]:
    """The program without one row of a shape, for each there is."""
    for gone in [row for row in kept if row.shape == shape]:
        yield program(row for row in kept if row != gone)


@pytest.mark.parametrize(
    ("switch", "shape"),
    [
        ("edge-1", "admit.ipv4"),
        ("edge-1", "resolve.receiver:away"),
        ("edge-1", "permit.tcp"),
        ("edge-1", "permit.reply"),
        ("edge-1", "deliver.away"),
        ("edge-2", "wire.segment"),
        ("edge-2", "origin.address"),
        ("edge-2", "arrive.instance"),
        ("edge-2", "permit.tcp"),
        ("fabric-1", "deliver.transit"),
        ("fabric-1", "class.transit"),
    ],
)
def test_a_missing_row_is_found(switch: str, shape: str) -> None:
    network = two_hosts()
    programs = dict(compile_network(network))
    each = [{**programs, switch: less} for less in _without(programs[switch], shape)]
    assert any(check(network, less).witnesses for less in each)


@pytest.mark.parametrize(("port", "mask"), [(9999, 0xFFFF), (9984, 0xFFF0), (0, 0)])
def test_a_port_too_many_is_found(port: int, mask: int) -> None:
    """Far from every boundary of a rule: the entries' own boundaries are asked about too."""
    network = two_hosts()
    programs = dict(compile_network(network))
    for name in ("edge-1", "edge-2"):
        spare = [
            row._replace(match=(*row.match[:2], port, mask))
            for row in programs[name]
            if row.shape == "permit.tcp"
        ]
        programs[name] = program((*programs[name], *spare))
    found = check(network, programs).witnesses
    asked = {(w.question.protocol, w.question.port) for w in found if w.expected == "denied"}
    assert (PROTO_TCP, port) in asked


def test_a_class_that_a_sender_forges_is_found() -> None:
    """A rule for whoever marks DSCP 46, which no rule of the intent looks at."""
    network = two_hosts()
    programs = dict(compile_network(network))
    marked = SHAPES["permit.marked_tcp"]
    for name in ("edge-1", "edge-2"):
        (permit,) = (row for row in programs[name] if row.shape == "permit.tcp")
        columns = {**SHAPES["permit.tcp"].columns(permit), "dscp": 46, "port": 22}
        rows = [marked.row(permit.cookie, **{**columns, "far": far}) for far in (0, 1)]
        programs[name] = program((*programs[name], *rows))
    found = check(network, programs).witnesses
    assert {(w.question.port, w.question.dscp) for w in found} == {(22, 46)}


def test_the_whole_site_is_right() -> None:
    network: Network = two_hosts()
    verdict = check(network, compile_network(network))
    assert verdict.asked > 100
    assert not verdict.witnesses
    assert network.intent.instances["web-1"].ip == IPv4Address("10.0.0.11")


def _held(programs: Mapping[str, Program]) -> dict[str, Held]:
    return {name: Held(rows) for name, rows in programs.items()}


@pytest.mark.parametrize(("seed", "pairs"), [(0, NEVER), (1, NEVER), (2, 1)])
def test_an_edit_is_found_if_it_changes_something(seed: int, pairs: int) -> None:
    network = two_hosts()
    programs = compiler(pairs)(network)
    many = pairs  # of classes, or pair by pair
    found = {True: 0, False: 0}
    for mutant in mutants(programs, seed_of(seed), often(40)):
        held = mutant.held(programs)
        truth = changes_something(network, held)
        with many_from(many):
            faults = prove(network, held).faults
        assert bool(faults) == bool(truth), (mutant.switch, mutant.text, truth, faults)
        found[bool(truth)] += 1
    assert min(found.values()) > 13, "edits of both kinds must have been tried"


@settings(max_examples=often(12))
@given(networks(max_instances=6), compilers, thresholds, st.integers(0, 1 << 16))
def test_an_edit_of_any_site_is_found_if_it_changes_something(
    network: Network, compiled: Compiler, many: int, seed: int
) -> None:
    programs = compiled(network)
    assert not prove(network, _held(programs)).faults
    for mutant in mutants(programs, seed, 4):
        held = mutant.held(programs)
        truth = changes_something(network, held)
        with many_from(many):
            faults = prove(network, held).faults
        assert bool(faults) == bool(truth), (mutant.switch, mutant.text, truth, faults)


def test_an_entry_that_nobody_can_read_is_a_fault() -> None:
    network = two_hosts()
    held = _held(compile_network(network))
    held["edge-1"] = Held(held["edge-1"].rows, (), frozenset({0x77}))
    assert [fault.kind for fault in prove(network, held).faults] == ["unreadable"]


def test_a_fabric_switch_must_not_know_instances() -> None:
    network = two_hosts()
    programs = dict(compile_network(network))
    resolve = next(row for row in programs["edge-1"] if row.shape == "resolve.receiver:here")
    programs["fabric-1"] = program((*programs["fabric-1"], resolve))
    assert [fault.kind for fault in prove(network, _held(programs)).faults] == ["fabric"]


@pytest.mark.parametrize("kind", [item.name for item in fields(Doubts)])
def test_a_doubt_of_any_kind_is_followed_up(kind: str) -> None:
    doubts = Doubts()
    assert not doubts
    getattr(doubts, kind)["anything"] = None
    assert doubts


@pytest.mark.parametrize("what", ["missing", "too much"])
def test_arp_that_is_answered_otherwise_is_found(what: str) -> None:
    network = two_hosts()
    programs = dict(compile_network(network))
    arp, own = SHAPES["answer.arp"], int(network.intent.instances["web-1"].ip) & 0xFFFF
    (row,) = (r for r in programs["edge-1"] if r.key == arp.row(0, own=0, bit=256, asked=256).key)
    if what == "missing":
        programs["edge-1"] = program(r for r in programs["edge-1"] if r != row)
    else:
        more = arp.row(row.cookie, own=own, bit=0xFFFF, asked=own)
        programs["edge-1"] = program((*programs["edge-1"], more))
    proof = prove(network, {name: Held(rows) for name, rows in programs.items()})
    assert {fault.kind for fault in proof.faults} == {"gateway"}
    assert ("no ARP answer" if what == "too much" else "an ARP answer") in str(proof.faults[0])
