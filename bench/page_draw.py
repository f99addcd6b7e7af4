"""The page of a running controller in headless Chromium: how long it takes to draw."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from statistics import median
from typing import Final

from playwright.sync_api import Page, sync_playwright

from bench import workload
from bench.live import link_ports, live_site
from bench.measure import Result, say

WANTED_MS: Final = 100.0
_TIMES: Final = 9
_CHROMIUM: Final = "/usr/bin/chromium"
_OBSERVED: Final = """window.drawn = [];
new PerformanceObserver((list) => {
  for (const { name, duration } of list.getEntries()) if (name === "draw") drawn.push(duration);
}).observe({ type: "measure" });"""
_WHOLE: Final = """new Promise((done) => {
  const look = () => (drawn.length > 1 ? done(drawn) : requestAnimationFrame(look));
  look();
})"""


def page_draw(services: int) -> Result:
    """Everything on the page drawn and laid out when it is opened; against the 100 ms wanted."""
    network = workload.network(services)
    with live_site("page-draw", network) as site, _page() as page:
        site.plug(link_ports(network), "dummy")
        site.wait_in_sync()
        took_ms = [_opened(page, site.controller.url, number) for number in range(_TIMES)]
    value_ms = median(took_ms)
    against = f"wanted: {WANTED_MS:g} ms"
    return Result("page_draw", value_ms, "ms", against, value_ms / WANTED_MS)


def _opened(page: Page, url: str, number: int) -> float:
    """How long the parts of the page took together, in ms, without waiting for answers."""
    page.goto(url)
    page.wait_for_selector("#matrix table")
    parts: list[float] = page.evaluate(_WHOLE)
    took_ms = sum(parts)
    say(f"  opened {number + 1}/{_TIMES}: {took_ms:.1f} ms in {len(parts)} parts")
    return took_ms


@contextmanager
def _page() -> Iterator[Page]:
    with sync_playwright() as playwright:
        options = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
        browser = playwright.chromium.launch(executable_path=_CHROMIUM, args=options)
        page = browser.new_page(viewport={"width": 1400, "height": 1000})
        page.add_init_script(_OBSERVED)
        yield page
        browser.close()
