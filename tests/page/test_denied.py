"""Denied flows on the page: told, explained, and marked in the matrix."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import expect

from tests.page.conftest import Opened

DENIAL: dict[str, Any] = {
    "switch": "edge-1",
    "source": "web-1",
    "destination": "prometheus-1",
    "services": ["web", "prometheus"],
    "tenants": ["shop", "ops"],
    "protocol": "tcp",
    "port": 22,
    "why": "no rule allows it",
}


def test_a_denial_is_told_and_explained(tab: Opened) -> None:
    tab.told("denied", **DENIAL)
    row = tab.page.locator("#denied tbody tr")
    expect(row).to_have_count(1)
    expect(row).to_contain_text("web-1 → prometheus-1")
    expect(row).to_contain_text("tcp/22")
    tab.page.get_by_role("button", name="explain web-1 to prometheus-1").click()
    expect(tab.page.locator("#verdict")).to_contain_text("web-1 → prometheus-1 tcp/22: denied")


def test_the_last_denial_of_a_pair_stands_above_the_others(tab: Opened) -> None:
    other = {**DENIAL, "source": "api-1", "services": ["api", "prometheus"]}
    for one in (DENIAL, other, {**DENIAL, "port": 23}):
        tab.told("denied", **one)
    rows = tab.page.locator("#denied tbody tr")
    expect(rows).to_have_count(2)
    expect(rows.first).to_contain_text("tcp/23")
    expect(rows.last).to_contain_text("api-1")


def test_an_address_that_nobody_has_is_not_explained(tab: Opened) -> None:
    stranger = {"destination": "10.9.9.9", "services": ["web", None], "tenants": ["shop", None]}
    tab.told("denied", **{**DENIAL, **stranger, "protocol": "icmp", "port": None})
    row = tab.page.locator("#denied tbody tr")
    expect(row).to_contain_text("10.9.9.9")
    expect(row.get_by_role("button")).to_have_count(0)


def test_the_matrix_shows_where_it_was_tried(tab: Opened) -> None:
    page = tab.page
    tab.told("denied", **DENIAL)
    tried = page.get_by_role("button", name="shop to ops: denied; tried and denied at")
    expect(tried).to_have_class("tried")
    expect(page.locator("#matrix button.tried")).to_have_count(1)
    tried.click()
    expect(page.locator("#matrix button.tried")).to_have_count(1)
    expect(page.get_by_role("button", name="web to prometheus: denied; tried")).to_be_visible()
