"""A write that is sent again is answered from the first."""

from __future__ import annotations

import asyncio

import pytest
from starlette.responses import Response

from controller.northbound.replay import Key, response_replays
from controller.northbound.views import Body
from tests.northbound.client import Client
from tests.northbound.fakes import FakeController

RULE = {"from": {}, "to": {"tier": "web"}, "allow": ["icmp"]}
KEY = {"Idempotency-Key": "order-17"}


def test_it_is_done_once(call: Client, engine: FakeController) -> None:
    first = call("PUT", "/v1/rules/ping", json=RULE, headers=KEY)
    again = call("PUT", "/v1/rules/ping", json=RULE, headers=KEY)
    assert engine.revision() == 2
    assert again.json() == first.json()
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.headers["Idempotent-Replayed"] == "true"
    assert again.headers["ETag"] == first.headers["ETag"]
    assert "Idempotent-Replayed" not in first.headers


def test_another_request_may_not_have_the_key(call: Client, engine: FakeController) -> None:
    call("PUT", "/v1/rules/ping", json=RULE, headers=KEY)
    for method, path, body in (
        ("PUT", "/v1/rules/other", RULE),
        ("PUT", "/v1/rules/ping", {**RULE, "allow": ["udp"]}),
        ("PUT", "/v1/rules/ping?wait=stored", RULE),
        ("DELETE", "/v1/rules/ping", None),
    ):
        refused = call(method, path, json=body, headers=KEY)
        assert (refused.status_code, refused.json()["type"]) == (
            422,
            "urn:bulkhead:problem:key-reused",
        )
    assert engine.revision() == 2


def test_what_was_refused_may_be_sent_again(call: Client, engine: FakeController) -> None:
    assert call("DELETE", "/v1/rules/none", headers=KEY).status_code == 404
    assert call("DELETE", "/v1/rules/none", headers=KEY).status_code == 404
    assert call("DELETE", "/v1/rules/scrape", headers={"Idempotency-Key": "2"}).is_success


def test_a_controller_that_was_restarted_knows_the_key(engine: FakeController) -> None:
    first = Client(engine)("PUT", "/v1/rules/ping", json=RULE, headers=KEY).json()
    restarted = Client(engine)
    again = restarted("PUT", "/v1/rules/ping", json=RULE, headers=KEY)
    assert again.headers["Idempotent-Replayed"] == "true"
    assert (again.json()["revision"], engine.revision()) == (first["revision"], 2)
    refused = Client(engine)("DELETE", "/v1/rules/ping", headers=KEY)
    assert refused.status_code == 422


def test_after_a_restart_the_object_is_told_as_it_was_made(engine: FakeController) -> None:
    body = {"service": "web", "host": "host-2"}
    first = Client(engine)("PUT", "/v1/instances/web-2", json=body, headers=KEY)
    Client(engine)("POST", "/v1/instances/web-2/move", json={"host": "host-3"})
    again = Client(engine)("PUT", "/v1/instances/web-2", json=body, headers=KEY)
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.json() == first.json()
    assert again.json()["mac"]
    assert again.headers["ETag"] == first.headers["ETag"]
    assert engine.revision() == 3


def test_after_a_restart_what_was_replaced_is_not_made(engine: FakeController) -> None:
    body = {"from": {}, "to": {}, "allow": ["udp"]}
    first = Client(engine)("PUT", "/v1/rules/scrape", json=body, headers=KEY)
    again = Client(engine)("PUT", "/v1/rules/scrape", json=body, headers=KEY)
    assert (first.status_code, again.status_code) == (200, 200)
    assert again.json() == first.json()


def test_after_a_restart_other_writes_are_told_by_their_revision(engine: FakeController) -> None:
    Client(engine)("DELETE", "/v1/rules/scrape", headers=KEY)
    again = Client(engine)("DELETE", "/v1/rules/scrape", headers=KEY)
    assert (again.status_code, again.json()) == (
        200,
        {"revision": 2, "applied": True, "pending": {}, "changed": True},
    )


def test_two_at_once_are_one(engine: FakeController) -> None:
    client = Client(engine)

    async def both() -> list[int]:
        one, other = await asyncio.gather(
            *(client.send("PUT", "/v1/rules/ping", json=RULE, headers=KEY) for _ in range(2))
        )
        assert one.json() == other.json()
        return [one.status_code, other.status_code]

    assert asyncio.run(both()) == [201, 201]
    assert engine.revision() == 2


@pytest.mark.parametrize("key", ["", "x" * 256])
def test_a_key_is_short_and_not_empty(call: Client, key: str) -> None:
    refused = call("PUT", "/v1/rules/ping", json=RULE, headers={"Idempotency-Key": key})
    assert refused.status_code == 400
    assert "Idempotency-Key" in refused.json()["errors"][0]["path"]


def test_a_write_under_way_is_not_forgotten(engine: FakeController) -> None:
    """However many others come meanwhile, who sends it again waits for it."""

    async def scenario() -> None:
        replays, go = response_replays(engine), asyncio.Event()
        begun: list[str] = []

        async def slow() -> Response:
            begun.append("slow")
            await go.wait()
            return Response("slow")

        async def quick() -> Response:
            return Response("quick")

        def stored(body: Body) -> Response:
            raise AssertionError(f"nothing was stored, found {body}")

        first = asyncio.ensure_future(replays.once(Key("slow", "r"), slow, stored))
        await asyncio.sleep(0)
        for number in range(1100):
            await replays.once(Key(f"{number}", "r"), quick, stored)
        second = asyncio.ensure_future(replays.once(Key("slow", "r"), slow, stored))
        await asyncio.sleep(0)
        go.set()
        assert (await first)[0].body == (await second)[0].body == b"slow"
        assert begun == ["slow"]

    asyncio.run(scenario())
