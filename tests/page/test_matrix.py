"""The matrix of who may reach whom: down, back, by keyboard, and while the network changes."""

from __future__ import annotations

from playwright.sync_api import expect

from controller.model.decode import decode_intent
from controller.model.identity import identities
from controller.northbound.ports import Sighting
from tests.northbound.fakes import DOCUMENT, HOSTS, FakeController
from tests.page.conftest import Opened, Serve, Visit

SHOP = "shop to shop: web-to-api"
WITHOUT_SHOP = {
    **DOCUMENT,
    "tenants": {"ops": {"segment": "metrics"}},
    "services": {"prometheus": {"tenant": "ops"}},
    "instances": {"prometheus-1": {"service": "prometheus", "host": "host-3"}},
    "rules": [],
}


def test_a_denied_pair_is_explained_from_the_matrix(tab: Opened) -> None:
    page = tab.page
    page.get_by_role("button", name="shop to ops: denied").click()
    page.get_by_role("button", name="web to prometheus: denied").click()
    expect(page.locator("#verdict")).to_contain_text("web-1 → prometheus-1 tcp/80: denied")
    page.locator("#matrix-back").click()
    page.get_by_role("button", name="shop to shop: web-to-api").click()
    page.get_by_role("button", name="web to api: tcp/8080 by web-to-api as realtime").click()
    expect(page.locator("#verdict")).to_contain_text("allowed")
    expect(page.locator("#path")).to_contain_text("in class realtime")


def test_what_was_seen_to_pass_is_marked(serve: Serve, visit: Visit) -> None:
    engine = FakeController()
    tab = visit(serve(engine)).timed().go().drawn()
    page = tab.page
    allowed = page.get_by_role("button", name=SHOP)
    expect(allowed).to_have_class("allowed")
    keys = identities(engine.network().intent)
    at = "2026-01-01T03:00:00+00:00"
    engine.sighted = [Sighting("web-to-api", keys["web"], keys["api"], at)]
    page.clock.run_for(5200)  # it is no event
    expect(page.locator("#matrix button.seen")).to_have_count(1)
    expect(page.get_by_role("button", name=f"{SHOP}; seen at")).to_have_class("allowed seen")
    expect(page.locator("#legend")).to_contain_text("seen to pass")


def test_the_matrix_is_cut_to_what_is_looked_for(tab: Opened) -> None:
    page = tab.page
    page.locator("#matrix-match").fill("sho")
    page.keyboard.press("Enter")
    expect(page.locator("#matrix-place")).to_contain_text("1 of 2 shown")
    assert page.locator("#matrix button").count() == 1


def test_a_look_for_a_tenant_is_none_for_a_service(tab: Opened) -> None:
    page = tab.page
    page.locator("#matrix-match").fill("sho")
    page.keyboard.press("Enter")
    expect(page.locator("#matrix-place")).to_contain_text("1 of 2 shown")
    page.get_by_role("button", name=SHOP).click()
    expect(page.get_by_role("button", name="web to api: tcp/8080")).to_be_visible()
    expect(page.locator("#matrix-match")).to_have_value("")
    expect(page.locator("#matrix button")).to_have_count(4)


def test_the_keyboard_is_enough(tab: Opened) -> None:
    page = tab.page
    page.get_by_role("button", name="ops to ops: denied").focus()
    page.keyboard.press("ArrowDown")
    tab.told()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("button", name=SHOP)).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="api to api: denied")).to_be_focused()
    page.locator("#matrix-back").focus()
    tab.told()
    expect(page.locator("#matrix-back")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name=SHOP)).to_be_focused()
    page.locator("#explain-form [name=from]").focus()
    page.keyboard.type("web-1")
    page.keyboard.press("Tab")
    page.keyboard.type("api-1")
    page.keyboard.press("Enter")
    expect(page.locator("#verdict")).to_contain_text("web-1 → api-1")


def test_news_take_the_keyboard_from_nothing(tab: Opened) -> None:
    held = tab.page.get_by_role("button", name="ops to ops: denied")
    held.focus()
    tab.told()
    expect(held).to_be_focused()
    tab.page.locator("#explain-form [name=from]").focus()
    tab.told()
    expect(tab.page.locator("#explain-form [name=from]")).to_be_focused()


def test_a_tenant_that_is_deleted_leads_back_to_the_others(tab: Opened) -> None:
    tab.refusals = {404}
    page, engine = tab.page, tab.served.engine
    page.get_by_role("button", name=SHOP).click()
    expect(page.locator("#matrix-back")).to_be_visible()
    engine.store(decode_intent(WITHOUT_SHOP, hosts=HOSTS))
    tab.served.record("revision", revision=2)
    expect(page.locator("#message")).to_contain_text("`shop`")
    expect(page.locator("#message")).to_contain_text("here are all tenants")
    expect(page.get_by_role("button", name="ops to ops: denied")).to_be_visible()
    expect(page.locator("#matrix button")).to_have_count(1)
    assert page.locator("#matrix-back").count() == 0
    tab.told()
    expect(page.locator("#message")).to_contain_text("here are all tenants")


def test_an_error_of_a_way_back_is_told(tab: Opened) -> None:
    tab.refusals = {503}
    page = tab.page
    page.get_by_role("button", name=SHOP).click()
    expect(page.locator("#matrix-back")).to_be_visible()
    problem = {"status": 503, "detail": "too much at once"}
    page.route("**/v1/matrix*", lambda route: route.fulfill(status=503, json=problem))
    page.locator("#matrix-back").click()
    expect(page.locator("#message")).to_have_text("too much at once")
    page.unroute("**/v1/matrix*")
    page.locator("#matrix-match").fill("ops")
    page.keyboard.press("Enter")
    expect(page.locator("#matrix-place")).to_contain_text("1 of 2 shown")
    expect(page.locator("#message")).to_be_hidden()
