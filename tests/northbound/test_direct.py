"""Reads of one object are answered as their route would answer them."""

from __future__ import annotations

import asyncio
from functools import cache
from urllib.parse import quote

import httpx
import pytest
from fastapi import FastAPI
from hypothesis import given
from hypothesis import strategies as st
from starlette.types import ASGIApp, Receive, Scope, Send

from controller.northbound import rest
from controller.northbound.queries import Queries
from controller.northbound.use_cases import UseCases
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
    """Stands where object reads are answered, and leaves them to the routes."""

    def __init__(self, app: ASGIApp, *_: object) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._app(scope, receive, send)


@cache
def _app(directly: bool) -> ASGIApp:
    with pytest.MonkeyPatch.context() as patch:
        if not directly:
            patch.setattr(rest, "ObjectReads", _Through)
        return rest.create_app(UseCases.of(FakeController()))


def _told(app: ASGIApp, method: str, path: str, headers: dict[str, str]) -> object:
    async def ask() -> httpx.Response:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            return await client.request(method, path, headers=headers)

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


def test_a_read_does_not_reach_the_routes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rest, "routes", lambda _cases: FastAPI())
    app = rest.create_app(UseCases.of(FakeController()))
    assert _told(app, "GET", "/v1/vrfs/business", {})[0] == 200  # type: ignore[index]
    assert _told(app, "GET", "/v1/vrfs", {})[0] == 404  # type: ignore[index]


def test_a_fault_is_told_as_faults_of_routes_are(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(Queries, "object", broken)
    call = Client(FakeController())
    answer = call("GET", "/v1/vrfs/business")
    assert (answer.status_code, answer.json()["type"]) == (500, "urn:bulkhead:problem:internal")


def _quoted(name: str) -> str:
    return quote(name.encode(errors="replace"), safe="")
