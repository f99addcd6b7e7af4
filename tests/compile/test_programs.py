"""Programs as ovs-ofctl text, and what must hold for every program."""

from __future__ import annotations

import copy
from ipaddress import IPv4Address
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.compile import compile_network
from controller.compile.grants import blocks
from controller.dataplane.cookie import is_ours
from controller.dataplane.program import row_of
from controller.dataplane.text import format_entry
from controller.model.network import Network
from tests.sites import INTENT, two_hosts
from tests.strategies import networks

GOLDEN = Path(__file__).parent.parent / "golden_flows"


@pytest.mark.parametrize("switch", ["edge-1", "edge-2", "fabric-1"])
def test_golden_flows(switch: str, update_golden: bool) -> None:
    entries = compile_network(two_hosts())[switch].entries()
    text = "\n".join(sorted(format_entry(entry, names=True) for entry in entries)) + "\n"
    golden = GOLDEN / f"{switch}.txt"
    if update_golden:
        golden.write_text(text)
    assert text == golden.read_text()


def test_a_fabric_switch_holds_nothing_of_an_instance() -> None:
    more = copy.deepcopy(INTENT)
    more["instances"]["web-9"] = {"service": "web", "host": "host-2", "ip": "10.0.0.99"}
    before, after = compile_network(two_hosts()), compile_network(two_hosts(more))
    assert before["fabric-1"] == after["fabric-1"]
    assert before["edge-1"] != after["edge-1"]


def test_the_order_of_the_document_does_not_matter() -> None:
    turned = {key: value for key, value in reversed(INTENT.items()) if key != "rules"}
    document = {**turned, "rules": list(reversed(INTENT["rules"]))}
    ids = {i.name: {"id": i.id, "mac": i.mac} for i in two_hosts().intent.instances.values()}
    document["instances"] = {
        name: {**body, **ids[name]} for name, body in reversed(INTENT["instances"].items())
    }
    ports = two_hosts().facts
    other = two_hosts(document)
    again = Network(other.intent, other.topology, ports)
    assert compile_network(again) == compile_network(two_hosts())


@given(networks(max_instances=6))
def test_every_entry_is_ours_and_is_read_back_as_its_row(network: Network) -> None:
    for program in compile_network(network).values():
        for row, entry in zip(program, program.entries(), strict=True):
            assert is_ours(entry.cookie)
            assert row_of(entry) == row


@given(st.integers(0, 65535), st.integers(0, 65535))
def test_blocks_cover_a_range_exactly(one: int, other: int) -> None:
    first, last = sorted((one, other))
    covered = 0
    expected = first
    for value, mask in blocks(first, last):
        size = (~mask & 0xFFFF) + 1
        assert value == expected
        assert value & mask == value
        covered += size
        expected = value + size
    assert covered == last - first + 1


@given(st.ip_addresses(v=4), st.ip_addresses(v=4))
def test_arp_is_answered_for_every_address_but_ones_own(
    own: IPv4Address, asked: IPv4Address
) -> None:
    program = compile_network(two_hosts())["edge-1"]
    request = {"arp_spa": int(own), "arp_tpa": int(asked)}
    answers = (entry for entry in program.entries() if ("arp_op", 1, 0xFFFF) in entry.match)
    answered = any(
        all(request[m.field] & m.mask == m.value for m in entry.match if m.field in request)
        for entry in answers
    )
    assert answered == (own != asked)
