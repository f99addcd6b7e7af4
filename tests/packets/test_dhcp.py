"""Answers to DHCP clients (RFC 2131), as dpkt reads them."""

from __future__ import annotations

import struct
from dataclasses import replace
from ipaddress import IPv4Address, IPv4Network

import dpkt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.errors import RemoteError
from controller.packets import dhcp
from controller.packets.headers import read

OWN = IPv4Address("10.20.1.11")
OTHER = IPv4Address("10.20.1.12")
GATEWAY = IPv4Address("10.20.1.1")
LEASE = dhcp.Lease(
    name="web-1",
    mac="02:00:00:00:00:2a",
    ip=OWN,
    subnet=IPv4Network("10.20.1.0/24"),
    gateway=GATEWAY,
    mtu=1500,
    duration_s=600,
)
NOBODY = IPv4Address(0)


def asked(kind: int, **said: object) -> dhcp.Asked:
    plain = dhcp.Asked(kind, xid=7, flags=0, has=NOBODY, wanted=NOBODY, server=NOBODY)
    return replace(plain, **said)


def told(reply: dhcp.Reply | None) -> tuple[dpkt.dhcp.DHCP, dict[int, bytes], dpkt.ip.IP]:
    assert reply is not None
    packet = dpkt.ethernet.Ethernet(reply.frame).data
    message = dpkt.dhcp.DHCP(packet.data.data)
    return message, dict(message.opts), packet


def test_an_offer_has_all_that_a_host_needs() -> None:
    reply = dhcp.answer(asked(dhcp.DISCOVER), LEASE)
    message, options, packet = told(reply)
    assert reply is not None and reply.kind == dhcp.OFFER
    assert (message.xid, IPv4Address(message.yiaddr)) == (7, OWN)
    assert options == {
        dpkt.dhcp.DHCP_OPT_MSGTYPE: bytes([dhcp.OFFER]),
        dpkt.dhcp.DHCP_OPT_SERVER_ID: GATEWAY.packed,
        dpkt.dhcp.DHCP_OPT_LEASE_SEC: struct.pack("!I", 600),
        dpkt.dhcp.DHCP_OPT_NETMASK: IPv4Address("255.255.255.0").packed,
        dpkt.dhcp.DHCP_OPT_ROUTER: GATEWAY.packed,
        dpkt.dhcp.DHCP_OPT_HOSTNAME: b"web-1",
        dpkt.dhcp.DHCP_OPT_MTUSIZE: struct.pack("!H", 1500),
    }
    assert (IPv4Address(packet.src), IPv4Address(packet.dst)) == (GATEWAY, OWN)


def test_an_address_outside_its_segment_comes_with_a_route_to_the_gateway() -> None:
    moved = replace(LEASE, subnet=IPv4Network("10.20.3.0/24"), gateway=IPv4Address("10.20.3.1"))
    _, options, _ = told(dhcp.answer(asked(dhcp.DISCOVER), moved))
    assert options[dpkt.dhcp.DHCP_OPT_NETMASK] == b"\xff\xff\xff\xff"
    near = b"\x20" + moved.gateway.packed + bytes(4)
    assert options[121] == near + b"\x00" + moved.gateway.packed


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ({"wanted": OWN, "server": GATEWAY}, dhcp.ACK),  # it has chosen us
        ({"wanted": OWN}, dhcp.ACK),  # it begins anew and remembers
        ({"wanted": OWN, "has": OWN}, dhcp.ACK),  # it renews
        ({"wanted": OTHER, "server": GATEWAY}, dhcp.NAK),
        ({"wanted": OTHER, "has": OTHER}, dhcp.NAK),
        ({}, dhcp.NAK),
    ],
)
def test_a_request_is_granted_for_its_own_address_alone(
    said: dict[str, IPv4Address], kind: int
) -> None:
    reply = dhcp.answer(asked(dhcp.REQUEST, **said), LEASE)
    message, _, packet = told(reply)
    assert reply is not None and reply.kind == kind
    assert IPv4Address(message.yiaddr) == (OWN if kind == dhcp.ACK else NOBODY)
    if kind == dhcp.NAK:
        assert IPv4Address(packet.dst) == IPv4Address("255.255.255.255")


def test_who_knows_its_address_is_told_the_rest_without_a_lease() -> None:
    message, options, packet = told(dhcp.answer(asked(dhcp.INFORM, has=OWN), LEASE))
    assert message.yiaddr == 0
    assert dpkt.dhcp.DHCP_OPT_LEASE_SEC not in options
    assert options[dpkt.dhcp.DHCP_OPT_ROUTER] == GATEWAY.packed
    assert IPv4Address(packet.dst) == OWN


def test_who_cannot_hear_yet_is_told_by_broadcast() -> None:
    reply = dhcp.answer(asked(dhcp.DISCOVER, flags=0x8000), LEASE)
    assert reply is not None
    assert reply.frame[:6] == b"\xff" * 6
    assert IPv4Address(dpkt.ethernet.Ethernet(reply.frame).data.dst) == IPv4Address(0xFFFFFFFF)


@pytest.mark.parametrize(
    "silent",
    [
        asked(dhcp.REQUEST, wanted=OWN, server=OTHER),  # it has chosen another server
        asked(dhcp.DECLINE, wanted=OWN),
        asked(7, has=OWN),  # it gives its lease back
        asked(200),
    ],
)
def test_some_are_not_answered(silent: dhcp.Asked) -> None:
    assert dhcp.answer(silent, LEASE) is None


def test_a_tag_goes_behind_the_addresses() -> None:
    reply = dhcp.answer(asked(dhcp.DISCOVER), LEASE)
    assert reply is not None
    found = dpkt.ethernet.Ethernet(dhcp.tagged(reply.frame, 7))
    assert [tag.id for tag in found.vlan_tags] == [7]
    assert dhcp.tagged(reply.frame, 0) == reply.frame


def test_what_a_server_or_relay_says_is_none_of_ours() -> None:
    offer, _, _ = told(dhcp.answer(asked(dhcp.DISCOVER), LEASE))
    assert dhcp.read(bytes(offer)) is None
    relayed = dpkt.dhcp.DHCP(giaddr=1)
    relayed.opts = ((dpkt.dhcp.DHCP_OPT_MSGTYPE, b"\x01"),)
    assert dhcp.read(bytes(relayed)) is None


def test_a_client_is_read_as_it_was_written() -> None:
    message = dpkt.dhcp.DHCP(xid=9, flags=0x8000, ciaddr=int(OWN))
    message.opts = (
        (dpkt.dhcp.DHCP_OPT_MSGTYPE, bytes([dhcp.REQUEST])),
        (dpkt.dhcp.DHCP_OPT_REQ_IP, OTHER.packed),
        (dpkt.dhcp.DHCP_OPT_SERVER_ID, GATEWAY.packed),
    )
    assert dhcp.read(bytes(message)) == dhcp.Asked(dhcp.REQUEST, 9, 0x8000, OWN, OTHER, GATEWAY)


@given(st.binary(max_size=400))
def test_no_payload_breaks_the_reader(payload: bytes) -> None:
    try:
        found = dhcp.read(payload)
    except RemoteError:
        return
    assert found is None or dhcp.answer(found, LEASE) is None or found.kind in range(256)


@given(st.binary(max_size=200), st.sampled_from([b"\x08\x00", b"\x81\x00\x00\x07\x08\x00", b""]))
def test_no_frame_breaks_the_reader(data: bytes, kind: bytes) -> None:
    try:
        found = read(bytes(12) + kind + data)
    except RemoteError:
        return
    assert found.mac == "00:00:00:00:00:00"
