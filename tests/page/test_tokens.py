"""Tokens: asked for, used, and what the page does while the controller lets it see nothing."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import expect

from controller.northbound.access.gate import Gate
from controller.northbound.access.principals import Principal, Role
from controller.northbound.access.tokens import TokenFile
from labkit.processes import eventually
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
    form.locator("[name=host]").fill("host-2")
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

    def asks_for_another() -> bool:
        page.clock.run_for(1000)  # the stream ends when it ends; then it is tried again
        return page.locator("#standing").text_content() == "a token is needed"

    eventually(asks_for_another, "that the page asks for another token")
    expect(page.locator("#events")).not_to_contain_text("drift")
    asked = counted(guarded)
    guarded.served.record("drift", switch="edge-2")
    page.clock.fast_forward(HOUR_MS)  # to draw every frame of it would take 16 s
    assert asked == []
    use(guarded, tokens.add(Principal("otto", Role.VIEWER)))
    expect(page.locator("#events")).to_contain_text("edge-2")


@pytest.fixture
def of_shop(guarded: Opened, tokens: TokenFile) -> Opened:
    """The page, with the token of an operator of one tenant."""
    guarded.refusals = {401, 403}
    use(guarded, tokens.add(Principal("shop-ci", Role.OPERATOR, frozenset({"shop"}))))
    expect(guarded.page.locator("#standing")).to_contain_text("ready · revision 1")
    return guarded


def test_an_operator_of_a_tenant_sees_what_is_theirs(of_shop: Opened) -> None:
    page = of_shop.page
    expect(page.locator("#tenants tbody tr")).to_have_count(1)
    expect(page.locator("#own-instances tbody tr")).to_have_count(3)
    expect(page.locator("#own-instances")).to_contain_text("web-1webhost-1")
    for part in ("topology", "matrix", "switches", "revisions", "denied", "events"):
        expect(page.locator(f"#{part}-part")).to_be_hidden()
    expect(page.locator("#move-tenant-form")).to_be_hidden()
    expect(page.locator("#message")).to_be_hidden()


def test_an_operator_of_a_tenant_changes_and_explains_what_is_theirs(of_shop: Opened) -> None:
    page = of_shop.page
    form = page.locator("#move-instance-form")
    form.locator("[name=name]").fill("web-1")
    form.locator("[name=host]").fill("host-2")
    form.get_by_role("button").click()
    page.locator("#apply-form [name=why]").fill("host-1 is tired")
    page.keyboard.press("Enter")
    expect(page.locator("#applied")).to_contain_text("revision 2")
    note = of_shop.served.engine.history[-1][0]
    assert (note.author, note.message) == ("shop-ci", "host-1 is tired")
    page.clock.run_for(6000)
    expect(page.locator("#own-instances")).to_contain_text("web-1webhost-2")
    explain = page.locator("#explain-form")
    for name, value in {"from": "web-1", "to": "api-1", "port": "8080"}.items():
        explain.locator(f"[name={name}]").fill(value)
    explain.get_by_role("button").click()
    expect(page.locator("#verdict")).to_contain_text("allowed")


def test_what_an_operator_of_a_tenant_may_not_see_is_asked_for_once(of_shop: Opened) -> None:
    asked = counted(of_shop)
    with of_shop.page.expect_response(lambda response: response.url.endswith("/v1/status")):
        of_shop.page.clock.run_for(6000)
    assert [url for url in asked if not url.endswith("/v1/status")] == []


def test_a_token_for_the_whole_site_shows_it_after_one_that_is_not(
    of_shop: Opened, tokens: TokenFile
) -> None:
    use(of_shop, tokens.add(Principal("olga", Role.VIEWER)))
    of_shop.drawn()
    expect(of_shop.page.locator("#tenants tbody tr")).to_have_count(2)
    expect(of_shop.page.locator("#instances-part")).to_be_hidden()


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
