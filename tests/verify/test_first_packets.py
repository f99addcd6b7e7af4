"""The first packet of a connection speaks for all that its opener sends, if rows alone decide."""

from __future__ import annotations

from dataclasses import replace

import pytest

from controller.compile import compile_network
from controller.dataplane.actions import Move
from controller.dataplane.fields import CT_EST, CT_MARK, CT_RPL, CT_STATE, CT_TRK, whole
from controller.dataplane.pipeline import SHAPES
from controller.dataplane.shapes import Key, Match, Shape
from controller.verify.first_packets import telling_apart
from controller.verify.proof import Held, prove
from tests.sites import two_hosts


def test_no_shape_tells_a_later_packet_from_the_first() -> None:
    assert list(telling_apart(SHAPES.values())) == []


RULE = SHAPES["permit.tcp"]
OTHERS = RULE.keys[1:]


@pytest.mark.parametrize(
    "shape",
    [
        replace(RULE, keys=(Key(whole(CT_STATE), CT_TRK, CT_TRK | CT_RPL | CT_EST), *OTHERS)),
        replace(RULE, keys=(Key(whole(CT_STATE), CT_TRK | CT_EST, CT_TRK | CT_EST), *OTHERS)),
        replace(RULE, keys=(*RULE.keys, Key(whole(CT_MARK), 46))),
        replace(RULE, actions=(*RULE.actions, Move(whole(CT_MARK), whole(CT_MARK)))),
    ],
    ids=["new alone", "established alone", "by its mark", "by what was remembered"],
)
def test_a_shape_that_does_is_found(shape: Shape) -> None:
    assert list(telling_apart([shape])) == ["permit.tcp"]


def test_an_entry_that_lets_established_connections_go_on_is_a_leak() -> None:
    """A foreign one, on both edges: first packets are dropped for want of a rule as ever."""
    network = two_hosts()
    reply = SHAPES["permit.reply"]
    held = {}
    for name, rows in compile_network(network).items():
        strays = ()
        if name.startswith("edge"):
            entry = reply.entry(reply.row(0x77))
            state = Match("ct_state", CT_TRK | CT_EST, CT_TRK | CT_EST)
            match = tuple(state if m.field == "ct_state" else m for m in entry.match)
            strays = (replace(entry, match=match, priority=entry.priority + 1),)
        held[name] = Held(rows, strays)
    leaks = [fault for fault in prove(network, held).faults if fault.kind == "leak"]
    assert any(
        fault.subject == "web-1 -> api-1 tcp/22" or "tcp" in fault.subject for fault in leaks
    )
    assert all(fault.found.startswith("a later packet: delivered to") for fault in leaks)
    assert all(fault.walk is not None for fault in leaks)
