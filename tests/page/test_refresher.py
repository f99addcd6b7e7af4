"""When what is shown is asked for again: after news, once at a time, whatever their pace."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page

from tests.page.conftest import Opened, Visit

MADE = """import("/page/refresher.js").then(({ Refresher }) => {
  Object.assign(window, { runs: 0, ends: [], failures: [] });
  const work = () => new Promise((end, fail) => { runs += 1; ends.push({ end, fail }); });
  window.refresher = new Refresher(work, (error) => failures.push(error.message));
})"""


@pytest.fixture
def page(visit: Visit) -> Page:
    """A refresher by itself, whose clock and work the test drives."""
    page = visit().timed().go().drawn().page
    page.evaluate(MADE)
    return page


def runs(page: Page) -> object:
    return page.evaluate("[runs, ends.length]")


def test_a_burst_of_news_is_one_refresh(page: Page) -> None:
    for _ in range(5):
        page.evaluate("refresher.soon()")
    assert runs(page) == [0, 0]
    page.clock.run_for(150)
    assert runs(page) == [1, 1]


def test_steady_news_do_not_put_it_off(page: Page) -> None:
    for _ in range(3):
        page.evaluate("refresher.soon()")
        page.clock.run_for(60)
    assert runs(page) == [1, 1]


def test_news_meanwhile_are_one_more_refresh_after_it(page: Page) -> None:
    page.evaluate("refresher.soon()")
    page.clock.run_for(150)
    for _ in range(3):
        page.evaluate("refresher.soon()")
        page.clock.run_for(1000)
    assert runs(page) == [1, 1]
    page.evaluate("ends[0].end()")
    page.clock.run_for(150)
    assert runs(page) == [2, 2]
    page.evaluate("ends[1].end()")
    page.clock.run_for(1000)
    assert runs(page) == [2, 2]


def test_what_is_asked_for_at_once_waits_for_what_is_under_way(page: Page) -> None:
    page.evaluate("refresher.soon()")
    page.clock.run_for(150)
    page.evaluate("void refresher.now()")
    assert runs(page) == [1, 1]
    page.evaluate("ends[0].fail(new Error('gone'))")
    page.clock.run_for(1)
    assert runs(page) == [2, 2]
    assert page.evaluate("failures") == ["gone"]


def test_a_failure_is_told_and_nothing_comes_after_it(page: Page) -> None:
    page.evaluate("refresher.soon()")
    page.clock.run_for(150)
    page.evaluate("refresher.soon()")
    page.evaluate("ends[0].fail(new Error('refused'))")
    page.clock.run_for(1000)
    assert runs(page) == [1, 1]
    assert page.evaluate("failures") == ["refused"]


def test_the_page_is_drawn_anew_while_events_never_pause(tab: Opened) -> None:
    asked: list[str] = []
    tab.page.on("request", lambda request: asked.append(request.url))
    for number in range(1000):
        tab.served.record("drift", number=number)
        tab.page.locator("#events li", has_text=f"number {number}").first.wait_for()
        if any(url.endswith("/v1/status") for url in asked):
            return
    raise AssertionError("a thousand events, and nothing was asked for")
