"""The OpenAPI document and its page: every call with an example, and nothing from elsewhere."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from controller.northbound import examples, samples
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
        (shown,) = answers["200"]["content"].values()
        assert "example" in shown, name
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
