"""The check can fail: an edit of the installed rows that matters is found, with a witness."""

from __future__ import annotations

from ipaddress import IPv4Address

import pytest

from controller.compile import compile_network
from controller.dataplane.fields import PROTO_TCP
from controller.dataplane.pipeline import SHAPES
from controller.dataplane.program import Program, program
from controller.model.network import Network
from controller.verify.check import check
from tests.sites import two_hosts


def _without(kept: Program, shape: str) -> Program:
    gone = next(row for row in kept if row.shape == shape)
    return program(row for row in kept if row != gone)


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
    programs[switch] = _without(programs[switch], shape)
    assert check(network, programs).witnesses


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
