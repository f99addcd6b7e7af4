"""Who changed what, when and why; what two revisions differ in; what has happened."""

from __future__ import annotations

import asyncio

import pytest

from controller.journal import KEPT, Journal
from controller.northbound import following
from controller.northbound.following import Start, followed
from controller.northbound.paging import cursor_of
from tests.northbound.client import Client
from tests.northbound.fakes import FakeController


def test_a_revision_says_who_what_and_why(call: Client) -> None:
    call(
        "POST",
        "/v1/tenants/shop/move?message=maintenance",
        json={"vrf": "monitoring", "vlan": "auto"},
        headers={"Bulkhead-Author": "ann"},
    )
    newest = call.get("/v1/revisions")[0]
    assert (newest["revision"], newest["author"], newest["message"]) == (2, "ann", "maintenance")
    assert newest["changes"] == {
        "added": ["segments/shop-monitoring"],
        "changed": ["tenants/shop"],
        "removed": [],
    }


def test_revisions_come_in_pages(call: Client) -> None:
    for number in range(5):
        call("PUT", f"/v1/vrfs/more-{number}", json={"id": 300 + number})
    path: str | None = "/v1/revisions?limit=4"
    pages = []
    while path is not None:
        response = call("GET", path)
        pages.append([item["revision"] for item in response.json()])
        if len(pages) == 1:  # one more does not move what comes next
            call("DELETE", "/v1/rules/scrape")
        link = response.links.get("next")
        path = link["url"] if link else None
    assert pages == [[6, 5, 4, 3], [2, 1]]
    assert "link" not in call("GET", "/v1/revisions?limit=7").headers
    refused = call("GET", "/v1/revisions", params={"cursor": cursor_of("x")})
    assert (refused.status_code, refused.json()["errors"][0]["path"]) == (400, "cursor")


def test_two_revisions_differ_field_by_field(call: Client) -> None:
    rule = call.get("/v1/rules/web-to-api")
    body = {k: v for k, v in rule.items() if k != "name"} | {"allow": ["tcp/9000"]}
    call("PUT", "/v1/rules/web-to-api", json=body)
    found = call.get("/v1/revisions/1/diff/2")
    assert found["fields"] == {
        "rules/web-to-api": {"allow": {"from": ["tcp/8080"], "to": ["tcp/9000"]}}
    }
    assert found["pairs"] == [
        "shop/web -> shop/api tcp/9000: gained",
        "shop/web -> shop/api tcp/8080: lost",
    ]
    back = call.get("/v1/revisions/2/diff/1")
    assert back["gained"] == found["lost"]
    assert call("GET", "/v1/revisions/1/diff/9").status_code == 404


def test_a_restore_plans_like_any_other_change(call: Client, engine: FakeController) -> None:
    call("DELETE", "/v1/rules/web-to-api")
    plan = call("POST", "/v1/revisions/1/restore?dry_run=true").json()
    assert plan["pairs"] == ["shop/web -> shop/api tcp/8080: gained"]
    assert engine.revision() == 2
    assert call("POST", f"/v1/plans/{plan['plan']}/apply").json()["revision"] == 3
    assert "web-to-api" in engine.network().intent.rules


def test_events_that_are_kept(call: Client, engine: FakeController) -> None:
    engine.journal.record("drift", switch="edge-1", counts={"missing": 2})
    engine.journal.record("in-sync", switches=["edge-1"])
    first, second = call.get("/v1/events?follow=false")
    assert (first["id"], first["kind"], first["data"]["switch"]) == (1, "drift", "edge-1")
    assert call.get("/v1/events?follow=false&after=1") == [second]
    assert call.get("/v1/events?follow=false", headers={"Last-Event-ID": "2"}) == []


def test_events_as_they_happen(engine: FakeController) -> None:
    async def scenario() -> list[str]:
        engine.journal.record("one", n=1)
        stream = followed(engine.journal, Start(0)).body_iterator
        parts = [str(await anext(stream)) for _ in range(2)]
        waiting = asyncio.ensure_future(anext(stream))
        await asyncio.sleep(0)
        engine.journal.record("two", n=2)
        parts.append(str(await waiting))
        engine.journal.close()
        parts += [str(part) async for part in stream]
        return parts

    hello, one, two = asyncio.run(scenario())
    assert hello.startswith(":")
    assert one.splitlines()[:2] == ["id: 1", "event: one"]
    assert '"n": 2' in two


def test_a_reader_of_the_journal_before_misses_nothing() -> None:
    before = Journal(last=1_000)
    before.record("one")
    (seen,) = before.since(0)
    later = Journal(last=2_000)
    later.record("two")
    assert [event.kind for event in later.since(seen.id)] == ["gap", "two"]


def test_a_silent_stream_says_that_it_lives(
    engine: FakeController, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(following, "HEARTBEAT_S", 0.001)

    async def scenario() -> list[str]:
        stream = followed(engine.journal, Start(0)).body_iterator
        return [str(await anext(stream)) for _ in range(3)]

    assert all(part.startswith(":") for part in asyncio.run(scenario()))


def test_events_since_a_revision_begin_behind_it(call: Client, engine: FakeController) -> None:
    engine.journal.record("revision", revision=1)
    engine.journal.record("in-sync", revision=1, switches=["edge-1"])
    call("DELETE", "/v1/rules/web-to-api")
    engine.journal.record("revision", revision=2)
    kinds = [
        (e["kind"], e["data"]["revision"]) for e in call.get("/v1/events?follow=false&since=1")
    ]
    assert kinds == [("in-sync", 1), ("revision", 2)]
    assert call.get("/v1/events?follow=false&since=2") == []


def test_revisions_that_the_journal_has_forgotten_come_from_the_history(
    call: Client, engine: FakeController
) -> None:
    call("DELETE", "/v1/rules/web-to-api?message=gone")
    call("DELETE", "/v1/rules/scrape")
    engine.journal.record("drift", switch="edge-1")
    found = call.get("/v1/events?follow=false&since=1")
    assert [(e["kind"], e["data"].get("revision")) for e in found] == [
        ("revision", 2),
        ("revision", 3),
        ("drift", None),
    ]
    assert found[0]["data"]["message"] == "gone"
    call("PUT", "/v1/vrfs/business", json={"id": 100})
    engine.journal.record("revision", revision=4)
    later = call.get("/v1/events?follow=false&since=1")
    assert [e["data"].get("revision") for e in later] == [2, 3, None, 4]


def test_a_break_among_forgotten_revisions_loses_none(call: Client, engine: FakeController) -> None:
    engine.journal = Journal(last=1_790_000_000_000)
    for name in ("web-to-api", "scrape"):
        call("DELETE", f"/v1/rules/{name}")
    engine.journal.record("drift", switch="edge-1")
    whole = call.get("/v1/events?follow=false&since=1")
    ids = [event["id"] for event in whole]
    assert ids == sorted(set(ids))
    for broken, seen in enumerate(ids):
        headers = {"Last-Event-ID": str(seen)}
        rest = call.get("/v1/events?follow=false&since=1", headers=headers)
        assert rest == whole[broken + 1 :]
        assert call.get(f"/v1/events?follow=false&after={seen}") == rest


def test_what_is_forgotten_of_the_history_too_is_a_gap(
    call: Client, engine: FakeController, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(following, "_MOST_BEHIND", 1)
    engine.journal = Journal(last=1_790_000_000_000)
    for name in ("web-to-api", "scrape"):
        call("DELETE", f"/v1/rules/{name}")
    gap, newest = call.get("/v1/events?follow=false&since=1")
    assert (gap["kind"], gap["data"]) == ("gap", {"after": 1})
    assert newest["data"]["revision"] == 3
    assert call.get(f"/v1/events?follow=false&after={gap['id']}") == [newest]
    assert [e["kind"] for e in call.get("/v1/events?follow=false&since=2")] == ["revision"]


def test_who_comes_back_too_late_is_told_so() -> None:
    journal = Journal(last=100)
    for number in range(KEPT + 2):
        journal.record("drift", number=number)
    assert [event.kind for event in journal.since(102)] == ["drift"] * KEPT
    gap, *kept = journal.since(101)
    assert (gap.kind, gap.id, gap.data) == ("gap", 102, {"after": 101})
    assert kept == journal.since(0) == journal.since(gap.id)


@pytest.mark.parametrize("seen", [99, 200])
def test_an_id_of_another_journal_is_a_gap(seen: int) -> None:
    journal = Journal(last=100)
    journal.record("one")
    assert [event.kind for event in journal.since(seen)] == ["gap", "one"]


def test_a_slow_follower_is_told_that_it_missed_something(engine: FakeController) -> None:
    async def scenario() -> list[str]:
        engine.journal.record("one")
        stream = followed(engine.journal, Start(0)).body_iterator
        for _ in range(2):
            await anext(stream)
        for _ in range(KEPT + 1):
            engine.journal.record("many")
        return [str(await anext(stream)) for _ in range(2)]

    gap, next_one = asyncio.run(scenario())
    assert gap.splitlines()[:2] == ["id: 2", "event: gap"]
    assert next_one.splitlines()[:2] == ["id: 3", "event: many"]
