"""The check can fail: an edit of the installed rows that matters is found, with a witness."""

from __future__ import annotations

from ipaddress import IPv4Address

import pytest

from controller.compile import compile_network
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


def test_a_rule_too_many_is_found() -> None:
    network = two_hosts()
    programs = dict(compile_network(network))
    for name in ("edge-1", "edge-2"):
        rows = [
            r._replace(match=(*r.match[:2], 9999, 0xFFFF))
            for r in programs[name]
            if r.shape == "permit.tcp"
        ]
        programs[name] = program((*programs[name], *rows))
    found = check(network, programs, limit=1).witnesses
    assert not found or found[0].expected == "denied"
    # Port 9999 is no boundary of any rule, so it is asked about by name.
    from controller.verify.probe import Question, ask
    from controller.verify.site import Site

    web, api = (network.intent.instances[name] for name in ("web-1", "api-1"))
    assert ask(Site(network, programs), Question(web, api, 6, 9999)).reached == "api-1"


def test_the_whole_site_is_right() -> None:
    network: Network = two_hosts()
    verdict = check(network, compile_network(network))
    assert verdict.asked > 100
    assert not verdict.witnesses
    assert network.intent.instances["web-1"].ip == IPv4Address("10.0.0.11")
