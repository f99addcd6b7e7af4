"""What a preview shows of reach: what is lost first, in groups, as many as can be read."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Locator, expect

from tests.page.conftest import Opened

GROUPS, NAMES = 20, 5


def group(number: int, services: int = 1, **other: object) -> dict[str, Any]:
    names = [f"s{number}-{index}" for index in range(services)]
    return {
        "sources": names, "destinations": ["api"], "allow": [f"tcp/{number}"],
        "rule": f"rule-{number}", "class": "best-effort", "dscp": None, **other,
    }  # fmt: skip


def kind(*groups: dict[str, Any]) -> dict[str, Any]:
    pairs = sum(len(one["sources"]) * len(one["destinations"]) for one in groups)
    return {"pairs": pairs, "groups": groups}


def preview(tab: Opened, **reach: dict[str, Any]) -> Locator:
    """What the page shows of a plan with this reach."""
    plan = {
        "plan": "p", "changed": True, "flows": {"added": 1, "changed": 0, "removed": 0},
        "reach": {name: reach.get(name, kind()) for name in ("gained", "lost", "changed")},
    }  # fmt: skip
    tab.page.route("**/move?dry_run=true", lambda route: route.fulfill(json=plan))
    form = tab.page.locator("#move-instance-form")
    form.locator("[name=name]").fill("web-1")
    form.locator("[name=host]").fill("host-2")
    form.get_by_role("button").click()
    return tab.page.locator("#pairs")


def test_what_is_lost_stands_first_however_much_is_gained(tab: Opened) -> None:
    many = kind(*(group(number) for number in range(60)))
    changed = kind(group(8, **{"class": "realtime", "class_before": "best-effort"}))
    shown = preview(tab, gained=many, lost=kind(group(7)), changed=changed)
    expect(shown.locator("p")).to_have_text(
        ["lost: 1 pair of services", "gained: 60 pairs of services", "changed: 1 pair of services"]
    )
    lost = shown.locator("[data-kind=lost] li")
    expect(lost).to_have_text(["s7-0 → api tcp/7 by rule-7 as best-effort"])
    expect(shown.locator("[data-kind=changed] li")).to_contain_text("best-effort → realtime")


def test_each_kind_says_how_much_more_there_is(tab: Opened) -> None:
    many = kind(*(group(number, services=2) for number in range(GROUPS + 3)))
    shown = preview(tab, gained=many, lost=many)
    for name in ("lost", "gained"):
        items = shown.locator(f"[data-kind={name}] li")
        expect(items).to_have_count(GROUPS + 1)
        expect(items.last).to_have_text("and 6 more")


def test_a_group_of_many_names_some_of_them(tab: Opened) -> None:
    item = preview(tab, lost=kind(group(1, services=NAMES + 4))).locator("li")
    expect(item).to_contain_text("s1-4 and 4 more → api tcp/1")
    expect(item).to_contain_text("(9 pairs)")


def test_no_pair_is_said_to_be_none(tab: Opened) -> None:
    expect(preview(tab)).to_have_text("no pair of services gains or loses reach")
