"""The API's own page in a real browser: it is drawn, takes a token, and calls with it."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import expect

from controller.northbound.access.gate import Gate
from controller.northbound.access.principals import Principal, Role
from controller.northbound.access.tokens import TokenFile
from tests.page.conftest import Serve, Visit


def test_a_call_is_tried_without_a_token_and_with_one(
    tmp_path: Path, serve: Serve, visit: Visit
) -> None:
    tokens = TokenFile(tmp_path / "tokens.json")
    token = tokens.add(Principal("olga", Role.VIEWER))
    tab = visit(serve(gate=Gate(tokens)))
    tab.refusals = {401}
    page = tab.page
    page.goto(f"{tab.served.url}/docs")
    page.locator("#operations-tag-health").click()
    call = page.locator(".opblock", has_text="/v1/status").first
    call.locator(".opblock-summary-control").click()
    call.get_by_role("button", name="Execute").click()
    status = call.locator(".live-responses-table .response-col_status").last
    expect(status).to_contain_text("401")
    page.locator("button.authorize").first.click()
    dialog = page.locator(".dialog-ux")
    dialog.locator("input").first.fill(token)
    dialog.get_by_role("button", name="Apply").or_(
        dialog.get_by_role("button", name="Authorize", exact=True)
    ).first.click()
    dialog.get_by_role("button", name="Close").last.click()
    call.get_by_role("button", name="Execute").click()
    expect(status).to_contain_text("200")
    expect(call.locator(".live-responses-table")).to_contain_text('"revision": 1')
