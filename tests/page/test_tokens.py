"""Tokens: asked for, used, and what the page does while the controller lets it see nothing."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import expect

from controller.northbound.access.gate import Gate
from controller.northbound.access.principals import Principal, Role
from controller.northbound.access.tokens import TokenFile
from tests.page.conftest import Opened, Serve, Visit

HOUR_MS = 3_600_000


@pytest.fixture
def tokens(tmp_path: Path) -> TokenFile:
    return TokenFile(tmp_path / "tokens.json")


@pytest.fixture
def guarded(tokens: TokenFile, serve: Serve, visit: Visit) -> Opened:
    """The page of a controller that asks for tokens, by a clock that the test drives."""
    tab = visit(serve(gate=Gate(tokens)))
    tab.refusals = {401}
    return tab.timed().go()


def use(tab: Opened, token: str) -> None:
    tab.page.locator("#token").fill(token)
    tab.page.keyboard.press("Enter")


def counted(tab: Opened) -> list[str]:
    """What is asked from now on."""
    asked: list[str] = []
    tab.page.on("request", lambda request: asked.append(request.url))
    return asked


def test_a_token_is_asked_for_and_used(guarded: Opened, tokens: TokenFile) -> None:
    page = guarded.page
    expect(page.locator("#message")).to_contain_text("a token is needed")
    expect(page.locator("#token")).to_be_focused()
    token = tokens.add(Principal("olga", Role.OPERATOR))
    use(guarded, token)
    guarded.drawn()
    expect(page.locator("#message")).to_be_hidden()
    form = page.locator("#move-instance-form")
    form.locator("[name=name]").fill("web-1")
    form.locator("[name=host]").select_option("host-2")
    form.get_by_role("button").click()
    page.locator("#apply").click()
    expect(page.locator("#applied")).to_contain_text("revision 2")
    assert guarded.served.engine.history[-1][0].author == "olga"
    assert token not in page.content()


def test_a_wrong_token_is_shown_once_and_nothing_is_asked_until_there_is_another(
    guarded: Opened, tokens: TokenFile
) -> None:
    page = guarded.page
    expect(page.locator("#standing")).to_have_text("a token is needed")
    asked = counted(guarded)
    use(guarded, "bulkhead_wrong")
    expect(page.locator("#message")).to_contain_text("this token is not known")
    page.locator("#explain-form [name=from]").focus()
    page.clock.run_for(HOUR_MS)
    expect(page.locator("#explain-form [name=from]")).to_be_focused()
    assert asked == [f"{guarded.served.url}/v1/status"]
    use(guarded, tokens.add(Principal("olga", Role.VIEWER)))
    guarded.drawn()


def test_a_token_that_is_removed_is_not_shown_again(guarded: Opened, tokens: TokenFile) -> None:
    page = guarded.page
    use(guarded, tokens.add(Principal("olga", Role.VIEWER)))
    guarded.drawn()
    tokens.remove("olga")
    guarded.served.record("drift", switch="edge-1")
    expect(page.locator("#events")).to_contain_text("drift")
    page.clock.run_for(1000)
    expect(page.locator("#standing")).to_have_text("a token is needed")
    asked = counted(guarded)
    guarded.served.record("drift", switch="edge-2")
    page.clock.run_for(HOUR_MS)
    assert asked == []
    use(guarded, tokens.add(Principal("otto", Role.VIEWER)))
    expect(page.locator("#events")).to_contain_text("edge-2")


def test_who_is_of_some_tenants_is_told_so(guarded: Opened, tokens: TokenFile) -> None:
    guarded.refusals = {401, 403}
    use(guarded, tokens.add(Principal("shop-ci", Role.OPERATOR, frozenset({"shop"}))))
    expect(guarded.page.locator("#standing")).to_have_text("this token may not see the whole site")
    asked = counted(guarded)
    guarded.page.clock.run_for(HOUR_MS)
    assert asked == []


def test_too_many_requests_are_asked_again_when_the_controller_says(visit: Visit) -> None:
    tab = visit().timed()
    tab.refusals = {429}
    page = tab.page
    many = {"status": 429, "detail": "more than 2000 a second"}
    page.route(
        "**/v1/status",
        lambda route: route.fulfill(status=429, headers={"Retry-After": "7"}, json=many),
    )
    tab.go()
    expect(page.locator("#standing")).to_contain_text("too often; it is asked again in 7 s")
    page.unroute("**/v1/status")
    asked = counted(tab)
    page.clock.run_for(6900)
    assert asked == []
    page.clock.run_for(200)
    tab.drawn()
    expect(page.locator("#message")).to_be_hidden()


def test_no_answer_is_told_as_such(visit: Visit) -> None:
    tab = visit().timed()
    tab.refusals = {0}
    page = tab.page
    page.route("**/v1/status", lambda route: route.abort("connectionrefused"))
    tab.go()
    expect(page.locator("#standing")).to_have_text(
        "the controller does not answer; it is asked again"
    )
    page.unroute("**/v1/status")
    page.clock.run_for(2000)
    tab.drawn()
