"""The OpenAPI document and its page: every call with an example, and nothing from elsewhere."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from jsonschema_rs import Draft202012Validator

from controller.northbound import examples, samples
from controller.northbound.body_schemas import PUTS
from tests.northbound.client import Client
from tests.northbound.fakes import FakeController

_WITHOUT_BODY = ("restore", "verify", "apply_plan")


def operations(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield f"{method.upper()} {path}", operation


def test_every_call_has_a_summary_an_example_and_its_errors(call: Client) -> None:
    document = call.get("/openapi.json")
    assert document["openapi"].startswith("3.1")
    seen = dict(operations(document))
    assert len(seen) > 40
    for name, operation in seen.items():
        assert operation["summary"], name
        answers = operation["responses"]
        shown = answers["200"]["content"].values()
        assert shown and all("example" in media for media in shown), name
        problem = answers["default"]["content"]["application/problem+json"]["example"]
        assert problem["errors"], name


def test_every_call_with_a_body_shows_one(call: Client) -> None:
    bodies = {
        name: operation["requestBody"]["content"]["application/json"]["examples"]
        for name, operation in operations(call.get("/openapi.json"))
        if "requestBody" in operation
    }
    assert len(bodies) == 7 + 2 + 3, "collections, apply and plan, moves and placements"
    assert all(bodies.values())


def resolved(document: dict[str, Any], value: Any) -> Any:
    """A part of the document, itself or what it refers to."""
    while "$ref" in value:
        name = value["$ref"].removeprefix("#/").split("/")
        value = document
        for part in name:
            value = value[part]
    return value


def test_every_example_is_as_its_schema_says(call: Client) -> None:
    document = call.get("/openapi.json")

    def check(media: dict[str, Any], where: str) -> int:
        schema = {**media["schema"], "components": document["components"]}
        validator = Draft202012Validator(schema, validate_formats=True)
        found = [one["value"] for one in media.get("examples", {}).values()]
        found += [media["example"]] if "example" in media else []
        for example in found:
            assert [str(error) for error in validator.iter_errors(example)] == [], where
        return len(found)

    count = 0
    for name, operation in operations(document):
        parts = [operation.get("requestBody", {}), *operation["responses"].values()]
        for part in parts:
            for media in part.get("content", {}).values():
                assert media["schema"] not in ({}, {"type": "object"}), name
                count += check(media, name)
    assert count > 150


def test_schemas_refuse_what_the_api_refuses(call: Client) -> None:
    document = call.get("/openapi.json")

    def allows(name: str, value: object) -> bool:
        schema = {"$ref": f"#/components/schemas/{name}", "components": document["components"]}
        return bool(Draft202012Validator(schema, validate_formats=True).is_valid(value))

    assert allows("VrfBody", {"id": 100})
    assert not allows("VrfBody", {"id": 0})
    assert not allows("VrfBody", {"id": 100, "ip": 1})
    for collection, name in PUTS.items():  # what was read can be put back
        for found in call.get(f"/v1/{collection}"):
            assert allows(name, found), found
    assert allows("RuleBody", {"from": {}, "to": {"tier": ["a", "b"]}, "allow": ["tcp/1-2"]})
    assert not allows("RuleBody", {"from": {}, "to": {}, "allow": ["tcp/"]})
    assert not allows("Submission", {})
    assert not allows("Submission", {"changes": [{"op": "put", "collection": "vrfs"}]})
    assert not allows("Placements", {"items": []})
    assert not allows("MoveInstance", {})


def test_headers_are_declared_where_they_count(call: Client) -> None:
    document = call.get("/openapi.json")
    taken, given = {}, {}
    for name, operation in operations(document):
        parameters = [resolved(document, one) for one in operation.get("parameters", ())]
        taken[name] = {one["name"] for one in parameters if one["in"] == "header"}
        given[name] = {
            status: set(answer.get("headers", {}))
            for status, answer in operation["responses"].items()
        }
    writes = {"If-Match", "Idempotency-Key", "Bulkhead-Author"}
    assert taken["PUT /v1/rules/{name}"] == writes
    assert taken["POST /v1/plans/{plan_id}/apply"] == writes
    assert taken["POST /v1/plan"] == {"If-Match", "Idempotency-Key"}
    assert taken["GET /v1/rules"] == taken["GET /v1/reachability"] == {"If-None-Match"}
    assert taken["GET /v1/events"] == {"Last-Event-ID"}
    assert taken["POST /v1/verify"] == taken["GET /v1/status"] == set()
    assert given["GET /v1/rules"]["200"] == {"ETag", "Link"}
    assert given["GET /v1/revisions"]["200"] == {"Link"}
    assert given["PUT /v1/rules/{name}"]["200"] == {"ETag", "Idempotent-Replayed"}
    assert given["PUT /v1/rules/{name}"]["201"] == {"ETag", "Idempotent-Replayed", "Location"}
    assert all(answers["429"] == {"Retry-After"} for answers in given.values())


def test_declared_headers_are_answered(call: Client) -> None:
    body = {"from": {}, "to": {}, "allow": ["icmp"]}
    made = call("PUT", "/v1/rules/ping", json=body, headers={"Idempotency-Key": "a"})
    assert (made.status_code, made.headers["location"]) == (201, "/v1/rules/ping")
    again = call("PUT", "/v1/rules/ping", json=body, headers={"Idempotency-Key": "a"})
    assert (again.status_code, again.headers["location"]) == (201, "/v1/rules/ping")
    assert "location" not in call("PUT", "/v1/rules/ping", json=body).headers


def test_a_token_can_be_given_but_not_where_nobody_is_asked(call: Client) -> None:
    document = call.get("/openapi.json")
    schemes = document["components"]["securitySchemes"]
    assert (schemes["token"]["type"], schemes["token"]["scheme"]) == ("http", "bearer")
    open_calls = {name for name, one in operations(document) if "security" not in one}
    assert open_calls == {"GET /healthz", "GET /readyz"}
    for name, operation in operations(document):
        if name not in open_calls:
            assert {"token": []} in operation["security"]


def test_events_are_a_stream_and_a_list(call: Client) -> None:
    [events] = [
        one for name, one in operations(call.get("/openapi.json")) if name == "GET /v1/events"
    ]
    content = events["responses"]["200"]["content"]
    assert set(content) == {"application/json", "text/event-stream"}
    assert content["text/event-stream"]["schema"] == {"type": "string"}


@pytest.mark.parametrize(
    ("path", "example"),
    [
        ("/v1/topology", samples.TOPOLOGY),
        ("/v1/switches", samples.SWITCHES),
        ("/v1/routes?from=host-1&to=host-2", samples.ROUTES),
        ("/v1/capacity", samples.CAPACITY),
        ("/v1/reachability", samples.REACHABILITY),
        ("/v1/events?follow=false", samples.EVENTS),
        ("/v1/revisions", samples.REVISIONS),
        ("/v1/revisions/1/diff/2", samples.DIFF),
        ("/v1/status", samples.STATUS),
        ("/readyz", samples.READY),
        ("/v1/instances", [examples.OBJECTS["instances"]]),
        ("/v1/tenants", [examples.OBJECTS["tenants"]]),
        ("/v1/explain?from=web-1&to=api-1&port=8080", examples.EXPLAIN),
    ],
)
def test_examples_have_the_keys_of_real_answers(
    call: Client, engine: FakeController, path: str, example: Any
) -> None:
    engine.journal.record("in-sync", revision=1, switches=["edge-1"])
    call("DELETE", "/v1/rules/scrape")
    found = call.get(path)
    one, other = (found[0], example[0]) if isinstance(found, list) else (found, example)
    optional = {"labels"}  # a document leaves empty ones out
    assert set(one) - optional == set(other) - optional


def test_written_examples_have_the_keys_of_real_answers(call: Client) -> None:
    plan = call("DELETE", "/v1/rules/scrape?dry_run=true").json()
    assert set(plan) == set(examples.PLAN)
    assert set(call("POST", f"/v1/plans/{plan['plan']}/apply").json()) == {
        "plan",
        *examples.WRITTEN,
    }
    moved = call("POST", "/v1/tenants/shop/move", json={"vrf": "monitoring", "vlan": "auto"}).json()
    assert set(moved) == set(examples.MOVED_TENANT)
    put = call("PUT", "/v1/vrfs/more", json={"id": 300}).json()
    assert set(put) == {"name", "id", *examples.MADE}


def test_the_page_needs_nothing_from_elsewhere(call: Client) -> None:
    page = call("GET", "/docs")
    assert "default-src 'self'" in page.headers["content-security-policy"]
    links = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    files = [link for link in links if not link.startswith("data:")]
    assert len(files) == 3
    for file in files:
        assert file.startswith("/docs/")
        assert call("GET", file).status_code == 200
