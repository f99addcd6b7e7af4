"""The form of a rule: it changes what the operator changes, and nothing else."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Locator, expect

from controller.northbound.views import object_view
from tests.northbound.fakes import DOCUMENT, FakeController
from tests.page.conftest import Opened, Serve, Visit

RICH = {
    "name": "rich",
    "from": {"tier": ["web", "api"], "vrf": "business"},
    "to": {"tier": "prometheus"},
    "allow": ["tcp/9091", "icmp"],
    "class": "realtime",
    "dscp": 10,
}


def fill(tab: Opened, **values: str) -> Locator:
    form = tab.page.locator("#rule-form")
    for key, value in values.items():
        form.locator(f"[name={key}]").fill(value)
    return form


def name(tab: Opened, rule: str, has: str) -> Locator:
    """Name a rule, and wait until what it has is shown."""
    form = fill(tab, name=rule)
    form.locator("[name=from]").focus()
    expect(tab.page.locator("#rule-has")).to_have_text(has)
    return form


def apply(tab: Opened, revision: int, button: str = "preview") -> None:
    tab.page.locator("#rule-form").get_by_role("button", name=button, exact=True).click()
    tab.page.locator("#apply").click()
    expect(tab.page.locator("#applied")).to_contain_text(f"revision {revision}")


def rule(tab: Opened, name: str) -> dict[str, Any]:
    found = object_view(tab.served.engine.network(), "rules", name)
    return {**found, "from": dict(found["from"]), "to": dict(found["to"])}


def test_a_rule_is_made_and_withdrawn(tab: Opened) -> None:
    tab.refusals = {404}
    page, engine = tab.page, tab.served.engine
    form = page.locator("#rule-form")
    values = {"name": "look", "from": "tier=web", "to": "tier=prometheus", "allow": "tcp/9091"}
    for key, value in values.items():
        form.locator(f"[name={key}]").fill(value)
    form.get_by_role("button", name="preview", exact=True).click()
    expect(page.locator("#pairs ul[data-kind=gained]")).to_contain_text("web → prometheus tcp/9091")
    page.locator("#apply").click()
    expect(page.locator("#applied")).to_contain_text("revision 2")
    assert "look" in engine.network().intent.rules
    form.get_by_role("button", name="preview withdrawal").click()
    expect(page.locator("#pairs")).to_contain_text("lost")
    page.locator("#apply").click()
    expect(page.locator("#applied")).to_contain_text("revision 3")
    assert "look" not in engine.network().intent.rules


@pytest.fixture
def rich(serve: Serve, visit: Visit) -> Opened:
    rules: Any = DOCUMENT["rules"]
    return visit(serve(FakeController({**DOCUMENT, "rules": [*rules, RICH]}))).go().drawn()


def test_a_rule_is_shown_once_it_is_named(rich: Opened) -> None:
    form = name(rich, "rich", "keeps dscp 10, class realtime")
    expect(form.locator("[name=from]")).to_have_value("tier=api|web, vrf=business")
    expect(form.locator("[name=to]")).to_have_value("tier=prometheus")
    expect(form.locator("[name=allow]")).to_have_value("icmp, tcp/9091")
    name(rich, "scrape", "")
    expect(form.locator("[name=from]")).to_have_value("vrf=monitoring")


@pytest.mark.parametrize("button", ["preview", "preview withdrawal"])
def test_a_button_stays_under_the_pointer_that_presses_it(rich: Opened, button: str) -> None:
    """To leave the name is to have the rule read, and a press lasts longer than that."""
    form, mouse = fill(rich, name="rich"), rich.page.mouse
    box = form.get_by_role("button", name=button, exact=True).bounding_box()
    assert box is not None
    mouse.move(box["x"] + 2, box["y"] + box["height"] / 2)
    mouse.down()
    expect(rich.page.locator("#rule-has")).to_have_text("keeps dscp 10, class realtime")
    mouse.up()
    expect(rich.page.locator("#apply")).to_be_visible()


def test_what_the_form_does_not_touch_stays(rich: Opened) -> None:
    before = rule(rich, "rich")
    name(rich, "rich", "keeps dscp 10, class realtime")
    fill(rich, allow="tcp/9092")
    apply(rich, 2)
    assert rule(rich, "rich") == {**before, "allow": ["tcp/9092"]}
    fill(rich, to="tier=prometheus|api")
    apply(rich, 3)
    to = {"tier": ["api", "prometheus"]}
    assert rule(rich, "rich") == {**before, "allow": ["tcp/9092"], "to": to}


def test_what_was_typed_before_the_rule_was_read_stays(rich: Opened) -> None:
    before = rule(rich, "rich")
    fill(rich, allow="tcp/1", to="tier=prometheus", name="rich")
    apply(rich, 2)
    assert rule(rich, "rich") == {**before, "allow": ["tcp/1"]}


def test_a_change_meanwhile_of_what_is_not_touched_is_kept(rich: Opened) -> None:
    name(rich, "web-to-api", "keeps class realtime")
    fill(rich, allow="tcp/8081")
    apply_other = {"from": {"tier": "web"}, "to": {"tier": "api"}, "allow": ["tcp/1"]}
    answer = rich.page.request.put(f"{rich.served.url}/v1/rules/web-to-api", data=apply_other)
    assert answer.ok
    apply(rich, 3)
    found = rule(rich, "web-to-api")
    assert found["allow"] == ["tcp/8081"] and "class" not in found


def test_a_rule_that_is_new_is_what_the_fields_say(rich: Opened) -> None:
    rich.refusals = {404}
    name(rich, "web-to-api", "keeps class realtime")
    name(rich, "other", "a new rule")
    fill(rich, allow="udp/53")
    apply(rich, 2)
    assert rule(rich, "other") == {
        "name": "other", "from": {"tier": "web"}, "to": {"tier": "api"}, "allow": ["udp/53"]
    }  # fmt: skip


def test_a_rule_that_was_deleted_meanwhile_is_made_anew(rich: Opened) -> None:
    rich.refusals = {404}
    name(rich, "web-to-api", "keeps class realtime")
    assert rich.page.request.delete(f"{rich.served.url}/v1/rules/web-to-api").ok
    apply(rich, 3)
    found = rule(rich, "web-to-api")
    assert (found["from"], found["to"]) == ({"tier": "web"}, {"tier": "api"})
