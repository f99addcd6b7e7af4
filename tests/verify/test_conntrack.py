"""Connections as Open vSwitch tracks them, as far as the pipeline looks at them."""

from __future__ import annotations

import pytest

from controller.dataplane.fields import (
    CT_EST,
    CT_NEW,
    CT_RPL,
    CT_TRK,
    PROTO_ICMP,
    PROTO_TCP,
    PROTO_UDP,
)
from controller.verify.conntrack import Conntrack, reply_to
from controller.verify.packet import Packet, ipv4, with_ports

_NEW = CT_TRK | CT_NEW
_OTHER_ZONE = 8


def _packet(protocol: int) -> Packet:
    packet = ipv4(source_mac=1, target_mac=2, source=10, target=20, protocol=protocol)
    return with_ports(packet, source=40000, target=80)


@pytest.mark.parametrize("protocol", [PROTO_TCP, PROTO_UDP, PROTO_ICMP, 132])
def test_a_connection_is_new_until_it_is_answered(protocol: int) -> None:
    there = _packet(protocol)
    found, known = Conntrack().look_up(7, there)
    assert (found.state, found.mark) == (_NEW, 0)
    known = known.commit(7, there, 46)
    again, known = known.look_up(7, there)
    assert (again.state, again.mark) == (_NEW, 46)
    back, known = known.look_up(7, reply_to(there))
    assert (back.state, back.mark) == (CT_TRK | CT_EST | CT_RPL, 46)
    assert known.look_up(7, there)[0].state == CT_TRK | CT_EST


def test_zones_know_nothing_of_each_other() -> None:
    known = Conntrack().commit(7, _packet(PROTO_TCP), 46)
    assert known.look_up(_OTHER_ZONE, reply_to(_packet(PROTO_TCP)))[0].state == _NEW


def test_what_was_never_committed_has_no_reply() -> None:
    _, known = Conntrack().look_up(7, _packet(PROTO_TCP))
    assert known.look_up(7, reply_to(_packet(PROTO_TCP)))[0].state == _NEW


def test_a_reply_that_is_committed_marks_its_connection() -> None:
    there = _packet(PROTO_TCP)
    known = Conntrack().commit(7, there, 1).commit(7, reply_to(there), 2)
    assert [c.mark for c in known.connections.values()] == [2]


def test_what_is_known_is_a_value() -> None:
    empty = Conntrack()
    empty.commit(7, _packet(PROTO_TCP), 1)
    assert not empty.connections
