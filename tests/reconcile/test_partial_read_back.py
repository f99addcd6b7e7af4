"""After a change only entries with its cookies are read back; all of them at every audit."""

from __future__ import annotations

from dataclasses import replace

import pytest

from controller.dataplane.pipeline import SHAPES
from controller.dataplane.program import program
from controller.dataplane.shapes import Row
from controller.model.intent import frozen
from controller.model.network import Network
from controller.reconcile import state
from controller.reconcile.events import (
    Effect,
    NetworkChanged,
    ReadBack,
    ReadBackDone,
    ReadBackFailed,
    SendBundle,
    Tick,
)
from controller.reconcile.state import LOOKED_UP, MOST_COOKIES, SwitchState
from controller.reconcile.step import AUDIT_S
from tests.reconcile.world import World, assert_holds, world
from tests.sites import two_hosts


def settled() -> tuple[World, Network]:
    """Switches in line with a network, all of them read back."""
    network = two_hosts()
    found = world(network)
    for name in found.switches:
        found.connect(name)
    found.feed(NetworkChanged(network, 1))
    found.settle()
    drain(found)
    return found, network


def drain(found: World) -> list[ReadBack]:
    """Answer everything; what was read back."""
    seen = []
    while found.todo:
        effect = found.todo.pop(0)
        seen += [effect] if isinstance(effect, ReadBack) else []
        found.answer(effect, "well")
    return seen


def without_ping(network: Network) -> Network:
    rules = {name: rule for name, rule in network.intent.rules.items() if name != "ping"}
    return replace(network, intent=replace(network.intent, rules=frozen(rules)))


def row_of(found: World, shape: str) -> Row:
    return next(row for row in found.switches["edge-1"].values() if row.shape == shape)


def test_only_what_was_changed_is_asked_for() -> None:
    found, network = settled()
    ping = row_of(found, "permit.icmp").cookie
    found.feed(NetworkChanged(without_ping(network), 2))
    asked = drain(found)
    assert {effect.switch for effect in asked} == {"edge-1", "edge-2"}
    assert {effect.cookies for effect in asked} == {frozenset({ping})}


def test_an_entry_that_did_not_take_is_noticed_before_the_change_is_called_applied() -> None:
    found, network = settled()
    kept = row_of(found, "permit.icmp")
    found.feed(NetworkChanged(without_ping(network), 2))
    while any(isinstance(effect, SendBundle) for effect in found.todo):
        found.answer(found.todo.pop(0), "well")
    found.switches["edge-1"][kept.key] = kept  # as a switch that says yes and does nothing
    found.settle()
    assert [drift.switch for drift in found.drifts] == ["edge-1"]
    assert_holds(found, without_ping(network))


def test_an_entry_that_had_nothing_to_do_with_it_is_noticed_at_the_next_audit() -> None:
    found, network = settled()
    lost = row_of(found, "resolve.receiver:away")
    del found.switches["edge-1"][lost.key]
    found.feed(NetworkChanged(without_ping(network), 2))
    found.settle()
    drain(found)
    assert not found.drifts
    audited: list[str] = []
    found.now += AUDIT_S  # the first comes that long after the start
    for _ in found.switches:
        found.feed(Tick())
        audited += [effect.switch for effect in drain(found) if effect.audit]
        found.settle()
        found.now += AUDIT_S / len(found.switches)
    assert sorted(audited) == sorted(found.switches), "each of them once in that time, one a time"
    assert [drift.switch for drift in found.drifts] == ["edge-1"]
    assert_holds(found, without_ping(network))


def audit_of(found: World, name: str) -> ReadBack:
    """Let time pass until a switch is audited; nobody has answered yet."""
    found.now += AUDIT_S
    while True:
        found.feed(Tick())
        (audit,) = (effect for effect in found.todo if isinstance(effect, ReadBack))
        found.todo.remove(audit)
        if audit.switch == name:
            assert audit.audit
            return audit
        found.answer(audit, "well")
        found.now += AUDIT_S / len(found.switches)


def test_what_an_audit_finds_is_not_lost_by_a_change_meanwhile() -> None:
    found, network = settled()
    audit = audit_of(found, "edge-1")
    lost = row_of(found, "resolve.receiver:away")
    del found.switches["edge-1"][lost.key]
    found.feed(NetworkChanged(without_ping(network), 2))
    assert all(effect.cookies for effect in drain(found)), "the change waits for no audit"
    found.answer(audit, "well")
    assert [effect.cookies for effect in drain(found)][:1] == [frozenset()]
    assert [(drift.switch, drift.missing) for drift in found.drifts] == [("edge-1", (lost,))]
    assert_holds(found, without_ping(network))


@pytest.mark.parametrize("sees", ["before", "after"])
def test_what_is_changed_while_it_is_audited_is_no_drift(sees: str) -> None:
    found, network = settled()
    before = list(found.switches["edge-1"].values())
    audit = audit_of(found, "edge-1")
    found.feed(NetworkChanged(without_ping(network), 2))
    found.settle()
    after = list(found.switches["edge-1"].values())
    held = program(before if sees == "before" else after)
    found.feed(ReadBackDone("edge-1", audit.session, audit.asked, held, audit=True))
    assert drain(found) == []
    assert not found.drifts


def test_foreign_entries_that_an_audit_sees_are_looked_at_again() -> None:
    found, _ = settled()
    audit = audit_of(found, "edge-1")
    held = program(found.switches["edge-1"].values())
    foreign = frozenset({0x77})
    found.feed(ReadBackDone("edge-1", audit.session, audit.asked, held, foreign, audit=True))
    assert [(effect.cookies, effect.audit) for effect in drain(found)] == [(frozenset(), False)]


@pytest.mark.parametrize("end", ["failed", "session lost", "refused", "not known", "purged"])
def test_who_was_being_audited_is_audited_again(end: str) -> None:
    """However the audit ended, or what became of the switch meanwhile."""
    found, network = settled()
    audit = audit_of(found, "edge-1")
    session = audit.session
    match end:
        case "failed":
            found.feed(ReadBackFailed("edge-1", session, "no answer", audit=True))
            assert [effect.cookies for effect in drain(found)] == [frozenset()]
        case "session lost":
            found.lose("edge-1")
            found.connect("edge-1")
        case "refused" | "not known":
            found.feed(NetworkChanged(without_ping(network), 2))
            here = (effect for effect in found.todo if isinstance(effect, SendBundle))
            bundle = next(effect for effect in here if effect.switch == "edge-1")
            found.todo.remove(bundle)
            found.answer(bundle, "refused" if end == "refused" else "lost after")
        case _:
            whole = asked_whole(found, "edge-1")
            held, foreign = program(found.switches["edge-1"].values()), frozenset({0x77})
            found.feed(ReadBackDone("edge-1", session, whole.asked, held, foreign))
    found.settle()
    drain(found)
    assert audit_of(found, "edge-1").session == found.sessions["edge-1"]


def test_what_an_audit_finds_is_not_lost_by_an_older_read() -> None:
    found, network = settled()
    audit = audit_of(found, "edge-1")
    whole = asked_whole(found, "edge-1")
    before = program(found.switches["edge-1"].values())
    del found.switches["edge-1"][row_of(found, "resolve.receiver:away").key]
    found.answer(audit, "well")
    found.feed(ReadBackDone("edge-1", whole.session, whole.asked, before))
    drain(found)
    assert [drift.switch for drift in found.drifts] == ["edge-1"]
    assert_holds(found, network)


def asked_whole(found: World, name: str) -> ReadBack:
    """Have a switch read whole, for whatever reason; nobody has answered yet."""
    switch = replace(found.state.switch(name), unconfirmed=True, unread=None)
    found.state = found.state.with_switch(name, switch)
    found.feed(Tick())
    (whole,) = (effect for effect in found.todo if isinstance(effect, ReadBack))
    found.todo.remove(whole)
    return whole


def test_who_is_being_audited_is_not_asked_once_more() -> None:
    found, _ = settled()
    late = audit_of(found, "edge-1")
    found.now += AUDIT_S
    for _ in found.switches:
        found.feed(Tick())
        assert "edge-1" not in [effect.switch for effect in drain(found)]
        found.now += AUDIT_S / len(found.switches)
    found.answer(late, "well")
    drain(found)
    assert audit_of(found, "edge-1")


@pytest.mark.parametrize("first", [ReadBack, SendBundle])
def test_a_switch_is_read_back_while_it_forgets(first: type[Effect]) -> None:
    found, network = settled()
    found.feed(NetworkChanged(without_ping(network), 2))
    while not any(isinstance(effect, ReadBack) for effect in found.todo):
        found.answer(found.todo.pop(0), "well")
    here = [effect for effect in found.todo if of(effect) == of(found.todo[0])]
    assert {type(effect) for effect in here} == {ReadBack, SendBundle}
    assert all(not e.add and not e.remove and e.cuts for e in here if isinstance(e, SendBundle))
    here.sort(key=lambda effect: not isinstance(effect, first))
    for effect in here:
        assert not found.state.in_line(of(effect))
        found.todo.remove(effect)
        found.answer(effect, "well")
    assert found.state.in_line(of(here[0])), "and nothing is asked again"


def of(effect: Effect) -> str:
    assert isinstance(effect, ReadBack | SendBundle)
    return effect.switch


@pytest.mark.parametrize(
    ("held", "changed", "by_cookie"),
    [
        (MOST_COOKIES, MOST_COOKIES, True),
        (LOOKED_UP * MOST_COOKIES, MOST_COOKIES + 1, False),
        (LOOKED_UP * (MOST_COOKIES + 1), MOST_COOKIES + 1, True),
        (2 * LOOKED_UP * MOST_COOKIES, 2 * MOST_COOKIES + 1, False),
    ],
)
def test_what_a_change_is_read_back_for_depends_on_its_share(
    held: int, changed: int, by_cookie: bool
) -> None:
    gateway = SHAPES["answer.echo"]
    rows = tuple(gateway.row(number, segment=number, gateway=1) for number in range(held))
    switch = SwitchState(session=1, held=program(rows), unread=rows[:changed])
    asked = switch.changed_cookies(switch.held)
    assert asked == (frozenset(range(changed)) if by_cookie else frozenset())


def test_what_is_asked_ahead_is_what_will_be_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    """By what a switch will hold then: it may hold so much less that all of it is read."""
    whole = set()
    for share in range(1, 40):
        found, network = settled()
        with monkeypatch.context() as patch:
            patch.setattr(state, "MOST_COOKIES", 1)
            patch.setattr(state, "LOOKED_UP", share)
            gone = frozen({"web-1": network.intent.instances["web-1"]})
            less = replace(network.intent, instances=gone, rules=frozen({}))
            ahead, asked = told_and_asked(found, NetworkChanged(replace(network, intent=less), 2))
        assert asked == ahead
        whole |= {bool(cookies) for cookies in asked.values()}
    assert whole == {True, False}


def told_and_asked(
    found: World, event: NetworkChanged
) -> tuple[dict[str, frozenset[int]], dict[str, frozenset[int]]]:
    """What each switch's last bundle said it will be read back for, and what it was."""
    ahead: dict[str, frozenset[int]] = {}
    asked: dict[str, frozenset[int]] = {}
    found.feed(event)
    while found.todo or not all(found.state.in_line(name) for name in found.switches):
        if not found.todo:
            found.wait((found.wake or found.now) - found.now)
            continue
        effect = found.todo.pop(0)
        if isinstance(effect, ReadBack):
            asked[effect.switch] = effect.cookies
        elif isinstance(effect, SendBundle) and (effect.add or effect.remove):
            ahead[effect.switch] = effect.ahead.cookies
        found.answer(effect, "well")
    return ahead, asked
