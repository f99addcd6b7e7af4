"""Each role against each call of the OpenAPI document, on a site that nobody has written to."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import pytest

from controller.northbound.rest import routes
from controller.northbound.use_cases import UseCases
from tests.access.conftest import PEOPLE, Guarded
from tests.northbound.fakes import FakeController

OPEN = {("GET", "/healthz"), ("GET", "/readyz")}
NO, YES = frozenset({403}), frozenset({200, 201})
HIDDEN = frozenset({404})
SITE = {"": 401, "viewer": YES, "tenant": NO, "operator": YES, "admin": YES}
OWN = {**SITE, "tenant": YES}
THEIRS = {"": 401, "viewer": NO, "tenant": YES, "operator": YES, "admin": YES}
OPERATORS = {**THEIRS, "tenant": NO}
ADMINS = {**OPERATORS, "operator": NO}


class Call(NamedTuple):
    """A call that succeeds for who may make it."""

    path: str
    body: object
    may: dict[str, Any]


CALLS = {
    ("GET", "/metrics"): Call("/metrics", None, SITE),
    ("GET", "/v1/capacity"): Call("/v1/capacity", None, SITE),
    ("GET", "/v1/events"): Call("/v1/events?follow=false", None, SITE),
    ("GET", "/v1/explain"): Call("/v1/explain?from=web-1&to=api-1&port=8080", None, OWN),
    ("GET", "/v1/reachability"): Call("/v1/reachability", None, SITE),
    ("GET", "/v1/revisions"): Call("/v1/revisions", None, SITE),
    ("GET", "/v1/revisions/{number}"): Call("/v1/revisions/1", None, SITE),
    ("GET", "/v1/revisions/{one}/diff/{other}"): Call("/v1/revisions/1/diff/1", None, SITE),
    ("GET", "/v1/routes"): Call("/v1/routes?from=host-1&to=host-2", None, SITE),
    ("GET", "/v1/status"): Call("/v1/status", None, OWN),
    ("GET", "/v1/matrix"): Call("/v1/matrix", None, SITE),
    ("GET", "/v1/switches"): Call("/v1/switches", None, SITE),
    ("GET", "/v1/topology"): Call("/v1/topology", None, SITE),
    ("GET", "/v1/plans/{plan_id}"): Call("/v1/plans/PLAN", None, SITE),
    ("POST", "/v1/verify"): Call("/v1/verify", None, SITE),
    ("POST", "/v1/plan"): Call(
        "/v1/plan",
        {
            "changes": [
                {
                    "op": "put",
                    "collection": "instances",
                    "name": "web-2",
                    "body": {"service": "web", "host": "host-2"},
                }
            ]
        },
        OWN,
    ),
    ("POST", "/v1/apply"): Call(
        "/v1/apply",
        {
            "changes": [
                {"op": "put", "collection": "services", "name": "web-b", "body": {"tenant": "shop"}}
            ]
        },
        THEIRS,
    ),
    ("POST", "/v1/plans/{plan_id}/apply"): Call("/v1/plans/PLAN/apply", None, OPERATORS),
    ("POST", "/v1/placements"): Call(
        "/v1/placements",
        {"items": [{"op": "move", "instance": "web-1", "host": "host-2"}]},
        THEIRS,
    ),
    ("POST", "/v1/tenants/{name}/move"): Call(
        "/v1/tenants/shop/move", {"vrf": "monitoring", "vlan": "auto"}, OPERATORS
    ),
    ("POST", "/v1/instances/{name}/move"): Call(
        "/v1/instances/web-1/move", {"host": "host-2"}, THEIRS
    ),
    ("POST", "/v1/revisions/{number}/restore"): Call("/v1/revisions/1/restore", None, THEIRS),
    ("PUT", "/v1/vrfs/{name}"): Call("/v1/vrfs/business", {"id": 101}, ADMINS),
    ("PUT", "/v1/classes/{name}"): Call("/v1/classes/bulk", {"dscp": 8, "queue": 2}, ADMINS),
    ("PUT", "/v1/segments/{name}"): Call(
        "/v1/segments/more", {"vrf": "business", "subnet": "10.90.1.0/24"}, OPERATORS
    ),
    ("PUT", "/v1/tenants/{name}"): Call("/v1/tenants/shop", {"segment": "metrics"}, OPERATORS),
    ("PUT", "/v1/services/{name}"): Call("/v1/services/web-b", {"tenant": "shop"}, THEIRS),
    ("PUT", "/v1/instances/{name}"): Call(
        "/v1/instances/web-2", {"service": "web", "host": "host-2"}, THEIRS
    ),
    ("PUT", "/v1/rules/{name}"): Call(
        "/v1/rules/inside",
        {"from": {"tenant": "shop"}, "to": {"service": "api"}, "allow": ["tcp/1"]},
        THEIRS,
    ),
    ("DELETE", "/v1/instances/{name}"): Call("/v1/instances/web-1", None, THEIRS),
    ("DELETE", "/v1/services/{name}"): Call("/v1/services/spare", None, THEIRS),
    ("DELETE", "/v1/rules/{name}"): Call("/v1/rules/scrape", None, {**OPERATORS, "tenant": HIDDEN}),
    ("DELETE", "/v1/tenants/{name}"): Call(
        "/v1/tenants/empty", None, {**OPERATORS, "tenant": HIDDEN}
    ),
    ("DELETE", "/v1/segments/{name}"): Call(
        "/v1/segments/unused", None, {**OPERATORS, "tenant": HIDDEN}
    ),
    ("DELETE", "/v1/classes/{name}"): Call("/v1/classes/spare", None, ADMINS),
    ("DELETE", "/v1/vrfs/{name}"): Call("/v1/vrfs/spare", None, ADMINS),
}
for _one, _example in {
    "vrfs": "business",
    "classes": "realtime",
    "segments": "orders",
    "tenants": "shop",
    "services": "web",
    "instances": "web-1",
}.items():
    CALLS["GET", f"/v1/{_one}"] = Call(f"/v1/{_one}", None, OWN)
    CALLS["GET", f"/v1/{_one}/{{name}}"] = Call(f"/v1/{_one}/{_example}", None, OWN)
CALLS["GET", "/v1/rules"] = Call("/v1/rules", None, OWN)
CALLS["GET", "/v1/rules/{name}"] = Call("/v1/rules/scrape", None, {**OWN, "tenant": HIDDEN})


def every_call() -> list[tuple[str, str]]:
    document = routes(UseCases.of(FakeController())).openapi()
    return [(method.upper(), path) for path, calls in document["paths"].items() for method in calls]


def test_the_table_has_every_call() -> None:
    assert set(every_call()) == set(CALLS) | OPEN


@pytest.mark.parametrize("role", ["", *PEOPLE])
@pytest.mark.parametrize(("method", "path"), sorted(CALLS))
def test_a_role_and_a_call(
    unwritten: Callable[[], Guarded], method: str, path: str, role: str
) -> None:
    guarded = unwritten()
    call = CALLS[method, path]
    where = call.path
    if "PLAN" in where:
        moved = guarded(
            "admin", "POST", "/v1/tenants/shop/move?dry_run=true", json={"vrf": "monitoring"}
        )
        where = where.replace("PLAN", moved.json()["plan"])
    before = guarded.engine.revision()
    response = guarded(role, method, where, json=call.body)
    may = call.may[role]
    expected = may if isinstance(may, frozenset) else {may}
    if path == "/v1/revisions/{number}/restore":  # takes the spare objects away: an admin's
        expected = YES if role == "admin" else {401} if not role else NO
    assert response.status_code in expected, response.text
    if response.status_code in (401, 403, 404):
        assert guarded.engine.revision() == before
        assert response.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/openapi.json", "/docs"])
def test_supervisors_and_readers_of_the_document_need_no_token(guarded: Guarded, path: str) -> None:
    assert guarded("", "GET", path).status_code == 200
