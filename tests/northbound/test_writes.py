"""Documents, changes, moves and history: revisions, conflicts, dry runs, what is pending."""

from __future__ import annotations

import json
from typing import Any

import pytest

from controller.model.change import Change, apply_changes
from controller.northbound.documents import dump_yaml
from tests.northbound.client import Client
from tests.northbound.fakes import DOCUMENT, FakeController

MOVE = '{"vrf": "monitoring", "vlan": "auto"}'


def _other_writer(engine: FakeController) -> None:
    change = Change("put", "vrfs", "management", {"id": 300})
    engine.store(apply_changes(engine.network().intent, [change]))


@pytest.mark.parametrize(
    "content_type",
    ["application/x-www-form-urlencoded", "application/json", "application/yaml", "text/plain", ""],
)
def test_a_tenant_moves_whatever_curl_calls_the_body(call: Client, content_type: str) -> None:
    headers = {"content-type": content_type}
    response = call("POST", "/v1/tenants/shop/move", content=MOVE, headers=headers)
    assert response.status_code == 200
    assert response.json() == {
        "tenant": "shop",
        "segment": "shop-monitoring",
        "vrf": "monitoring",
        "vlan": 4097,
        "revision": 2,
        "applied": True,
        "pending": {},
        "changed": True,
    }
    assert call.get("/v1/instances/web-1")["ip"] == "10.20.1.4"  # moved, with its address


def test_an_instance_moves(call: Client) -> None:
    answer = call("POST", "/v1/instances/web-1/move", json={"host": "host-3"}).json()
    assert (answer["host"], answer["switch"], answer["revision"]) == ("host-3", "edge-3", 2)


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({"vrf": "monitoring", "vlann": "auto"}, "vlann"),
        ({"vrf": "monitoring", "vlan": "4100"}, "vlan"),
        ({"vrf": "monitoring", "vlan": 100}, "vlan"),
        ({"vrf": 3}, "vrf"),
        ({"segment": "orderss"}, "segment"),
        ({}, "segment"),
        ([], "body"),
    ],
)
def test_a_wrong_move_is_refused(
    call: Client, engine: FakeController, body: Any, path: str
) -> None:
    response = call("POST", "/v1/tenants/shop/move", json=body)
    assert response.status_code == 422
    assert response.json()["errors"][0]["path"] == path
    assert engine.revision() == 1


def test_switches_that_are_not_there_yet_are_told_with_why(
    call: Client, engine: FakeController
) -> None:
    engine.disconnected = {"edge-2"}
    response = call("POST", "/v1/tenants/shop/move", content=MOVE)
    assert response.status_code == 200
    assert response.json()["applied"] is False
    assert response.json()["pending"] == {"edge-2": "not connected"}


def test_a_write_meets_another_and_is_made_again(call: Client, engine: FakeController) -> None:
    engine.meanwhile = lambda: _other_writer(engine)
    answer = call("POST", "/v1/tenants/shop/move", content=MOVE).json()
    assert answer["revision"] == 3
    assert call.get("/v1/vrfs/management")["id"] == 300


def test_with_if_match_it_is_refused_instead(call: Client, engine: FakeController) -> None:
    engine.meanwhile = lambda: _other_writer(engine)
    headers = {"if-match": call("GET", "/v1/tenants/shop").headers["etag"]}
    response = call("POST", "/v1/tenants/shop/move", content=MOVE, headers=headers)
    assert response.status_code == 412
    assert response.json()["type"] == "urn:bulkhead:problem:conflict"
    stale = call("DELETE", "/v1/rules/scrape", headers={"if-match": '"1"'})
    assert stale.status_code == 412
    assert call("DELETE", "/v1/rules/scrape", headers={"if-match": "x"}).status_code == 400


def test_a_dry_run_of_any_write_answers_the_plan(call: Client, engine: FakeController) -> None:
    for method, path, body in (
        ("POST", "/v1/tenants/shop/move", {"vrf": "monitoring"}),
        ("PUT", "/v1/rules/more", {"from": {}, "to": {"tier": "web"}, "allow": ["icmp"]}),
        ("DELETE", "/v1/rules/web-to-api", None),
        ("POST", "/v1/apply", {"document": {}}),
    ):
        answer = call(method, path, params={"dry_run": "true"}, json=body).json()
        assert answer["dry_run"] is True
        assert sum(answer["flows"].values()) > 0
    assert engine.revision() == 1


def test_a_plan_tells_flows_and_pairs(call: Client, engine: FakeController) -> None:
    body = {"changes": [{"op": "delete", "collection": "rules", "name": "web-to-api"}]}
    answer = call("POST", "/v1/plan", json=body).json()
    assert answer["pairs"] == ["shop/web -> shop/api tcp/8080: lost"]
    assert answer["objects"]["removed"] == ["rules/web-to-api"]
    assert set(answer["switches"]) <= {"edge-1", "edge-2", "edge-3"}
    assert answer["flows"]["removed"] > 0
    detail = call("POST", "/v1/plan?detail=flows", json=body).json()["switches"]
    removed = detail["edge-1"]["entries"]["removed"]
    assert len(removed) == detail["edge-1"]["removed"]
    assert all("priority=" in e["entry"] and "actions=" in e["entry"] for e in removed)
    permits = {(e["table"], e["for"]) for e in removed if e["table"] == "permit"}
    assert permits == {("permit", "rule web-to-api")}
    assert engine.revision() == 1


def test_a_whole_document_as_yaml_keeps_lines_for_explain(
    call: Client, engine: FakeController
) -> None:
    text = dump_yaml({**DOCUMENT, "vrfs": {**DOCUMENT["vrfs"], "third": {"id": 300}}})  # type: ignore[dict-item]
    response = call("POST", "/v1/apply", content=text)
    assert response.status_code == 200, response.text
    file, line = engine.origins()["rules/scrape"]
    assert file == "posted document"
    assert "scrape" in text.splitlines()[line - 1]


def test_origins_travel_with_a_document_and_outlive_a_move(
    call: Client, engine: FakeController
) -> None:
    document = {**DOCUMENT, "rules": DOCUMENT["rules"][:1]}  # type: ignore[index]
    origins = {"rules/web-to-api": ["shop.yaml", 31], "tenants/gone": ["shop.yaml", 1]}
    call("POST", "/v1/apply", json={"document": document, "origins": origins, "message": "m"})
    assert engine.origins() == {"rules/web-to-api": ("shop.yaml", 31)}
    call("POST", "/v1/tenants/shop/move", content=MOVE)
    assert engine.origins() == {"rules/web-to-api": ("shop.yaml", 31)}
    rule = {"from": {"tier": "web"}, "to": {"tier": "api"}, "allow": ["tcp/1"]}
    call("PUT", "/v1/rules/web-to-api", json=rule)
    assert engine.origins() == {}


def test_problems_carry_the_file_and_line_of_origins(call: Client) -> None:
    document = {"tenants": {"shop": {"segment": "nowhere"}}}
    body = {"document": document, "origins": {"tenants/shop": ["shop.yaml", 4]}}
    response = call("POST", "/v1/apply", json=body)
    assert response.status_code == 422
    [problem] = response.json()["errors"]
    assert (problem["file"], problem["line"]) == ("shop.yaml", 4)


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("", 422),
        ("{}", 422),
        ("[]", 422),
        ("{x", 400),
        ('{"vrfs": {}, "vrfs": {}}', 422),
        ('{"document": {}, "changes": []}', 422),
        ('{"document": {}, "extra": 1}', 422),
        ('{"changes": [{"op": "drop"}]}', 422),
        ('{"nothing": {}}', 422),
        ("vrfs: [", 400),
        (json.dumps({"document": {}, "origins": {"a": 1}}), 422),
    ],
)
def test_what_cannot_be_applied_changes_nothing(
    call: Client, engine: FakeController, text: str, status: int
) -> None:
    response = call("POST", "/v1/apply", content=text)
    assert response.status_code == status, response.text
    assert response.json()["errors"]
    assert engine.revision() == 1


@pytest.mark.parametrize("text", ['{"vrfs": {}, "vrfs": {}}', '{"a": NaN}', "[" * 5000, "vrfs:"])
def test_what_says_it_is_json_must_be(call: Client, text: str) -> None:
    headers = {"content-type": "application/json"}
    response = call("POST", "/v1/apply", content=text, headers=headers)
    assert response.status_code == 400, response.text
    assert response.json()["errors"][0]["path"] == "body"


def test_a_mark_that_nobody_sees_is_named(call: Client) -> None:
    headers = {"content-type": "application/json"}
    response = call("POST", "/v1/apply", content='\ufeff{"vrfs": {}}', headers=headers)
    assert response.status_code == 400
    assert "byte order mark" in response.text


def test_a_key_given_twice_is_refused_in_any_body(call: Client, engine: FakeController) -> None:
    response = call("POST", "/v1/instances/web-1/move", content="host: host-2\nhost: host-3\n")
    assert response.status_code == 400
    assert "given twice" in response.text
    assert engine.revision() == 1


def test_history_and_restore(call: Client, engine: FakeController) -> None:
    call("POST", "/v1/tenants/shop/move?message=because", content=MOVE)
    newest, first = call.get("/v1/revisions")
    assert (newest["revision"], newest["message"], first["revision"]) == (2, "because", 1)
    document = call.get("/v1/revisions/1")["document"]
    assert document["tenants"]["shop"]["segment"] == "orders"
    restored = call("POST", "/v1/revisions/1/restore").json()
    assert (restored["revision"], restored["restored"]) == (3, 1)
    assert call.get("/v1/tenants/shop")["segment"] == "orders"
    assert call("POST", "/v1/revisions/9/restore").status_code == 404
    assert engine.history[2][0].message == "restore revision 1"
