"""The page of ten thousand services: all of it is told, and so much of it shown as can be read."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from tests.page.conftest import Opened, Served
from tests.page.large import SERVICES, LargeController

OBSERVED = """window.draws = [];
new PerformanceObserver((list) => {
  for (const { name, duration } of list.getEntries()) if (name === "draw") draws.push(duration);
}).observe({ type: "measure" });"""
BOTH = """new Promise((done) => {
  const look = () => (draws.length > 1 ? done(draws) : requestAnimationFrame(look));
  look();
})"""
OF_A_REVISION = ("tenants", "vrfs", "instances", "revisions")


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    made = Served(LargeController())
    yield made
    made.close()


@pytest.fixture(scope="module")
def large(browser: Browser, served: Served) -> Iterator[Opened]:
    """The page of the large site, and how long it takes to draw what."""
    tab = Opened(browser.new_page(viewport={"width": 1400, "height": 1000}), served)
    tab.listen()
    tab.page.add_init_script(OBSERVED)
    tab.go().drawn().page.wait_for_selector("#matrix table")
    yield tab
    tab.page.close()
    assert tab.unexpected() == []


def test_everything_is_counted(large: Opened) -> None:
    page = large.page
    expect(page.locator("#standing")).to_contain_text(f"{SERVICES} services, {SERVICES} instances")
    counted = "business: 250 in 250 VLANs; monitoring: 250 in 250 VLANs"
    expect(page.locator("#tenants-count")).to_have_text(counted)
    expect(page.locator("#matrix-place")).to_contain_text("25 of 500 shown: look for a name")


def test_as_much_is_shown_as_can_be_read(large: Opened) -> None:
    page = large.page
    expect(page.locator("#tenants tbody tr")).to_have_count(50)
    expect(page.locator("#tenants")).to_contain_text("50 of 500 shown: look for a name")
    assert page.locator("#matrix button").count() == 25 * 25
    page.locator("#tenants-match").fill("tenant-499")
    expect(page.locator("#tenants tbody tr")).to_have_text("monitoring4345tenant-499")
    page.locator("#tenants-match").fill("")


def test_how_long_drawing_takes_is_told(large: Opened) -> None:
    large.page.reload()
    large.page.wait_for_selector("#matrix table")
    draws = large.page.evaluate(BOTH)  # what is there, and who may reach whom
    assert all(took_ms > 0 for took_ms in draws)
    assert large.page.evaluate("performance.getEntriesByName('draw')") == []


def test_news_of_the_same_revision_ask_for_nothing_that_follows_from_it(large: Opened) -> None:
    first = large.page.locator("#matrix td").nth(5).element_handle()
    asked: list[str] = []
    large.page.on("request", lambda request: asked.append(request.url.split("/v1/")[1]))
    large.told()
    assert "status" in asked and "topology" in asked
    assert [url for url in asked if url.startswith(OF_A_REVISION)] == []
    assert first and first.evaluate("(cell) => cell.isConnected")  # the same matrix: not drawn anew
