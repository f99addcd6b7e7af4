"""A switch that changes alone is told in the fewest turns, and what it forgets in two of them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bench.rig import site_of
from controller.model.change import Change, apply_changes, move_tenant
from controller.model.network import Network
from controller.reconcile import rollout
from controller.reconcile.events import (
    GoOn,
    NetworkChanged,
    Prepare,
    ReadBack,
    SendBundle,
    Tick,
)
from controller.reconcile.step import step
from tests.reconcile.test_refusals import settled
from tests.reconcile.world import World, assert_holds


def _sent(found: World) -> list[SendBundle]:
    """What the switch is sent until nothing is left to do."""
    sent: list[SendBundle] = []
    while found.todo:
        effect = found.todo.pop(0)
        sent += [effect] if isinstance(effect, SendBundle) else []
        found.answer(effect, "well")
    return sent


def _changed(base: Network, *changes: Change) -> Network:
    return replace(base, intent=apply_changes(base.intent, list(changes)))


def _relabelled(base: Network) -> Network:
    service = base.intent.services["service-0"]
    body = {"tenant": service.tenant, "labels": {"app": "a7"}}
    return _changed(base, Change("put", "services", service.name, body))


def test_what_was_forgotten_with_the_swap_is_forgotten_again_with_the_removal() -> None:
    base = site_of(40)
    found = settled(base)
    new = _relabelled(base)
    found.feed(NetworkChanged(new, 2))
    swap, removal = _sent(found)
    assert swap.add
    assert removal.remove
    assert swap.cuts
    assert removal.cuts == swap.cuts
    assert_holds(found, new)
    assert all(not switch.owed for switch in found.state.switches.values())


def test_what_is_forgotten_with_the_removal_is_forgotten_again_behind_it() -> None:
    base = site_of(40)
    found = settled(base)
    new = _changed(base, Change("delete", "rules", next(iter(base.intent.rules))))
    found.feed(NetworkChanged(new, 2))
    removal, flush = _sent(found)
    assert removal.remove
    assert removal.cuts
    assert not (flush.add or flush.remove)
    assert set(flush.cuts) == set(removal.cuts)
    assert_holds(found, new)


def test_a_removal_that_was_not_carried_out_leaves_everything_owed() -> None:
    base = site_of(40)
    found = settled(base)
    found.feed(NetworkChanged(_relabelled(base), 2))
    while not isinstance(effect := found.todo.pop(0), SendBundle) or not effect.remove:
        found.answer(effect, "well")
    assert effect.cuts
    found.answer(effect, "lost before")
    (switch,) = found.state.switches.values()
    assert set(switch.owed) == set(effect.cuts)
    found.settle()
    (switch,) = found.state.switches.values()
    assert not switch.owed


def test_what_comes_next_is_said_with_each_bundle() -> None:
    base = site_of(40)
    found = settled(base)
    found.feed(NetworkChanged(_relabelled(base), 2))
    swap = found.todo[0]
    assert isinstance(swap, SendBundle)
    found.answer(found.todo.pop(0), "well")
    removal = found.todo[0]
    assert isinstance(removal, SendBundle)
    assert swap.ahead.remove == removal.remove
    found.answer(found.todo.pop(0), "well")
    read = next(effect for effect in found.todo if isinstance(effect, ReadBack))
    assert removal.ahead.cookies == read.cookies


def test_what_is_worked_out_ahead_decides_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    base = site_of(40)
    new = replace(base, intent=move_tenant(base.intent, "tenant-0", vrf="monitoring"))
    ahead, behind = settled(base), settled(base)
    ahead.feed(NetworkChanged(new, 2))
    with monkeypatch.context() as patched:
        patched.setattr(rollout, "prepared", lambda *_: [])
        patched.setattr(rollout, "foreseen", lambda _, found: replace(found, soon=False))
        behind.feed(NetworkChanged(new, 2))
        sent = _sent(behind)
    assert _sent(ahead) == sent
    assert [bool(bundle.cuts) for bundle in sent] == [True, True]
    assert_holds(ahead, new)


def test_a_bundle_is_prepared_as_it_is_sent() -> None:
    base = site_of(40)
    found = settled(base)
    _, effects = step(found.state, NetworkChanged(_relabelled(base), 2), found.now)
    (prepared,) = (effect for effect in effects if isinstance(effect, Prepare))
    assert GoOn() in effects
    assert not any(isinstance(effect, SendBundle) for effect in effects)
    found.feed(NetworkChanged(_relabelled(base), 2))
    swap, _ = _sent(found)
    assert swap.cuts
    assert replace(swap, cuts=()) == prepared.bundle
    assert swap.ahead == prepared.bundle.ahead


def test_what_is_found_lost_before_a_bundle_is_sent_is_in_it() -> None:
    base = site_of(40)
    found = settled(base)
    found.now += 60
    found.feed(Tick())
    (audit,) = (effect for effect in found.todo if isinstance(effect, ReadBack))
    found.todo.clear()
    key = next(key for key in found.switches[audit.switch] if key.relation == "permit.tcp")
    lost = found.switches[audit.switch].pop(key)
    found.answer(audit, "well")
    whole = found.todo.pop()
    found.state, effects = step(found.state, NetworkChanged(_relabelled(base), 2), found.now)
    assert GoOn() in effects, "and before that an answer comes"
    found.answer(whole, "well")
    first = next(effect for effect in found.todo if isinstance(effect, SendBundle))
    assert lost in first.add
    found.settle()
    assert_holds(found, _relabelled(base))
