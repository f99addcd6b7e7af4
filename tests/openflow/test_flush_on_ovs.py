"""Open vSwitch forgets exactly the connections that a flush names, and keeps the others."""

from __future__ import annotations

import re
from collections.abc import Iterator
from ipaddress import IPv4Address
from itertools import count, product

import pytest

from controller.diff.cut import Cut
from controller.southbound.openflow.conntrack import flush
from controller.southbound.openflow.messages import barrier
from controller.verify.conntrack import Connection, Conntrack, Flow
from labkit.ledger import Ledger
from labkit.ovs import PrivateOvs
from tests.openflow.session import BRIDGE, Session
from tests.speaker.conftest import eventually

A, B, C = (int(IPv4Address(f"10.0.0.{n}")) for n in (1, 2, 3))
ZONES = (7, 8)
CLIENT = 4000
ECHO, TIMESTAMP = 8, 13
CUTS = [
    Cut(7),
    Cut(7, A, B),
    Cut(7, A),
    Cut(7, None, B),
    Cut(7, A, B, 6),
    Cut(7, A, B, 6, 80),
    Cut(8, A, B, 17, 53),
    Cut(8, None, C, 6, 443),
    Cut(7, A, B, 17),
    Cut(7, A, B, 1),
    Cut(7, A, B, 47),
    Cut(7, A, C, 6, 8080),
    Cut(9),
    Cut(None, A),
    Cut(None, None, B),
    Cut(None, None, C, 6, 443),
]


def opened() -> set[tuple[int, Flow]]:
    """One connection of each kind, either way between any two, in each zone.

    One way only where there are no ports: the other way would be its reply.
    """
    kinds = (
        *((6, CLIENT, port) for port in (80, 443)),
        *((17, CLIENT, port) for port in (53, 80)),
        *((1, 0, kind) for kind in (ECHO, TIMESTAMP)),
        (47, 0, 0),
    )
    ends = [(one, other) for one, other in product((A, B, C), repeat=2) if one != other]
    return {
        (zone, Flow(source, target, *kind))
        for zone, (source, target), kind in product(ZONES, ends, kinds)
        if source < target or kind[0] != 47
    }


@pytest.fixture(scope="module")
def ovs() -> Iterator[PrivateOvs]:
    ledger = Ledger.create("test-flush")
    try:
        with PrivateOvs(ledger) as found:
            # The dummy datapath's connection tracking is the userspace datapath's.
            found.vsctl("add-br", BRIDGE, "--", "set", "bridge", BRIDGE, "datapath_type=dummy",
                        "protocols=OpenFlow14", "fail_mode=secure")  # fmt: skip
            for zone in ZONES:
                port = f"p{zone}"
                found.vsctl("add-port", BRIDGE, port, "--", "set", "interface", port,
                            "type=dummy", f"ofport_request={zone}")  # fmt: skip
                found.ofctl("add-flow", BRIDGE, f"in_port={zone},ip,actions=ct(commit,zone={zone})")
            yield found
    finally:
        ledger.clean()


def open_all(ovs: PrivateOvs) -> None:
    ovs.appctl("dpctl/flush-conntrack")
    by_zone = {zone: [f for z, f in opened() if z == zone] for zone in ZONES}
    for zone, flows in by_zone.items():
        ovs.appctl("netdev-dummy/receive", f"p{zone}", *map(packet, flows))


def packet(flow: Flow) -> str:
    source, target = IPv4Address(flow.source), IPv4Address(flow.target)
    ports = f"(src={flow.source_port},dst={flow.target_port})"
    ends = {
        6: f",tcp{ports},tcp_flags(syn)",
        17: f",udp{ports}",
        1: f",icmp(type={flow.target_port},code=0)",
    }
    return (
        "in_port(1),eth(src=50:54:00:00:00:05,dst=50:54:00:00:00:07),eth_type(0x0800),"
        f"ipv4(src={source},dst={target},proto={flow.protocol},tos=0,ttl=64,frag=no)"
        f"{ends.get(flow.protocol, '')}"
    )


def known(ovs: PrivateOvs) -> set[tuple[int, Flow]]:
    numbers = {"tcp": 6, "udp": 17, "icmp": 1}
    line = re.compile(
        r"(\w+),orig=\(src=([\d.]+),dst=([\d.]+),(?:sport|id)=(\d+),(?:dport|type)=(\d+).*zone=(\d+)"
    )
    found = set()
    for name, source, target, near, far, zone in line.findall(ovs.appctl("dpctl/dump-conntrack")):
        ends = int(IPv4Address(source)), int(IPv4Address(target))
        number = numbers.get(name) or int(name)
        found.add((int(zone), Flow(*ends, number, int(near), int(far))))
    return found


@pytest.mark.parametrize("cut", CUTS, ids=lambda cut: str(cut)[4:-1])
def test_what_a_cut_names_goes_and_the_rest_stays(ovs: PrivateOvs, cut: Cut) -> None:
    open_all(ovs)
    eventually(lambda: known(ovs) == opened() or None, "all connections are tracked")
    session = Session(ovs)
    for message in flush(cut, count(1000)):
        session.send(message)
    session.answer(barrier(session.xid()))
    before = Conntrack({key: Connection(0) for key in opened()})
    after = before.without(
        cut.zone, source=cut.source, target=cut.target, protocol=cut.protocol, port=cut.port
    )
    assert known(ovs) == set(after.connections)
