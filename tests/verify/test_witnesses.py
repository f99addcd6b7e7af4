"""A fault of a packet is shown with that packet and its walk, one of an entry with the entry."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from controller.compile import compile_network
from controller.dataplane.pipeline import SHAPES
from controller.dataplane.program import Program, program
from controller.dataplane.shapes import Row
from controller.model.decode_topology import decode_topology
from controller.model.network import Network
from controller.northbound.explaining import proof_view
from controller.verify.faults import Fault
from controller.verify.packet_text import packet_flow
from controller.verify.proof import Held, prove
from controller.verify.site import Looped, Undecided
from tests.sites import TOPOLOGY, intent, plugged, two_hosts

Edit = Callable[[Row], Row | None]


def edited(programs: Mapping[str, Program], switch: str, shape: str, edit: Edit) -> dict[str, Held]:
    """What switches hold after an edit of every row of a shape; None drops it."""
    rows = [edit(row) if row.shape == shape else row for row in programs[switch]]
    held = {**programs, switch: program(row for row in rows if row is not None)}
    return {name: Held(found) for name, found in held.items()}


def dropped(_row: Row) -> None:
    return None


def found(network: Network, held: Mapping[str, Held], kind: str) -> list[Fault]:
    """The faults of a kind, of which there is one."""
    faults = [fault for fault in prove(network, held).faults if fault.kind == kind]
    assert faults, f"no {kind}"
    return faults


@pytest.mark.parametrize(
    ("shape", "subject", "packet"),
    [
        (
            "answer.arp",
            "web-1 asks for 10.0.0.1",
            "arp,arp_op=1,arp_spa=10.0.0.11,arp_tpa=10.0.0.1",
        ),
        ("answer.echo", "web-1 -> gateway icmp", "icmp,nw_src=10.0.0.11,nw_dst=10.0.0.1"),
        ("admit.dhcp", "web-1 asks 255.255.255.255 for a lease", "tp_src=68,tp_dst=67"),
    ],
)
def test_what_a_host_is_not_answered_is_shown(shape: str, subject: str, packet: str) -> None:
    network = two_hosts()
    held = edited(compile_network(network), "edge-1", shape, dropped)
    (fault,) = [f for f in found(network, held, "gateway") if f.subject == subject]
    assert fault.walk is not None
    assert {hop.switch for hop in fault.walk.hops} == {"edge-1"}
    assert packet in packet_flow(fault.walk.sent)


def test_entries_that_leave_it_open_are_shown_where_they_do() -> None:
    """A block of ports that another entry of the same priority has in another class."""
    network = two_hosts()
    programs = dict(compile_network(network))
    (row,) = (row for row in programs["edge-1"] if row.shape == "permit.tcp")
    wider = row._replace(match=(*row.match[:3], 0xFFF0), args=(0,))
    programs["edge-1"] = program((*programs["edge-1"], wider))
    held = {name: Held(rows) for name, rows in programs.items()}
    for fault in found(network, held, "ambiguous"):
        assert fault.walk is not None and fault.question is not None
        assert isinstance(fault.walk.fate, Undecided)
        assert fault.walk.hops[-1].steps[-1].table == SHAPES["permit.tcp"].table
        assert "priority" in fault.found and " and " in fault.found


def ring() -> Network:
    """Two hosts over three fabric switches in a ring."""
    links = [
        ("fabric-1/n", "fabric-2/p"),
        ("fabric-2/n", "fabric-3/p"),
        ("fabric-3/n", "fabric-1/p"),
    ]
    switches = {"fabric-2": {"number": 102}, "fabric-3": {"number": 103}}
    site = decode_topology(
        {
            "switches": {**TOPOLOGY["switches"], **switches},
            "links": [
                {"name": "up-1", "a": "edge-1/up", "b": "fabric-1/e1"},
                {"name": "up-2", "a": "edge-2/up", "b": "fabric-3/e2"},
                *({"name": f"ring-{n}", "a": a, "b": b} for n, (a, b) in enumerate(links)),
            ],
        }
    )
    return Network(intent(), site, plugged(intent(), site))


def test_a_loop_is_called_one() -> None:
    network = ring()
    programs = dict(compile_network(network))
    for name in ("fabric-1", "fabric-2", "fabric-3"):
        onward = network.facts.ports[name, "n"]
        rows = [
            r._replace(args=(onward,)) if r.shape == "deliver.transit" else r
            for r in programs[name]
        ]
        programs[name] = program(rows)
    held = {name: Held(rows) for name, rows in programs.items()}
    loops = found(network, held, "loop")
    subjects = {fault.subject for fault in loops}
    assert {"web-1 -> api-1 tcp/8080", "web-1 -> api-1 icmp"} <= subjects
    for fault in loops:
        assert fault.walk is not None and isinstance(fault.walk.fate, Looped)
        assert fault.found.removeprefix("the answer: ").startswith("a loop at fabric-")
    assert not [f for f in prove(network, held).faults if f.kind in ("loss", "gateway")]


def test_a_forged_packet_is_shown() -> None:
    """Somebody is admitted with an address that is another's."""
    network = two_hosts()
    programs = compile_network(network)
    api_2 = int(network.intent.instances["api-2"].ip)
    (mine,) = (r for r in programs["edge-1"] if r.shape == "admit.ipv4" and r.cookie and web(r))
    forged = mine._replace(match=(*mine.match[:2], api_2))
    held = {name: Held(rows) for name, rows in programs.items()}
    held["edge-1"] = Held(program((*programs["edge-1"], forged)))
    (fault, *_) = found(network, held, "spoof")
    assert fault.walk is not None
    witness = next(
        w for w in proof_view(network, prove(network, held))["witnesses"] if w["kind"] == "spoof"
    )
    assert "nw_src=10.0.0.13" in witness["packet"]
    assert witness["steps"] and "from" not in witness


def web(row: Row) -> bool:
    vrf, _segment, _source, _zone = row.args
    return vrf == 100 and row.match[2] == int(two_hosts().intent.instances["web-1"].ip)


def test_an_entry_that_has_no_place_in_the_fabric_is_named() -> None:
    network = two_hosts()
    programs = dict(compile_network(network))
    rows = [row for row in programs["edge-1"] if row.shape == "resolve.receiver:here"]
    programs["fabric-1"] = program((*programs["fabric-1"], *rows))
    proof = prove(network, {name: Held(rows) for name, rows in programs.items()})
    (witness,) = proof_view(network, proof)["witnesses"]
    assert (witness["kind"], witness["what"]) == (
        "fabric",
        "fabric-1 holds entries of resolve.receiver",
    )
    assert witness["entry"].startswith("cookie=0xb047")
    assert witness["found"] == f"{witness['entry']} and {len(rows) - 1} more"
