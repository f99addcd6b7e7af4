"""The page on the running lab: what it applies is what real packets then meet."""

from __future__ import annotations

import contextlib
import subprocess
import time

from playwright.sync_api import Page, TimeoutError, expect, sync_playwright

from tests.lab.conftest import Running
from tests.lab.test_real_packets import answers
from tests.page.conftest import CHROMIUM

_DRAWN = "#topology[data-nodes]"
_TRIES = 4


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


def test_a_rule_is_withdrawn_and_a_pair_explained(running: Running) -> None:
    rule = running.controller.get(
        "/v1/explain", **{"from": "web-1", "to": "order-api-2", "port": 8080}
    )["rule"]["name"]
    body = running.controller.get(f"/v1/rules/{rule}")
    assert answers(running) is not None
    faults: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"]
        )
        page = browser.new_page()
        page.on("console", lambda told: faults.append(told.text) if told.type == "error" else None)
        page.on("pageerror", lambda error: faults.append(str(error)))
        open_page(page, running.controller.url)
        count = len(running.controller.get("/v1/switches"))
        assert page.locator("#topology").get_attribute("data-nodes") == str(count)
        form = page.locator("#rule-form")
        form.locator("[name=name]").fill(rule)
        form.get_by_role("button", name="preview withdrawal").click()
        expect(page.locator("#pairs li").first).to_contain_text("lost", timeout=30_000)
        page.locator("#apply").click()
        expect(page.locator("#applied")).to_contain_text("is on every switch", timeout=30_000)
        expect(page.locator("#events")).to_contain_text("in-sync", timeout=30_000)
        explain = page.locator("#explain-form")
        for name, value in {"from": "web-1", "to": "order-api-2", "port": "8080"}.items():
            explain.locator(f"[name={name}]").fill(value)
        explain.get_by_role("button").click()
        expect(page.locator("#verdict")).to_contain_text("denied", timeout=30_000)
        browser.close()
    assert answers(running) is None
    assert [text for text in faults if _is_ours(text)] == []
    running.controller.put(f"/v1/rules/{rule}", body)
    assert answers(running) is not None
