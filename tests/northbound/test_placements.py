"""Many placements as one revision, with a result for each; and what is left to be had."""

from __future__ import annotations

from typing import Any

import pytest

from tests.northbound.client import Client
from tests.northbound.fakes import FakeController

ITEMS: list[dict[str, Any]] = [
    {"op": "place", "instance": "web-2", "service": "web", "host": "host-2"},
    {"op": "place", "instance": "web-3", "service": "web", "host": "host-3"},
    {"op": "move", "instance": "web-1", "host": "host-3"},
    {"op": "move", "tenant": "ops", "vrf": "business"},
    {"op": "remove", "instance": "api-1"},
]


def place(call: Client, items: list[Any], query: str = "", **more: Any) -> Any:
    return call("POST", f"/v1/placements{query}", json={"items": items, **more})


def test_all_items_are_one_revision_each_with_what_to_plug_in(
    call: Client, engine: FakeController
) -> None:
    answer = place(call, ITEMS, message="drain").json()
    assert (answer["revision"], answer["changed"]) == (2, True)
    assert engine.history[-1][0].message == "drain"
    assert [item["done"] for item in answer["items"]] == [True] * 5
    placed = [item["object"] for item in answer["items"][:2]]
    assert placed == [call.get(f"/v1/instances/{name}") for name in ("web-2", "web-3")]
    keys = ("port", "mac", "ip", "prefix_length", "gateway", "mtu", "vlan", "nested_vlan")
    assert all(key in placed[0] for key in keys)
    assert len({item["ip"] for item in call.get("/v1/instances")}) == 5
    assert call.get("/v1/instances/web-1")["host"] == "host-3"
    assert answer["items"][3]["object"]["vrf"] == "business"
    assert call("GET", "/v1/instances/api-1").status_code == 404


def test_a_move_keeps_what_the_instance_had(call: Client) -> None:
    before = call.get("/v1/instances/api-2")
    place(call, [{"op": "move", "instance": "api-2", "host": "host-2"}])
    assert call.get("/v1/instances/api-2") == {**before, "host": "host-2", "switch": "edge-2"}


BAD: list[dict[str, Any]] = [
    {"op": "place", "instance": "web-2", "service": "webb", "host": "host-2"},
    {"op": "place", "instance": "web-3", "service": "web", "host": "host-3"},
    {"op": "move", "instance": "web-9", "host": "host-3"},
    {"op": "move", "instance": "web-1", "host": "host-9"},
    {"op": "move", "tenant": "shop", "vrf": "nowhere"},
]


def test_with_atomic_every_problem_is_told_and_nothing_is_done(
    call: Client, engine: FakeController
) -> None:
    response = place(call, BAD)
    assert response.status_code == 422
    assert [error["path"] for error in response.json()["errors"]] == [
        "items[0].service",
        "items[2].instance",
        "items[3].host",
        "items[4].vrf",
    ]
    assert engine.revision() == 1


def test_without_atomic_what_can_be_done_is_done(call: Client, engine: FakeController) -> None:
    answer = place(call, BAD, atomic=False).json()
    assert [item["done"] for item in answer["items"]] == [False, True, False, False, False]
    assert answer["items"][0]["errors"][0]["path"] == "items[0].service"
    assert answer["items"][1]["object"]["host"] == "host-3"
    assert engine.revision() == 2
    assert engine.network().intent.instances["web-1"].host == "host-1"


def test_when_nothing_can_be_done_it_is_refused(call: Client, engine: FakeController) -> None:
    response = place(call, [BAD[0], BAD[2]], atomic=False)
    assert response.status_code == 422
    assert engine.revision() == 1


def test_a_plan_of_placements_changes_nothing(call: Client, engine: FakeController) -> None:
    plan = place(call, ITEMS[:3], "?dry_run=true").json()
    assert sorted(plan["objects"]["added"]) == ["instances/web-2", "instances/web-3"]
    assert plan["objects"]["changed"] == ["instances/web-1"]
    assert [item["object"]["host"] for item in plan["items"]] == ["host-2", "host-3", "host-3"]
    assert engine.revision() == 1


@pytest.mark.parametrize(
    ("body", "paths"),
    [
        ([], ["body", "items"]),
        ({}, ["items"]),
        ({"items": {}}, ["items"]),
        ({"items": [], "atomc": True}, ["atomc", "items"]),
        ({"items": [1, {"op": "put"}], "atomic": 1}, ["atomic", "items[0]", "items[1].op"]),
        ({"items": [{"op": "place"}]}, ["items[0].instance"]),
        ({"items": [{"op": "place", "tenant": "shop"}]}, ["items[0].op"]),
        ({"items": [{"op": "move", "instance": "web-1"}]}, ["items[0].host"]),
        ({"items": [{"op": "move", "instance": "web-1", "hots": 1}]},
         ["items[0].hots", "items[0].host"]),
        ({"items": [{"op": "remove", "instance": "web-1", "host": "x"}]}, ["items[0].host"]),
        ({"items": [{"op": "move", "tenant": "shop", "vlan": True, "vrf": 1, "readdress": 0}]},
         ["items[0].vrf", "items[0].vlan", "items[0].readdress"]),
        ({"items": [ITEMS[2], ITEMS[2]]}, ["items[1]"]),
        ({"items": [ITEMS[2]], "message": 1}, ["message"]),
    ],
)  # fmt: skip
def test_what_is_not_understood_is_told_all_at_once(
    call: Client, engine: FakeController, body: object, paths: list[str]
) -> None:
    response = call("POST", "/v1/placements", json=body)
    assert response.status_code == 422
    assert [error["path"] for error in response.json()["errors"]] == paths
    assert engine.revision() == 1


def test_a_problem_of_the_whole_is_told_where_it_is(call: Client) -> None:
    """Two that name the same address: the result is wrong, and both items say so or one does."""
    items = [{**ITEMS[0], "instance": f"web-{n}", "ip": "10.20.1.9"} for n in (2, 3)]
    response = place(call, items)
    assert response.status_code == 422
    assert {error["path"] for error in response.json()["errors"]} <= {"items[0].ip", "items[1].ip"}


def test_a_full_segment_is_said_by_name(call: Client, engine: FakeController) -> None:
    call("PUT", "/v1/segments/small", json={"vrf": "business", "subnet": "10.99.0.0/30"})
    call("PUT", "/v1/tenants/tiny", json={"segment": "small"})
    call("PUT", "/v1/services/one", json={"tenant": "tiny"})
    before = engine.revision()
    items = [
        {"op": "place", "instance": f"one-{n}", "service": "one", "host": "host-1"} for n in (1, 2)
    ]
    response = place(call, items)
    (error,) = response.json()["errors"]
    assert error["path"] == "items[1]"
    assert "10.99.0.0/30" in error["message"]
    assert "`small`" in error["message"]
    assert engine.revision() == before


def test_capacity_says_what_is_left(call: Client) -> None:
    found = call.get("/v1/capacity")
    assert [host["host"] for host in found["hosts"]] == ["host-1", "host-2", "host-3"]
    assert found["hosts"][0]["instances"] == {"total": 2000, "used": 2, "free": 1998}
    (link, _) = found["hosts"][0]["links"]
    assert link["reserved_mbps"] == {"realtime": 300.0}
    assert link["unreserved_mbps"] == 700.0
    segments = {item["segment"]: item["addresses"] for item in found["segments"]}
    assert segments["orders"] == {"total": 253, "used": 3, "free": 250}
    vrfs = {item["vrf"]: item for item in found["vrfs"]}
    assert vrfs["business"]["vlans"] == {"total": 4097, "used": 1, "free": 4096}
    assert vrfs["business"]["subnets"]["used"] == 0
    call("PUT", "/v1/segments/next", json={"vrf": "business"})
    vrfs = {item["vrf"]: item for item in call.get("/v1/capacity")["vrfs"]}
    assert vrfs["business"]["subnets"]["used"] == 1


def test_capacity_of_a_pool_and_of_a_segment_with_reserved_addresses(call: Client) -> None:
    call("PUT", "/v1/vrfs/business", json={"id": 100, "pool": "10.20.0.0/22"})
    body = {**call.get("/v1/segments/orders"), "reserved": ["10.20.1.0-10.20.1.1", "10.20.1.200"]}
    call("PUT", "/v1/segments/orders", json=body)
    assert call.get("/v1/segments/orders")["reserved"] == ["10.20.1.0-10.20.1.1", "10.20.1.200"]
    found = call.get("/v1/capacity")
    vrfs = {item["vrf"]: item["subnets"] for item in found["vrfs"]}
    assert vrfs["business"] == {"pool": "10.20.0.0/22", "total": 4, "used": 1, "free": 3}
    segments = {item["segment"]: item for item in found["segments"]}
    assert segments["orders"]["reserved"] == 1  # the gateway and the network are nobody's anyway
    assert segments["orders"]["addresses"] == {"total": 252, "used": 3, "free": 249}


def test_capacity_counts_the_addresses_of_a_subnet_whoever_has_them(call: Client) -> None:
    """A tenant that went keeps its addresses, and takes none where it is."""
    call("PUT", "/v1/segments/next", json={"vrf": "business"})
    call("POST", "/v1/tenants/shop/move", json={"segment": "next"})
    segments = {item["segment"]: item["addresses"] for item in call.get("/v1/capacity")["segments"]}
    assert (segments["orders"]["used"], segments["next"]["used"]) == (3, 0)


def test_capacity_counts_a_port_once_that_instances_share(call: Client) -> None:
    for number in (1, 2):
        body = {"service": "web", "host": "host-2", "port": "vm", "nested_vlan": number}
        assert call("PUT", f"/v1/instances/nested-{number}", json=body).status_code == 201
    (host,) = call.get("/v1/capacity?host=host-2")["hosts"]
    before = host["instances"]["used"]
    assert host["ports"] == {"total": 2000, "used": before - 1, "free": 2001 - before}


def test_capacity_of_one_host_or_of_none(call: Client) -> None:
    assert [h["host"] for h in call.get("/v1/capacity?host=host-2")["hosts"]] == ["host-2"]
    response = call("GET", "/v1/capacity?host=host-22")
    assert response.status_code == 404
    assert "did you mean `host-2`" in response.json()["detail"]
