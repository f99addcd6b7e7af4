"""A rule is withdrawn from a real switch: its connections' replies stop, others' go on.

The switch has the program of a site with two instances on one host; packets are injected into
Open vSwitch's userspace datapath with its connection tracking.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from controller.compile import compile_network
from controller.dataplane.program import Program
from controller.diff.cut import cuts
from controller.diff.plan import delta
from controller.model.decode import decode_intent
from controller.model.intent import Intent, frozen
from controller.model.network import Facts, Network, Switch, Topology
from controller.reconcile.events import BundleDone, SendBundle
from controller.southbound.channel import SpeakerChannel
from controller.southbound.openflow.messages import Type, header
from controller.southbound.switches import Switches
from labkit.ledger import Ledger
from labkit.ovs import PrivateOvs
from tests.openflow.bridge import PATIENCE_S, SESSION, with_channel
from tests.openflow.session import BRIDGE, Session
from tests.speaker.conftest import eventually

GATEWAY = "02:62:68:00:00:01"
CLIENT = 40000
DOCUMENT: dict[str, Any] = {
    "vrfs": {"business": {"id": 100}},
    "segments": {"lan": {"vrf": "business", "vlan": 4096, "subnet": "10.0.0.0/24"}},
    "tenants": {"shop": {"segment": "lan"}},
    "services": {"web": {"tenant": "shop"}, "api": {"tenant": "shop"}},
    "instances": {
        "web-1": {"service": "web", "host": "host-1"},
        "api-1": {"service": "api", "host": "host-1"},
    },
    "rules": [
        {"name": "kept", "from": {"service": "web"}, "to": {"service": "api"}, "allow": ["tcp/80"]},
        {"name": "gone", "from": {"service": "web"}, "to": {"service": "api"},
         "allow": ["tcp/81", "udp/53", "icmp"]},
    ],
}  # fmt: skip
PORTS = {"web-1": 1, "api-1": 2}
KEPT = ("tcp", 80)
LOST = (("tcp", 81), ("udp", 53), ("icmp", 0))


@pytest.fixture
def ovs() -> Iterator[PrivateOvs]:
    ledger = Ledger.create("test-withdrawal")
    try:
        with PrivateOvs(ledger) as found:
            found.vsctl("add-br", BRIDGE, "--", "set", "bridge", BRIDGE, "datapath_type=dummy",
                        "protocols=OpenFlow14", "fail_mode=secure")  # fmt: skip
            for name, number in PORTS.items():
                found.vsctl("add-port", BRIDGE, name, "--", "set", "interface", name,
                            "type=dummy", f"ofport_request={number}")  # fmt: skip
            yield found
    finally:
        ledger.clean()


def network(intent: Intent) -> Network:
    facts = Facts({("edge-1", i.port): PORTS[i.name] for i in intent.instances.values()})
    return Network(intent, Topology({"edge-1": Switch("edge-1", "edge", 1, "host-1")}, {}), facts)


class Bench:
    """A switch with two instances on it: packets go in at a port, and are counted at the other."""

    def __init__(self, ovs: PrivateOvs, folder: Path, intent: Intent) -> None:
        self._ovs = ovs
        self._folder = folder
        self._intent = intent
        self._session = Session(ovs)

    def change(self, before: Program, after: Program, *, flush: bool) -> None:
        """One bundle from one program to another, with or without its cuts."""
        found = delta(before, after)
        forget = cuts(before, after) if flush else ()
        effect = SendBundle(
            *("edge-1", SESSION[1], (*found.added, *found.changed), found.removed), cuts=forget
        )

        async def use(channel: SpeakerChannel) -> None:
            switches = Switches(channel, lambda _: SESSION[0], PATIENCE_S)
            assert await switches.send_bundle(effect) == BundleDone("edge-1", SESSION[1])

        asyncio.run(with_channel(self._folder, self._answer, use))

    def asks(self, kind: str, port: int) -> bool:
        """Whether a packet of web-1 reaches api-1."""
        return self._passes("web-1", "api-1", kind, (CLIENT, port), first=True)

    def answers(self, kind: str, port: int) -> bool:
        """Whether the answer of api-1 reaches web-1."""
        return self._passes("api-1", "web-1", kind, (port, CLIENT), first=False)

    def _passes(
        self, one: str, other: str, kind: str, ports: tuple[int, int], *, first: bool
    ) -> bool:
        source, target = self._intent.instances[one], self._intent.instances[other]
        ends = {
            "tcp": f"tcp(src={ports[0]},dst={ports[1]}),tcp_flags({'syn' if first else 'syn|ack'})",
            "udp": f"udp(src={ports[0]},dst={ports[1]})",
            "icmp": f"icmp(type={8 if first else 0},code=0)",
        }
        protocol = {"tcp": 6, "udp": 17, "icmp": 1}[kind]
        flow = (
            f"in_port(1),eth(src={source.mac},dst={GATEWAY}),eth_type(0x0800),ipv4(src={source.ip},"
            f"dst={target.ip},proto={protocol},tos=0,ttl=64,frag=no),{ends[kind]}"
        )
        seen, came = self._counted(other)[1], self._counted(one)[0]
        self._ovs.appctl("netdev-dummy/receive", one, flow)
        eventually(lambda: self._counted(one)[0] > came or None, "the packet is taken in")
        return self._counted(other)[1] > seen

    def _counted(self, port: str) -> tuple[int, int]:
        """Packets that came in by a port, and that left by it."""
        found = re.findall(r"[rt]x pkts=(\d+)", self._ovs.ofctl("dump-ports", BRIDGE, port))
        return int(found[0]), int(found[1])

    def _answer(self, message: bytes) -> list[bytes]:
        self._session.send(message)
        found: list[bytes] = []
        if header(message).type in (Type.BUNDLE_CONTROL, Type.BARRIER_REQUEST):
            while not found or header(found[-1]).xid != header(message).xid:
                found.append(self._session.receive())
        return found


@pytest.mark.parametrize("flush", [True, False])
def test_replies_of_what_was_withdrawn_stop_and_others_go_on(
    ovs: PrivateOvs, tmp_path: Path, flush: bool
) -> None:
    intent = decode_intent(DOCUMENT, hosts=frozenset({"host-1"}))
    rest = frozen({name: rule for name, rule in intent.rules.items() if name != "gone"})
    before = compile_network(network(intent))["edge-1"]
    after = compile_network(network(replace(intent, rules=rest)))["edge-1"]
    bench = Bench(ovs, tmp_path, intent)
    bench.change(Program(), before, flush=True)
    for connection in (KEPT, *LOST):
        assert not bench.answers(*connection), "nobody has asked yet"
        assert bench.asks(*connection)
        assert bench.answers(*connection)
    bench.change(before, after, flush=flush)
    assert bench.answers(*KEPT)
    for connection in LOST:
        # Unflushed they go on until the connection ends: what the cuts are for.
        assert bench.answers(*connection) is not flush
        assert not bench.asks(*connection)
