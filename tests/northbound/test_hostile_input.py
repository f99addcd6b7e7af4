"""No input makes a 500, and none is kept that the store or an answer could not carry."""

from __future__ import annotations

import asyncio
import json
import threading
from typing import Any

import pytest

from controller.northbound import receiving
from tests.northbound.client import Client
from tests.northbound.fakes import FakeController

DIGITS = "9" * 5000  # Python's int() reads 4,300 at most
DEEP = "[" * 100 + "]" * 100
NUL, SURROGATE = "\0", "\ud800"
RULE = {"from": {}, "to": {}, "allow": ["icmp"]}
CHANGES = {"changes": [{"op": "delete", "collection": "rules", "name": "scrape"}]}
DRAIN = {"items": [{"op": "remove", "instance": "web-1"}]}
JSON = {"content-type": "application/json"}
YAML = {"content-type": "application/yaml"}


@pytest.mark.parametrize(
    ("method", "path", "sent", "status", "where"),
    [
        ("PUT", "/v1/rules/x", {"headers": {"If-Match": f'"{DIGITS}"'}}, 400, "If-Match"),
        ("PUT", "/v1/rules/x", {"headers": {"If-Match": "1" * 20}}, 400, "If-Match"),
        ("GET", "/v1/events?follow=false", {"headers": {"Last-Event-ID": DIGITS}}, 400,
         "Last-Event-ID"),
        ("GET", "/v1/events?follow=false", {"headers": {"Last-Event-ID": "x"}}, 400,
         "Last-Event-ID"),
        ("GET", f"/v1/events?follow=false&after={DIGITS}", {}, 400, "after"),
        ("GET", f"/v1/events?follow=false&since={10**20}", {}, 400, "since"),
        ("GET", f"/v1/explain?from=web-1&to=api-1&protocol={DIGITS}", {}, 422, "protocol"),
        ("GET", "/v1/explain?from=web-1&to=api-1&protocol=%D9%A3", {}, 422, "protocol"),
        ("GET", "/v1/explain?from=web-1&to=api-1&protocol=%00", {}, 400, "protocol"),
        ("GET", f"/v1/revisions/{10**20}", {}, 400, "number"),
        ("GET", f"/v1/revisions/{DIGITS}", {}, 400, "number"),
        ("GET", f"/v1/revisions/1/diff/{10**20}", {}, 400, "other"),
        ("POST", f"/v1/revisions/{10**20}/restore", {}, 400, "number"),
        ("GET", "/v1/services?selector=%00", {}, 400, "selector"),
        ("GET", "/v1/matrix?match=%00", {}, 400, "match"),
        ("DELETE", "/v1/rules/scrape?message=%00", {}, 400, "message"),
        ("DELETE", "/v1/rules/scrape?message=a%0Ab", {}, 400, "message"),
        ("DELETE", f"/v1/rules/scrape?message={'x' * 1001}", {}, 400, "message"),
        ("DELETE", "/v1/rules/scrape", {"headers": {"Bulkhead-Author": b"a\x85b"}}, 400,
         "Bulkhead-Author"),
        ("DELETE", "/v1/rules/scrape", {"headers": {"Bulkhead-Author": "x" * 1001}}, 400,
         "Bulkhead-Author"),
        ("PUT", "/v1/vrfs/x", {"content": f'{{"id": {DIGITS}}}', "headers": JSON}, 400, "body"),
        ("PUT", "/v1/vrfs/x", {"content": f"id: {DIGITS}", "headers": YAML}, 422, "vrfs.x.id"),
        ("PUT", "/v1/vrfs/x", {"content": '{"id": 1e999}', "headers": JSON}, 422, "vrfs.x.id"),
        ("PUT", "/v1/vrfs/x", {"json": {SURROGATE: 1}}, 400, "body"),
        ("PUT", "/v1/vrfs/x", {"json": {"id": SURROGATE}}, 400, "id"),
        ("PUT", "/v1/tenants/x", {"json": {"labels": {NUL: "a"}}}, 400, "labels"),
        ("PUT", "/v1/vrfs/x", {"content": r'"\0": 1', "headers": YAML}, 400, "body"),
        ("PUT", "/v1/vrfs/x", {"content": r'id: "a\0b"', "headers": YAML}, 400, "id"),
        ("PUT", "/v1/vrfs/x", {"content": r'id: "\ud800"', "headers": YAML}, 400, "document"),
        ("PUT", "/v1/vrfs/x", {"content": DEEP, "headers": JSON}, 400, "[0][0][0]"),
        ("PUT", "/v1/vrfs/x", {"content": "[" * 90_000, "headers": JSON}, 400, "body"),
        ("POST", "/v1/apply", {"json": {**CHANGES, "message": NUL}}, 400, "message"),
        ("POST", "/v1/apply", {"json": {**CHANGES, "message": "a\nb"}}, 422, "message"),
        ("POST", "/v1/apply", {"json": {**CHANGES, "message": "x" * 2_000_000}}, 422, "message"),
        ("POST", "/v1/apply", {"json": {**CHANGES, "origins": {"rules/x": [SURROGATE, 1]}}}, 400,
         "origins.rules/x[0]"),
        ("POST", "/v1/apply", {"json": {**CHANGES, "origins": {"rules/x": ["\x1b[2J", 1]}}}, 422,
         "origins.rules/x"),
        ("POST", "/v1/placements", {"json": {**DRAIN, "message": SURROGATE}}, 400, "message"),
        ("POST", "/v1/placements", {"json": {**DRAIN, "message": "x" * 1001}}, 422, "message"),
    ],
)  # fmt: skip
def test_it_is_refused_with_the_place_and_nothing_is_done(
    call: Client,
    engine: FakeController,
    method: str,
    path: str,
    sent: dict[str, Any],
    status: int,
    where: str,
) -> None:
    if "json" in sent:  # a surrogate goes over the wire as JSON escapes it
        sent = {"content": json.dumps(sent["json"]), "headers": JSON}
    if method == "PUT" and not sent.keys() & {"content", "json"}:
        sent = {**sent, "json": RULE}
    response = call(method, path, **sent)
    assert (response.status_code, response.headers["content-type"]) == (
        status,
        "application/problem+json",
    ), response.text
    assert [error["path"] for error in response.json()["errors"]] == [where]
    assert len(response.text) < 3000, "what was found is told shortly"
    assert engine.revision() == 1


def test_who_writes_may_have_any_printable_name(call: Client, engine: FakeController) -> None:
    headers = {"Bulkhead-Author": "Zoë Łukasz 山田".encode()}
    assert call("DELETE", "/v1/rules/scrape?message=für%20später", headers=headers).is_success
    info, _ = engine.history[-1]
    assert (info.author, info.message) == ("Zoë Łukasz 山田", "für später")


def test_a_body_too_large_is_refused_before_it_is_read(
    call: Client, engine: FakeController, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(receiving, "BODY_MAX", 1000)
    for content in (b"x" * 1001, iter([b"x" * 600, b"x" * 600])):
        response = call("POST", "/v1/apply", content=_async(content))
        assert response.status_code == 413
        assert response.json()["type"].endswith(":too-large")
        assert response.headers["connection"] == "close"
    assert engine.revision() == 1


def _async(content: Any) -> Any:
    if isinstance(content, bytes):
        return content

    async def parts() -> Any:
        for part in content:
            yield part

    return parts()


def test_a_form_with_files_is_no_body(call: Client) -> None:
    response = call("POST", "/v1/apply", files={"file": b"vrfs: {}"})
    assert (response.status_code, response.json()["type"]) == (
        415,
        "urn:bulkhead:problem:media-type",
    )


def test_a_large_body_is_read_beside_the_loop(
    call: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The loop goes on while a document is read: what it does meanwhile is done before."""
    begun, go = threading.Event(), threading.Event()
    read = receiving.read_document

    def slowly(data: bytes, media: str) -> Any:
        begun.set()
        assert go.wait(30), "the loop was not free to let it go on"
        return read(data, media)

    monkeypatch.setattr(receiving, "read_document", slowly)

    async def both() -> int:
        text = "# " + "x" * receiving.IN_THREAD + "\n" + json.dumps(CHANGES)
        write = asyncio.ensure_future(call.send("POST", "/v1/apply", content=text, headers=YAML))
        assert await asyncio.to_thread(begun.wait, 30)
        assert (await call.send("GET", "/healthz")).status_code == 200
        go.set()
        return (await write).status_code

    assert asyncio.run(both()) == 200
