"""Lists by label selector, and in pages."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.northbound.bodies import Malformed
from controller.northbound.paging import cursor_of, name_of
from controller.northbound.selecting import parse_selector
from tests.northbound.client import Client
from tests.northbound.fakes import FakeController


@pytest.mark.parametrize(
    ("collection", "selector", "names"),
    [
        ("services", "tier=api", ["api"]),
        ("services", "tier==api", ["api"]),
        ("services", "tier!=api", ["prometheus", "web"]),
        ("services", "tier in (api, web)", ["api", "web"]),
        ("services", "tier notin (api,web)", ["prometheus"]),
        ("services", "tier,tenant=shop", ["api", "web"]),
        ("services", "!tier", []),
        ("services", "vrf=monitoring", ["prometheus"]),
        ("services", "segment=orders,tier notin (web)", ["api"]),
        ("services", "service=web", ["web"]),
        ("instances", "host=host-1", ["api-2", "web-1"]),
        ("instances", "tier=api,host!=host-1", ["api-1"]),
        ("tenants", "vrf=business", ["shop"]),
        ("segments", "vrf in (monitoring)", ["metrics"]),
        ("rules", "class=realtime", ["web-to-api"]),
        ("rules", "!class", ["scrape"]),
        ("vrfs", "name=business", ["business"]),
        ("classes", "tier=api", []),
        ("services", "", ["api", "prometheus", "web"]),
    ],
)
def test_a_selector_chooses_by_labels(
    call: Client, collection: str, selector: str, names: list[str]
) -> None:
    found = call.get(f"/v1/{collection}", params={"selector": selector})
    assert [item["name"] for item in found] == names


def test_every_wrong_requirement_is_told_at_once(call: Client) -> None:
    response = call("GET", "/v1/services", params={"selector": "tier=,a b,x in ()", "cursor": "?"})
    assert response.status_code == 400
    errors = response.json()["errors"]
    assert [error["path"] for error in errors] == ["selector"] * 3 + ["cursor"]
    assert "found 'tier='" in errors[0]["message"]


@given(st.text(max_size=40))
def test_any_text_is_a_selector_or_is_refused(text: str) -> None:
    try:
        found = parse_selector(text)
    except Malformed as error:
        assert all(problem.path == "selector" for problem in error.problems)
    else:
        assert bool(found) == bool(text.strip())


@given(st.text(min_size=1, max_size=40))
def test_a_cursor_is_its_name(name: str) -> None:
    assert name_of(cursor_of(name)) == name


def test_pages_follow_one_another_to_the_end(call: Client) -> None:
    whole = call.get("/v1/instances")
    assert [item["name"] for item in whole] == sorted(item["name"] for item in whole)
    path: str | None = "/v1/instances?limit=3"
    pages = []
    while path is not None:
        response = call("GET", path)
        pages.append(response.json())
        link = response.links.get("next")
        path = link["url"] if link else None
    assert [len(page) for page in pages] == [3, 1]
    assert [item for page in pages for item in page] == whole


def test_a_page_that_is_full_and_the_last_has_no_next(call: Client) -> None:
    response = call("GET", "/v1/instances?limit=4")
    assert len(response.json()) == 4
    assert "link" not in response.headers


def test_the_next_page_is_of_the_same_selection_and_right_after_changes(
    call: Client, engine: FakeController
) -> None:
    first = call("GET", "/v1/instances?limit=1&selector=tenant=shop")
    assert [item["name"] for item in first.json()] == ["api-1"]
    call("DELETE", "/v1/instances/api-1")  # the very one that the cursor is behind
    rest = call("GET", first.links["next"]["url"])
    assert [item["name"] for item in rest.json()] == ["api-2"]


@pytest.mark.parametrize("limit", ["0", "-1", "x", "10001"])
def test_a_wrong_limit_is_refused(call: Client, limit: str) -> None:
    response = call("GET", f"/v1/services?limit={limit}")
    assert response.status_code == 400
    assert [error["path"] for error in response.json()["errors"]] == ["limit"]
