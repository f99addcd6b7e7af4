"""Calls about one object are answered as their routes would answer them."""

from __future__ import annotations

import asyncio
import re
from functools import cache
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from fastapi import FastAPI
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.types import ASGIApp, Receive, Scope, Send

from controller.northbound import rest
from controller.northbound.operations import Operations
from controller.northbound.queries import Queries
from controller.northbound.use_cases import UseCases
from tests.chance import often
from tests.northbound.client import Client
from tests.northbound.fakes import FakeController

_HEADERS = (
    {},
    {"If-None-Match": '"1"'},
    {"If-None-Match": '"2"'},
    {"If-Match": '"7"'},
    {"Authorization": "Bearer nonsense"},
    {"Idempotency-Key": "once"},
)
_PATHS = (
    "/v1/vrfs/business",
    "/v1/rules/scrape",
    "/v1/rules/nobody",
    "/v1/nothing/business",
    "/v1/vrfs/",
    "/v1/vrfs",
    "/v1//business",
    "/v1/vrfs/business/",
    "/v1/vrfs/busi%2Fness",
    "/v1/vrfs/busi%0Aness",
    "/v1/vrfs/busine%73s",
    "/v2/vrfs/business",
)
_QUERIES = ("", "?", "?limit=1", "?x")
_METHODS = ("GET", "HEAD", "OPTIONS", "PATCH")  # that change nothing


class _Through:
    """Stands where calls about objects are answered, and leaves them to the routes."""

    def __init__(self, app: ASGIApp, *_: object) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._app(scope, receive, send)


def _new_app(directly: bool) -> ASGIApp:
    with pytest.MonkeyPatch.context() as patch:
        if not directly:
            patch.setattr(rest, "ObjectCalls", _Through)
        return rest.create_app(UseCases.of(FakeController()))


_app = cache(_new_app)


def _told(
    app: ASGIApp, method: str, path: str, headers: dict[str, str], body: bytes = b""
) -> object:
    async def ask() -> httpx.Response:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            return await client.request(method, path, headers=headers, content=body)

    answer = asyncio.run(ask())
    return answer.status_code, sorted(answer.headers.multi_items()), answer.content


@given(
    method=st.sampled_from(_METHODS),
    path=st.one_of(
        st.sampled_from(_PATHS), st.text(min_size=1).map(lambda name: "/v1/rules/" + _quoted(name))
    ),
    query=st.sampled_from(_QUERIES),
    headers=st.sampled_from(_HEADERS),
)
def test_it_makes_no_difference_who_answers(
    method: str, path: str, query: str, headers: dict[str, str]
) -> None:
    ours, routes = _app(directly=True), _app(directly=False)
    assert _told(ours, method, path + query, headers) == _told(
        routes, method, path + query, headers
    )


_WRITES = (
    ("PUT", "/v1/instances/web-2"),
    ("PUT", "/v1/instances/web-1"),
    ("PUT", "/v1/services/web"),
    ("PUT", "/v1/nothing/web"),
    ("PUT", "/v1/instances/web-2/move"),
    ("DELETE", "/v1/instances/web-1"),
    ("DELETE", "/v1/services/web"),
    ("DELETE", "/v1/instances/nobody"),
    ("POST", "/v1/instances/web-1/move"),
    ("POST", "/v1/instances/web-1/move/"),
    ("POST", "/v1/instances/web-1"),
    ("POST", "/v1/tenants/shop/move"),
    ("POST", "/v1/tenants/nobody/move"),
    ("POST", "/v1/services/web/move"),
    ("PATCH", "/v1/instances/web-1"),
)
_BODIES = (
    b'{"service": "web", "host": "host-1"}',
    b'{"service": "web", "host": "nowhere"}',
    b"service: web\nhost: host-2\n",
    b'{"host": "host-2"}',
    b'{"vrf": "monitoring", "vlan": "auto"}',
    b'{"tenant": "shop", "labels": {"tier": "front"}}',
    b"",
    b"[",
    b"\xff",
)
_OPTIONS = st.lists(
    st.sampled_from(
        (
            *("wait=stored", "wait=", "wait=never", "dry_run=true", "dry_run=maybe", "timeout=3"),
            *("timeout=0", "timeout=nan", "detail=flows", "message=why", "message=%0A", "message="),
            *("nothing=1", "wait=applied&wait=stored", "wait", "=", "message=" + "x" * 300),
        )
    ),
    max_size=2,
).map("&".join)
_CALLS = st.tuples(
    st.sampled_from(_WRITES),
    _OPTIONS.map(lambda options: f"?{options}" * bool(options)),
    st.sampled_from((*_HEADERS, {"If-Match": '"1"'}, {"Bulkhead-Author": "me"})),
    st.sampled_from(_BODIES),
)
_PLAN_ID = re.compile(rb'"plan":"\w+"')


@settings(max_examples=often(15))
@given(calls=st.lists(_CALLS, min_size=1, max_size=12))
def test_it_makes_no_difference_who_answers_writes(
    calls: list[tuple[tuple[str, str], str, dict[str, str], bytes]],
) -> None:
    ours, routes = _new_app(directly=True), _new_app(directly=False)
    for (method, path), options, headers, body in calls:
        one, other = (_told(app, method, path + options, headers, body) for app in (ours, routes))
        assert _without_chance(one) == _without_chance(other)


def _without_chance(told: Any) -> object:
    status, headers, content = told
    return status, headers, _PLAN_ID.sub(b"", content)


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "/v1/vrfs/business", b"", 200),
        ("PUT", "/v1/instances/web-2", b'{"service": "web", "host": "host-1"}', 201),
        ("DELETE", "/v1/instances/web-1?wait=stored", b"", 200),
        ("POST", "/v1/instances/web-1/move", b'{"host": "host-2"}', 200),
        ("POST", "/v1/tenants/shop/move?message=why", b'{"vrf": "monitoring"}', 200),
    ],
)
def test_calls_about_an_object_do_not_reach_the_routes(
    monkeypatch: pytest.MonkeyPatch, method: str, path: str, body: bytes, status: int
) -> None:
    monkeypatch.setattr(rest, "routes", _no_routes)
    app = rest.create_app(UseCases.of(FakeController()))
    assert _told(app, method, path, {}, body)[0] == status  # type: ignore[index]
    assert _told(app, method, "/v1/vrfs", {}, body)[0] == 404  # type: ignore[index]


@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_a_fault_is_told_as_faults_of_routes_are(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, method: str
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(Queries, "object", broken)
    monkeypatch.setattr(Operations, "delete", broken)
    call = Client(FakeController())
    answer = call(method, "/v1/vrfs/business")
    assert (answer.status_code, answer.json()["type"]) == (500, "urn:bulkhead:problem:internal")
    assert [r.getMessage() for r in caplog.records if r.levelname == "ERROR"] == [
        f"{method} /v1/vrfs/business failed"
    ]


def _no_routes(cases: UseCases) -> FastAPI:
    app = FastAPI()
    app.state.apply_timeout_s = cases.apply_timeout_s
    return app


def _quoted(name: str) -> str:
    return quote(name.encode(errors="replace"), safe="")
