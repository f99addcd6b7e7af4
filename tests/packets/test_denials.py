"""Which denials are told, and which are not."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import IPv4Address

import pytest

from controller.dataplane.fields import PROTO_ICMP, PROTO_TCP
from controller.model.meaning import verdict
from controller.packets.denials import MOST_OF_ONE, MOST_PAIRS, WINDOW_S, Denials, denial
from controller.packets.headers import Headers
from tests.sites import intent


class Clock:
    """A clock that a test sets."""

    now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


def test_a_pair_is_told_once_in_a_window() -> None:
    clock = Clock()
    denials = Denials(clock)
    assert denials.is_news("a", "b")
    assert not denials.is_news("a", "b")
    assert denials.is_news("b", "a")
    clock.now_s += WINDOW_S
    assert denials.is_news("a", "b")


def test_one_that_tries_everybody_does_not_hide_the_others() -> None:
    denials = Denials(Clock())
    told = [denials.is_news("scanner", f"target-{n}") for n in range(10 * MOST_OF_ONE)]
    assert sum(told) == MOST_OF_ONE
    assert denials.is_news("a", "b")


def test_what_is_remembered_has_an_end() -> None:
    denials = Denials(Clock())
    told = [denials.is_news(f"source-{n}", "b") for n in range(2 * MOST_PAIRS)]
    assert sum(told) == MOST_PAIRS


WANTED = intent()
VRF_ID = WANTED.vrfs["business"].id
PACKET = Headers(
    mac="02:00:00:00:00:01",
    vlan=0,
    source=WANTED.instances["web-1"].ip,
    destination=WANTED.instances["api-1"].ip,
    protocol=PROTO_TCP,
    dscp=0,
    port=9,
    payload=b"",
)


def test_a_denied_packet_is_told_with_both_ends() -> None:
    found = denial(WANTED, VRF_ID, PACKET)
    assert found is not None
    assert found.document() == {
        "source": "web-1",
        "destination": "api-1",
        "services": ["web", "api"],
        "tenants": [WANTED.services[name].tenant for name in ("web", "api")],
        "protocol": "tcp",
        "port": 9,
        "why": "no rule allows it",
    }


def test_an_address_that_nobody_has_is_told_as_such() -> None:
    stranger = replace(PACKET, destination=IPv4Address("10.0.0.99"), protocol=PROTO_ICMP, port=None)
    found = denial(WANTED, VRF_ID, stranger)
    assert found is not None
    assert found.document() | {"why": ""} == {
        "source": "web-1",
        "destination": "10.0.0.99",
        "services": ["web", None],
        "tenants": [WANTED.services["web"].tenant, None],
        "protocol": "icmp",
        "port": None,
        "why": "",
    }
    assert "VRF business" in found.why


def test_what_rules_allow_by_now_is_no_denial() -> None:
    source, destination = WANTED.instances["web-1"], WANTED.instances["api-1"]
    assert verdict(WANTED, source, destination, PROTO_TCP, 8080, 0) is not None
    assert denial(WANTED, VRF_ID, replace(PACKET, port=8080)) is None


@pytest.mark.parametrize("address", ["224.0.0.251", "255.255.255.255"])
def test_what_is_said_to_many_is_no_denial(address: str) -> None:
    assert denial(WANTED, VRF_ID, replace(PACKET, destination=IPv4Address(address))) is None


def test_a_vrf_that_is_gone_denies_nothing() -> None:
    assert denial(WANTED, 4711, PACKET) is None
