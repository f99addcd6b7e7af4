"""The page on the running lab: what it applies is what real packets then meet."""

from __future__ import annotations

from playwright.sync_api import expect, sync_playwright

from tests.lab.conftest import Running
from tests.lab.test_real_packets import answers
from tests.page.conftest import CHROMIUM


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
        page.goto(running.controller.url)
        page.wait_for_selector("#topology[data-nodes]")
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
    assert faults == []
    running.controller.put(f"/v1/rules/{rule}", body)
    assert answers(running) is not None
