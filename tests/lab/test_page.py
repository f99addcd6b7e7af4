"""The page on the running lab: what it applies is what real packets then meet."""

from __future__ import annotations

import contextlib
import re
import subprocess
import time
from collections.abc import Iterator

from playwright.sync_api import Page, TimeoutError, expect, sync_playwright

from tests.lab.conftest import Running
from tests.lab.test_real_packets import answers, asked
from tests.page.conftest import CHROMIUM

_DRAWN = "#topology[data-nodes]"
_TRIES = 4
CACHE = "promo-cache-2"


def open_page(page: Page, url: str) -> None:
    """Open the page, once the site's devices have their addresses.

    Chromium ends every request when addresses of the machine change, as those of a lab do.
    """
    deadline = time.monotonic() + 30
    while _ip("-6", "address", "show", "tentative") and time.monotonic() < deadline:
        time.sleep(0.1)
    for _ in range(_TRIES - 1):
        page.goto(url)
        with contextlib.suppress(TimeoutError):
            page.wait_for_selector(_DRAWN, timeout=5000)
            return
    page.goto(url)
    page.wait_for_selector(_DRAWN)


def _ip(*arguments: str) -> str:
    command = ["ip", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def _is_ours(text: str) -> bool:
    return "ERR_NETWORK_CHANGED" not in text


@contextlib.contextmanager
def browsed(running: Running) -> Iterator[Page]:
    """The page, drawn; nothing may go wrong in it."""
    faults: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"]
        )
        page = browser.new_page()
        page.on("console", lambda told: faults.append(told.text) if told.type == "error" else None)
        page.on("pageerror", lambda error: faults.append(str(error)))
        open_page(page, running.controller.url)
        yield page
        browser.close()
    assert [text for text in faults if _is_ours(text)] == []


def apply(page: Page, why: str = "") -> None:
    """Apply what is previewed, and wait until every switch has it."""
    page.locator("#apply-form [name=why]").fill(why)
    page.locator("#apply").click()
    expect(page.locator("#applied")).to_contain_text("is on every switch", timeout=30_000)
    expect(page.locator("#events")).to_contain_text("in-sync", timeout=30_000)


def test_a_rule_is_withdrawn_and_a_pair_explained(running: Running) -> None:
    rule = running.controller.get(
        "/v1/explain", **{"from": "web-1", "to": "order-api-2", "port": 8080}
    )["rule"]["name"]
    body = running.controller.get(f"/v1/rules/{rule}")
    assert answers(running) is not None
    with browsed(running) as page:
        count = len(running.controller.get("/v1/switches"))
        assert page.locator("#topology").get_attribute("data-nodes") == str(count)
        form = page.locator("#rule-form")
        form.locator("[name=name]").fill(rule)
        form.get_by_role("button", name="preview withdrawal").click()
        expect(page.locator("[data-kind=lost]")).to_contain_text(rule, timeout=30_000)
        apply(page)
        explain = page.locator("#explain-form")
        for name, value in {"from": "web-1", "to": "order-api-2", "port": "8080"}.items():
            explain.locator(f"[name={name}]").fill(value)
        explain.get_by_role("button").click()
        expect(page.locator("#verdict")).to_contain_text("denied", timeout=30_000)
    assert answers(running) is None
    running.controller.put(f"/v1/rules/{rule}", body)
    assert answers(running) is not None


def test_a_tenant_is_moved_and_reaches_whom_the_preview_said(running: Running) -> None:
    before = running.controller.get("/v1/status")["revision"]
    assert caches(running) == CACHE and answers(running) is not None
    with browsed(running) as page:
        form = page.locator("#move-tenant-form")
        form.locator("[name=name]").fill("shop")
        form.locator("[name=vrf]").select_option("monitoring")
        form.get_by_role("button").click()
        lost = page.locator("[data-kind=lost] li")
        expect(lost).to_have_count(1, timeout=30_000)
        expect(lost).to_contain_text("order-api → promo-cache udp/9101 by api-to-cache")
        assert caches(running) == CACHE  # a preview changes nothing
        apply(page, why="the shop is watched")
        expect(page.locator("#tenants")).to_contain_text("monitoring", timeout=30_000)
        expect(page.locator("#revisions")).to_contain_text("the shop is watched")
    assert caches(running) is None
    assert answers(running) is not None  # by a rule that names no VRF
    running.controller.post(f"/v1/revisions/{before}/restore", {})
    assert caches(running) == CACHE


def test_what_passes_is_seen_in_the_matrix(running: Running) -> None:
    cells = seen(running)
    assert answers(running) is not None
    later = seen(running)
    deadline = time.monotonic() + 30
    while later == cells and time.monotonic() < deadline:  # packets are counted a moment later
        later = seen(running)
    assert later["web", "order-api"] is not None
    assert later["web", "order-api"] != cells["web", "order-api"]
    with browsed(running) as page:
        page.get_by_role("button", name="shop to shop:").click()
        marked = page.get_by_role("button", name="web to order-api:")
        expect(marked).to_have_class(re.compile(r"allowed seen"))


def seen(running: Running) -> dict[tuple[str, str], str | None]:
    """What the matrix of the shop's services says, once every switch has been read back."""
    running.controller.post("/v1/verify", {})
    found = running.controller.get("/v1/matrix", source="shop")["cells"]
    return {(cell["source"], cell["destination"]): cell["seen"] for cell in found}


def caches(running: Running) -> str | None:
    """Who answers the order API at the cache's address; a rule within one VRF allows it."""
    return asked(running, "order-api-2", CACHE, "udp", 9101)
