"""What an operator does on the page, in a real browser."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from controller.journal import Journal
from controller.northbound.ports import LinkLoad
from tests.northbound.fakes import HOSTS, FakeController
from tests.page.conftest import Opened, Serve, Visit


def test_the_topology_is_drawn_with_its_tables(tab: Opened) -> None:
    topology = tab.served.engine.topology
    place = tab.page.locator("#topology")
    assert place.get_attribute("data-nodes") == str(len(topology.switches))
    assert place.get_attribute("data-hosts") == str(len(HOSTS))
    assert place.get_attribute("data-links") == str(len(topology.links))
    assert tab.page.locator("#switches tbody tr").count() == len(topology.switches)
    expect(tab.page.locator("#standing")).to_contain_text("ready")
    expect(tab.page.locator("#tenants")).to_contain_text("shop")
    expect(tab.page.locator("#revisions")).to_contain_text("first")


def test_it_looks_the_same_after_a_reload(tab: Opened) -> None:
    place = tab.page.locator("#topology")
    first = place.get_attribute("data-places")
    assert first and first.count(":") == len(tab.served.engine.topology.switches) + len(HOSTS)
    tab.page.reload()
    tab.page.wait_for_selector("#topology[data-nodes]")
    assert place.get_attribute("data-places") == first


def test_links_tell_what_they_carry_and_go_on_telling(serve: Serve, visit: Visit) -> None:
    engine = FakeController()
    one, other, *_ = engine.topology.links.values()
    engine.carried = {one.name: LinkLoad(one.rate_mbps * 600_000, 0)}
    tab = visit(serve(engine)).timed().go().drawn()
    place, busiest = tab.page.locator("#topology"), tab.page.locator("#busiest")
    labels = place.get_attribute("data-labels") or ""
    assert f"{one.name}: 1G · 60%" in labels.split("; ")
    assert f"{other.name}: 1G" in labels.split("; ")
    expect(busiest).to_have_text(f"busiest: {one.name} 600M of 1G (60%)")
    engine.carried = {other.name: LinkLoad(5, one.rate_mbps * 1_234)}
    tab.page.clock.run_for(5200)
    expect(busiest).to_have_text(f"busiest: {other.name} 1.23M of 1G (<1%)")


def test_a_move_is_previewed_and_applied(tab: Opened) -> None:
    page, engine = tab.page, tab.served.engine
    form = page.locator("#move-tenant-form")
    form.locator("[name=name]").fill("shop")
    form.locator("[name=vrf]").select_option("monitoring")
    form.get_by_role("button").click()
    expect(page.locator("#pairs ul[data-kind=lost] li")).to_contain_text("prometheus → api, web")
    assert engine.revision() == 1
    expect(page.locator("#apply-form [name=why]")).to_be_focused()
    page.keyboard.type("the shop is watched")
    page.keyboard.press("Enter")
    expect(page.locator("#applied")).to_contain_text("revision 2 is on every switch")
    assert engine.history[-1][0].message == "the shop is watched"
    assert (
        engine.network().intent.segments[engine.network().intent.tenants["shop"].segment].vrf
        == "monitoring"
    )


def test_an_event_arrives_live(tab: Opened) -> None:
    tab.served.record("link-down", links=["h1-f1"])
    expect(tab.page.locator("#events li").first).to_contain_text("link-down")
    tab.served.engine.disconnected.add("edge-1")
    tab.served.record("disconnected", switch="edge-1")
    expect(tab.page.locator("#standing")).to_contain_text("edge-1: not connected")


def test_events_that_were_missed_have_everything_read_anew(serve: Serve, visit: Visit) -> None:
    engine = FakeController()
    before = engine.journal = Journal(last=1_780_000_000_000)
    tab = visit(serve(engine)).go().drawn()
    newest = tab.page.locator("#events li").first
    tab.served.record("link-down", link="core")
    expect(newest).to_contain_text("link-down")
    engine.journal = Journal(last=1_790_000_000_000)  # as after a restart
    engine.disconnected.add("edge-1")
    tab.served.hang_up(before)
    expect(newest).to_contain_text("gap some events were missed")
    expect(tab.page.locator("#standing")).to_contain_text("edge-1: not connected")


def test_the_path_stays_marked_when_news_come(tab: Opened) -> None:
    page = tab.page
    form = page.locator("#explain-form")
    for name, value in {"from": "web-1", "to": "api-1", "port": "8080"}.items():
        form.locator(f"[name={name}]").fill(value)
    form.get_by_role("button").click()
    expect(page.locator("#path")).to_contain_text("edge-1")
    marked = page.locator("#topology").get_attribute("data-path")
    assert marked and "edge-1" in marked
    tab.told()
    expect(page.locator("#topology")).to_have_attribute("data-path", marked)


def test_what_is_refused_is_told_until_something_else_is_done(tab: Opened) -> None:
    tab.refusals = {404}
    form = tab.page.locator("#move-instance-form")
    form.locator("[name=name]").fill("nobody")
    form.locator("[name=host]").fill("host-2")
    form.get_by_role("button").click()
    expect(tab.page.locator("#message")).to_contain_text("there is no")
    tab.told()
    expect(tab.page.locator("#message")).to_contain_text("there is no")
    assert tab.served.engine.revision() == 1
    form.locator("[name=name]").fill("web-1")
    form.get_by_role("button").click()
    expect(tab.page.locator("#message")).to_be_hidden()


def test_names_are_never_markup(serve: Serve, visit: Visit) -> None:
    served = serve()
    served.record("problem", switch="<img src=x onerror=alert(1)>", reason="<b>bold</b>")
    tab = visit(served).go()
    expect(tab.page.locator("#events li").first).to_contain_text("<b>bold</b>")
    assert tab.page.locator("#events img, #events b").count() == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_light_and_dark(visit: Visit, scheme: str) -> None:
    tab = visit(scheme=scheme).go().drawn()
    back = tab.page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert back == {"light": "rgb(246, 247, 249)", "dark": "rgb(20, 23, 28)"}[scheme]
