"""What an operator does on the page, in a real browser."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from controller.northbound import page as served_page
from controller.northbound.access.gate import Gate
from controller.northbound.access.principals import Principal, Role
from controller.northbound.access.tokens import TokenFile
from tests.northbound.fakes import FakeController
from tests.page.conftest import Opened, Served, opened

CYTOSCAPE = "081591ab735b2b6a3b31a3c60f8f3a3e2fee8c92939e0c7820ad1208571b6cd8"


def test_the_topology_is_drawn_with_its_tables(tab: Opened) -> None:
    topology = tab.served.engine.topology
    place = tab.page.locator("#topology")
    assert place.get_attribute("data-nodes") == str(len(topology.switches))
    assert place.get_attribute("data-links") == str(len(topology.links))
    assert tab.page.locator("#switches tbody tr").count() == len(topology.switches)
    expect(tab.page.locator("#standing")).to_contain_text("ready")
    expect(tab.page.locator("#tenants")).to_contain_text("shop")
    expect(tab.page.locator("#revisions")).to_contain_text("first")


def test_it_looks_the_same_after_a_reload(tab: Opened) -> None:
    place = tab.page.locator("#topology")
    first = place.get_attribute("data-places")
    assert first and first.count(":") == len(tab.served.engine.topology.switches)
    tab.page.reload()
    tab.page.wait_for_selector("#topology[data-nodes]")
    assert place.get_attribute("data-places") == first


def test_a_move_is_previewed_and_applied(tab: Opened) -> None:
    page, engine = tab.page, tab.served.engine
    form = page.locator("#move-tenant-form")
    form.locator("[name=name]").fill("shop")
    form.locator("[name=vrf]").select_option("monitoring")
    form.get_by_role("button").click()
    expect(page.locator("#pairs li").first).to_contain_text("shop/")
    assert engine.revision() == 1
    page.locator("#apply").click()
    expect(page.locator("#applied")).to_contain_text("revision 2 is on every switch")
    assert (
        engine.network().intent.segments[engine.network().intent.tenants["shop"].segment].vrf
        == "monitoring"
    )


def test_a_rule_is_made_and_withdrawn(tab: Opened) -> None:
    page, engine = tab.page, tab.served.engine
    form = page.locator("#rule-form")
    values = {"name": "look", "from": "tier=web", "to": "tier=prometheus", "allow": "tcp/9091"}
    for name, value in values.items():
        form.locator(f"[name={name}]").fill(value)
    form.get_by_role("button", name="preview", exact=True).click()
    expect(page.locator("#pairs")).to_contain_text("shop/web -> ops/prometheus tcp/9091: gained")
    page.locator("#apply").click()
    expect(page.locator("#applied")).to_contain_text("revision 2")
    assert "look" in engine.network().intent.rules
    form.get_by_role("button", name="preview withdrawal").click()
    expect(page.locator("#pairs")).to_contain_text("lost")
    page.locator("#apply").click()
    expect(page.locator("#applied")).to_contain_text("revision 3")
    assert "look" not in engine.network().intent.rules


def test_an_event_arrives_live(tab: Opened) -> None:
    tab.served.record("link-down", links=["h1-f1"])
    expect(tab.page.locator("#events li").first).to_contain_text("link-down")
    tab.served.engine.disconnected.add("edge-1")
    tab.served.record("disconnected", switch="edge-1")
    expect(tab.page.locator("#standing")).to_contain_text("edge-1: not connected")


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


def test_the_matrix_is_cut_to_what_is_looked_for(tab: Opened) -> None:
    page = tab.page
    page.locator("#matrix-match").fill("sho")
    page.keyboard.press("Enter")
    expect(page.locator("#matrix-place")).to_contain_text("1 of 2 shown")
    assert page.locator("#matrix button").count() == 1


def test_the_path_stays_marked_when_news_come(tab: Opened) -> None:
    page = tab.page
    form = page.locator("#explain-form")
    for name, value in {"from": "web-1", "to": "api-1", "port": "8080"}.items():
        form.locator(f"[name={name}]").fill(value)
    form.get_by_role("button").click()
    expect(page.locator("#path")).to_contain_text("edge-1")
    marked = page.locator("#topology").get_attribute("data-path")
    assert marked and "edge-1" in marked
    with page.expect_response(lambda response: "/v1/matrix" in response.url):
        tab.served.record("in-sync", revision=1, switches=["edge-1"])
    expect(page.locator("#topology")).to_have_attribute("data-path", marked)


def test_the_keyboard_is_enough(tab: Opened) -> None:
    page = tab.page
    page.get_by_role("button", name="ops to ops: denied").focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("button", name="shop to shop: web-to-api")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#matrix-back")).to_be_visible()
    page.locator("#explain-form [name=from]").focus()
    page.keyboard.type("web-1")
    page.keyboard.press("Tab")
    page.keyboard.type("api-1")
    page.keyboard.press("Enter")
    expect(page.locator("#verdict")).to_contain_text("web-1 → api-1")


def test_what_is_refused_is_told(browser: Browser, served: Served) -> None:
    tab = opened(browser, served)
    form = tab.page.locator("#move-instance-form")
    tab.page.wait_for_selector("#topology[data-nodes]")
    form.locator("[name=name]").fill("nobody")
    form.get_by_role("button").click()
    expect(tab.page.locator("#message")).to_contain_text("there is no")
    assert served.engine.revision() == 1
    tab.page.close()


def test_a_token_is_asked_for_and_used(browser: Browser, tmp_path: Path) -> None:
    file = TokenFile(tmp_path / "tokens.json")
    token = file.add(Principal("olga", Role.OPERATOR))
    served = Served(FakeController(), Gate(file))
    try:
        tab = opened(browser, served)
        expect(tab.page.locator("#message")).to_contain_text("put it in above")
        tab.page.locator("#token").fill(token)
        tab.page.keyboard.press("Enter")
        tab.page.wait_for_selector("#topology[data-nodes]")
        form = tab.page.locator("#move-instance-form")
        form.locator("[name=name]").fill("web-1")
        form.locator("[name=host]").select_option("host-2")
        form.get_by_role("button").click()
        tab.page.locator("#apply").click()
        expect(tab.page.locator("#applied")).to_contain_text("revision 2")
        assert served.engine.history[-1][0].author == "olga"
        assert token not in tab.page.content()
        tab.page.close()
    finally:
        served.close()


def test_names_are_never_markup(browser: Browser) -> None:
    engine = FakeController()
    served = Served(engine)
    try:
        served.record("problem", switch="<img src=x onerror=alert(1)>", reason="<b>bold</b>")
        tab = opened(browser, served)
        expect(tab.page.locator("#events li").first).to_contain_text("<b>bold</b>")
        assert tab.page.locator("#events img, #events b").count() == 0
        tab.page.close()
    finally:
        served.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_light_and_dark(browser: Browser, served: Served, scheme: str) -> None:
    tab = opened(browser, served, scheme)
    tab.page.wait_for_selector("#topology[data-nodes]")
    back = tab.page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert back == {"light": "rgb(246, 247, 249)", "dark": "rgb(20, 23, 28)"}[scheme]
    tab.page.close()
    assert tab.faults == []


def test_nothing_is_loaded_from_elsewhere(browser: Browser, served: Served) -> None:
    page = browser.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(served.url)
    page.wait_for_selector("#topology[data-nodes]")
    page.close()
    assert [url for url in asked if not url.startswith((served.url, "data:"))] == []


def test_the_library_is_the_one_that_was_released() -> None:
    folder = Path(next(iter(served_page.__path__)))
    (library,) = (folder / "vendor").glob("cytoscape-*.min.js")
    assert hashlib.sha256(library.read_bytes()).hexdigest() == CYTOSCAPE
    assert (folder / "vendor" / "cytoscape-LICENSE.txt").exists()
