"""What is allocated: the lowest free, kept by name, and a clear word when nothing is left."""

from __future__ import annotations

from typing import Any

import pytest

from controller.errors import Invalid
from controller.model.decode import decode_intent
from controller.model.encode import encode_object
from controller.model.intent import INSTANCE_ID_MAX, Instance, Intent, PortRange, QosClass


def document(segments: dict[str, Any], instances: dict[str, Any] | None = None) -> dict[str, Any]:
    """One tenant and service in the first segment, and instances of it on host-1."""
    return {
        "vrfs": {"business": {"id": 100}, "monitoring": {"id": 200}},
        "segments": {name: {"vrf": "business", **body} for name, body in segments.items()},
        "tenants": {"shop": {"segment": next(iter(segments))}},
        "services": {"api": {"tenant": "shop"}},
        "instances": {
            name: {"service": "api", "host": "host-1", **body}
            for name, body in (instances or {}).items()
        },
    }


def addresses(intent: Intent) -> dict[str, str]:
    return {name: str(instance.ip) for name, instance in intent.instances.items()}


def test_an_empty_document_is_the_empty_intent() -> None:
    assert decode_intent(None) == decode_intent({}) == Intent()


def test_everything_left_out_gets_the_lowest_free() -> None:
    intent = decode_intent(
        document(
            {"a": {}, "b": {"vlan": 4096}, "c": {"subnet": "10.128.0.0/23"}},
            {"x": {}, "y": {"id": 1}, "z": {"ip": "10.128.2.2"}},
        )
    )
    assert [s.vlan for s in intent.segments.values()] == [4097, 4096, 4098]
    assert [str(s.subnet) for s in intent.segments.values()] == [
        "10.128.2.0/24", "10.128.3.0/24", "10.128.0.0/23",
    ]  # fmt: skip
    assert [str(s.gateway)[-2:] for s in intent.segments.values()] == [".1", ".1", ".1"]
    assert addresses(intent) == {"x": "10.128.2.3", "y": "10.128.2.4", "z": "10.128.2.2"}
    assert intent.instances["x"] == Instance(
        "x", "api", "host-1", 2, "x", "02:b0:00:00:00:02", intent.instances["x"].ip
    )


def test_a_mac_that_is_taken_gives_way_to_the_next() -> None:
    intent = decode_intent(document({"a": {}}, {"x": {}, "y": {"mac": "02:B0:00:00:00:01"}}))
    assert intent.instances["x"].mac == "02:b0:00:01:00:01"


def test_what_was_held_stays_while_it_is_free() -> None:
    before = decode_intent(document({"b": {}, "d": {}}, {"k": {}, "m": {}}))
    after = decode_intent(
        document({"a": {}, "b": {}, "d": {}}, {"j": {}, "k": {}, "m": {}}), before
    )
    assert {name: after.segments[name] for name in "bd"} == before.segments
    assert after.segments["a"].vlan == 4098
    # The tenant went to segment a; its instances keep the addresses they had in b.
    assert {name: after.instances[name] for name in "km"} == before.instances
    assert after.instances["j"].ip in after.segments["a"].subnet


def test_what_was_held_gives_way_to_what_is_written() -> None:
    before = decode_intent(document({"a": {}}, {"k": {}}))
    after = decode_intent(
        document({"a": {}, "z": {"vlan": 4096}}, {"k": {}, "m": {"ip": "10.128.0.2", "id": 1}}),
        before,
    )
    assert after.segments["a"].vlan == 4097
    assert addresses(after) == {"k": "10.128.0.3", "m": "10.128.0.2"}
    assert after.instances["k"].id == 2


def test_a_vlan_stays_only_in_its_vrf() -> None:
    before = decode_intent(document({"a": {"vlan": 5000}}))
    assert decode_intent(document({"a": {"vlan": "auto"}}), before) == before
    moved = decode_intent(document({"a": {"vlan": "auto", "vrf": "monitoring"}}), before)
    assert moved.segments["a"].vlan == 4096


def test_a_renumbered_segment_renumbers_its_instances() -> None:
    before = decode_intent(document({"a": {"subnet": "10.1.0.0/24"}}, {"k": {}}))
    after = decode_intent(document({"a": {"subnet": "10.2.0.0/24"}}, {"k": {}}), before)
    assert addresses(after) == {"k": "10.2.0.2"}
    assert str(after.segments["a"].gateway) == "10.2.0.1"


def test_subnets_of_other_vrfs_are_avoided_too() -> None:
    intent = decode_intent(document({"a": {}, "b": {"vrf": "monitoring"}}))
    assert [str(s.subnet) for s in intent.segments.values()] == ["10.128.0.0/24", "10.128.1.0/24"]


def test_a_subnet_without_a_free_address_is_named() -> None:
    with pytest.raises(Invalid) as caught:
        decode_intent(document({"a": {"subnet": "10.1.0.0/30"}}, {"k": {}, "m": {}, "n": {}}))
    assert [p.path for p in caught.value.problems] == ["instances.m", "instances.n"]
    assert "no free address is left in 10.1.0.0/30" in caught.value.problems[0].message


def test_vlan_ids_run_out() -> None:
    segments: dict[str, Any] = {f"s{n}": {} for n in range(4098)}
    with pytest.raises(Invalid) as caught:
        decode_intent(document(segments))
    (problem,) = caught.value.problems
    assert problem.path == "segments.s999"  # the last by name
    assert "VLAN ids of VRF `business` (4096..8192)" in problem.message


def test_subnets_run_out() -> None:
    with pytest.raises(Invalid, match="subnets of VRF `business`"):
        decode_intent(document({"a": {}, "b": {"subnet": "10.128.0.0/9"}}))


def test_a_pool_is_a_vrfs_own() -> None:
    tree = document({"a": {}, "b": {"vrf": "monitoring"}, "c": {"vrf": "monitoring"}, "d": {}})
    tree["vrfs"]["monitoring"]["pool"] = "10.128.0.0/23"
    tree["segments"]["e"] = {"vrf": "business", "subnet": "10.128.1.0/24"}
    intent = decode_intent(tree)
    # First what no VRF uses; where there is nothing left, what only the other one uses.
    assert {name: str(segment.subnet) for name, segment in intent.segments.items()} == {
        "a": "10.128.0.0/24", "b": "10.128.0.0/24", "c": "10.128.1.0/24", "d": "10.128.2.0/24",
        "e": "10.128.1.0/24",
    }  # fmt: skip
    # Another pool is for new segments; those that are there stay.
    tree["vrfs"]["monitoring"]["pool"] = "192.168.0.0/24"
    tree["segments"]["f"] = {"vrf": "monitoring"}
    after = decode_intent(tree, intent)
    assert str(after.segments["f"].subnet) == "192.168.0.0/24"
    assert {name: after.segments[name] for name in "abcde"} == intent.segments


def test_an_exhausted_pool_is_named_with_what_to_do() -> None:
    tree = document({"a": {}, "b": {}})
    tree["vrfs"]["business"]["pool"] = "10.9.0.0/24"
    with pytest.raises(Invalid) as caught:
        decode_intent(tree)
    assert [str(problem) for problem in caught.value.problems] == [
        "segments.b: no free value is left in the subnets of VRF `business` (/24 of its pool "
        "10.9.0.0/24); delete unused segments, give a `subnet`, or give the VRF a wider `pool`"
    ]


def test_reserved_addresses_are_given_to_nobody() -> None:
    segment = {"subnet": "10.1.0.0/28", "reserved": ["10.1.0.4-10.1.0.13", "10.1.0.0-10.1.0.2"]}
    intent = decode_intent(document({"a": segment}, {"k": {}, "m": {}}))
    assert addresses(intent) == {"k": "10.1.0.3", "m": "10.1.0.14"}
    assert str(intent.segments["a"].gateway) == "10.1.0.1"
    with pytest.raises(Invalid) as caught:
        decode_intent(document({"a": segment}, {"k": {}, "m": {}, "n": {}}))
    assert [str(problem) for problem in caught.value.problems] == [
        "instances.n: no free address is left in 10.1.0.0/28, the subnet of segment `a`; use "
        "another segment or a wider subnet, or reserve fewer of its addresses"
    ]


def test_what_is_reserved_later_is_given_up_unless_it_is_written() -> None:
    before = decode_intent(document({"a": {"subnet": "10.1.0.0/24"}}, {"k": {}}))
    reserving: dict[str, Any] = {"a": {"subnet": "10.1.0.0/24", "reserved": ["10.1.0.2"]}}
    assert addresses(decode_intent(document(reserving, {"k": {}}), before)) == {"k": "10.1.0.3"}
    with pytest.raises(Invalid, match=r"instances.k.ip: 10.1.0.2 is reserved by segment `a`"):
        decode_intent(document(reserving, {"k": {"ip": "10.1.0.2"}}), before)


def test_instance_ids_run_out() -> None:
    given = {f"x{n}": {"id": n} for n in range(1, INSTANCE_ID_MAX + 1)}
    with pytest.raises(Invalid) as caught:
        decode_intent(document({"a": {"subnet": "10.0.0.0/8"}}, {**given, "y": {}}))
    (problem,) = caught.value.problems
    assert str(problem) == (
        "instances.y: no free value is left in the instance ids of the site (1..65535); "
        "delete unused instances"
    )


def test_ranges_have_one_normal_form() -> None:
    texts = ["10.1.0.9", "10.1.0.20-10.1.0.30", "10.1.0.10-10.1.0.12", "10.1.0.25 - 10.1.0.40"]
    segment = {"subnet": "10.1.0.0/24", "reserved": texts}
    intent = decode_intent(document({"a": segment, "b": {"reserved": []}}))
    assert encode_object("segments", intent.segments["a"])["reserved"] == [
        "10.1.0.9-10.1.0.12", "10.1.0.20-10.1.0.40",
    ]  # fmt: skip
    assert "reserved" not in encode_object("segments", intent.segments["b"])


def test_rates_and_ports_have_one_normal_form() -> None:
    tree = document({"a": {}})
    tree["classes"] = {"x": {"dscp": 1, "queue": 1, "min_rate": 12.5, "max_rate": "50 %"}}
    tree["rules"] = {
        "r": {"from": {"tier": ["b", "a", "b"]}, "to": {}, "allow": ["udp/0-65535", "tcp/1", "udp"]}
    }
    intent = decode_intent(tree)
    assert intent.classes["x"] == QosClass("x", 1, 1, 125, 500)
    assert intent.rules["r"].allow == (PortRange("tcp", 1, 1), PortRange("udp"))
    assert intent.rules["r"].source.labels == {"tier": ("a", "b")}
