"""Pairs that may reach each other: filtered, in pages, and never all of them at once."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.strategies import DataObject

from controller.model.intent import Intent
from controller.model.reach import reachability
from controller.northbound.paging import cursor_of
from controller.northbound.queries import Queries
from controller.northbound.reaching import Openings, Wanted, key_of
from controller.northbound.views import Body, reach_view
from tests.chance import often
from tests.northbound.client import Client
from tests.northbound.fakes import DOCUMENT, FakeController
from tests.strategies import intents

ANYBODY = {"name": "anybody", "from": {}, "to": {}, "allow": ["icmp"]}


def all_pages(openings: Openings, wanted: Wanted) -> list[Body]:
    """What a client finds that follows the cursors."""
    found: list[Body] = []
    after = wanted.after
    while True:
        page = openings.page(Wanted(wanted.source, wanted.destination, wanted.tenant, after, 3))
        assert len(page.items) == 3 or page.last is None
        found += page.items
        if page.last is None:
            return found
        after = key_of(cursor_of(page.last))


@settings(max_examples=often(20), deadline=None)
@given(intents(max_instances=6), st.data())
def test_pages_are_what_the_rules_open(intent: Intent, data: DataObject) -> None:
    services, tenants = sorted(intent.services), sorted(intent.tenants)
    source = data.draw(st.none() | st.sampled_from(services)) if services else None
    destination = data.draw(st.none() | st.sampled_from(services)) if services else None
    tenant = data.draw(st.none() | st.sampled_from(tenants)) if tenants else None

    def is_wanted(pair: Body) -> bool:
        return (
            source in (None, pair["source"])
            and destination in (None, pair["destination"])
            and tenant in (None, *pair["tenants"].values())
        )

    every = [reach_view(intent, reach) for reach in reachability(intent)]
    found = all_pages(Openings(intent), Wanted(source, destination, tenant))
    assert found == [pair for pair in every if is_wanted(pair)]


def test_the_link_leads_through_all_pairs(call: Client) -> None:
    whole = call.get("/v1/reachability")
    path: str | None = "/v1/reachability?limit=1"
    found = []
    while path is not None:
        response = call("GET", path)
        found += response.json()
        link = response.links.get("next")
        path = link["url"] if link else None
    assert found == whole
    assert len(whole) == 3


@pytest.mark.parametrize(
    ("query", "pairs"),
    [
        ("from=web", [("web", "api")]),
        ("to=api", [("prometheus", "api"), ("web", "api")]),
        ("tenant=ops", [("prometheus", "api"), ("prometheus", "web")]),
        ("from=prometheus&to=web&tenant=shop", [("prometheus", "web")]),
        ("from=api", []),
    ],
)
def test_pairs_are_filtered(call: Client, query: str, pairs: list[tuple[str, str]]) -> None:
    found = call.get(f"/v1/reachability?{query}")
    assert [(pair["source"], pair["destination"]) for pair in found] == pairs


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("from=wep", 404),
        ("to=wep", 404),
        ("tenant=none", 404),
        ("limit=0", 400),
        ("limit=10001", 400),
        ("cursor=%3F", 400),
        (f"cursor={cursor_of('web-1')}", 400),
        ("service=web", 400),
    ],
)
def test_what_is_not_there_is_told(call: Client, query: str, status: int) -> None:
    assert call("GET", f"/v1/reachability?{query}").status_code == status


def test_a_page_of_a_hundred_million_pairs_costs_a_page() -> None:
    services = {f"s{n:05}": {"tenant": "shop"} for n in range(10_000)}
    document = {**DOCUMENT, "services": services, "instances": {}, "rules": [ANYBODY]}
    queries = Queries(FakeController(document))
    after = key_of(cursor_of("s05000/s09998/anybody"))

    async def pages() -> list[tuple[str, str]]:
        async with asyncio.timeout(60):  # all of them take many minutes, and the memory
            page = await queries.pairs(Wanted(after=after, limit=3))
            assert page.last == "s05001/s00001/anybody"
        return [(item["source"], item["destination"]) for item in page.items]

    assert asyncio.run(pages()) == [
        ("s05000", "s09999"),
        ("s05001", "s00000"),
        ("s05001", "s00001"),
    ]


def test_the_pairs_are_those_of_the_newest_intent(call: Client) -> None:
    assert len(call.get("/v1/reachability")) == 3
    call("DELETE", "/v1/rules/scrape")
    assert [pair["rule"] for pair in call.get("/v1/reachability")] == ["web-to-api"]
