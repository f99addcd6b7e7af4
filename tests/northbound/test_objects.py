"""Collections over REST: list, get, put, delete."""

from __future__ import annotations

import pytest

from controller.model.collections import COLLECTIONS
from tests.northbound.client import Client
from tests.northbound.fakes import FakeController


def test_an_instance_is_answered_with_all_that_a_plug_needs(call: Client) -> None:
    assert call.get("/v1/instances/api-2") == {
        "name": "api-2",
        "service": "api",
        "host": "host-1",
        "id": 2,
        "port": "vm",
        "mac": "02:b0:00:00:00:02",
        "ip": "10.20.1.3",
        "prefix_length": 24,
        "gateway": "10.20.1.1",
        "vlan": 4096,
        "vrf": "business",
        "segment": "orders",
        "tenant": "shop",
        "nested_vlan": 7,
        "mtu": 1500,
        "switch": "edge-1",
    }


@pytest.mark.parametrize("collection", COLLECTIONS)
def test_what_was_read_can_be_put_back_and_changes_nothing(
    call: Client, engine: FakeController, collection: str
) -> None:
    for item in call.get(f"/v1/{collection}"):
        response = call("PUT", f"/v1/{collection}/{item['name']}", json=item)
        assert response.status_code == 200, response.text
        answer = response.json()
        assert not answer["changed"]
        assert not answer["created"]
    assert engine.revision() == 1


def test_put_makes_an_instance_and_answers_what_was_allocated(call: Client) -> None:
    response = call("PUT", "/v1/instances/api-3", json={"service": "api", "host": "host-3"})
    assert response.status_code == 201
    assert response.headers["etag"] == '"2"'
    answer = response.json()
    assert (answer["revision"], answer["applied"], answer["pending"]) == (2, True, {})
    assert answer["ip"] == call.get("/v1/instances/api-3")["ip"] == "10.20.1.5"


def test_a_read_only_key_cannot_be_changed(call: Client, engine: FakeController) -> None:
    body = {**call.get("/v1/instances/web-1"), "vrf": "monitoring"}
    response = call("PUT", "/v1/instances/web-1", json=body)
    assert response.status_code == 422
    [problem] = response.json()["errors"]
    assert problem["path"] == "instances.web-1.vrf"
    assert "read-only" in problem["message"]
    assert engine.revision() == 1


def test_delete_names_the_users_of_what_is_used(call: Client) -> None:
    response = call("DELETE", "/v1/services/api")
    assert response.status_code == 422
    assert "instances.api-1.service" in response.text
    assert call("DELETE", "/v1/instances/api-1").json()["revision"] == 2
    assert call("GET", "/v1/instances/api-1").status_code == 404


def test_a_put_with_several_mistakes_tells_them_all(call: Client) -> None:
    response = call("PUT", "/v1/instances/x", json={"service": "apii", "host": "host-9"})
    assert [e["path"] for e in response.json()["errors"]] == [
        "instances.x.service",
        "instances.x.host",
    ]


@pytest.mark.parametrize("path", ["/v1/vrfs/x", "/v1/rules/web-to-apii", "/v1/nothing/x", "/x"])
def test_what_is_not_there_is_a_404_problem(call: Client, path: str) -> None:
    response = call("GET", path)
    assert response.status_code == 404
    assert response.headers["content-type"] == "application/problem+json"
    assert response.json()["status"] == 404
