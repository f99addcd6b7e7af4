"""A switch that is slow to say what it holds holds up what relies on it, and nothing else."""

from __future__ import annotations

from dataclasses import replace

from controller.model.intent import frozen
from controller.model.network import Network
from controller.reconcile.events import NetworkChanged, ReadBack, SendBundle
from controller.reconcile.rollout import UNREAD_S
from tests.reconcile.world import World, assert_holds, world
from tests.sites import two_hosts

SLOW = "edge-2"


def connected(network: Network, rows: World | None = None) -> World:
    """All switches connected, and all but the slow one read."""
    found = world(network) if rows is None else World(rows.switches)
    found.feed(NetworkChanged(network, 1))
    for name in found.switches:
        found.connect(name)
    others = [effect for effect in found.todo if effect.switch != SLOW]
    found.todo = [effect for effect in found.todo if effect.switch == SLOW]
    for effect in others:
        found.answer(effect, "well")
    return found


def sent(found: World) -> set[str]:
    return {effect.switch for effect in found.todo if isinstance(effect, SendBundle)}


def without(network: Network, rule: str) -> Network:
    rules = {name: one for name, one in network.intent.rules.items() if name != rule}
    return replace(network, intent=replace(network.intent, rules=frozen(rules)))


def test_others_are_programmed_without_one_that_is_slow_to_be_read() -> None:
    network = two_hosts()
    found = connected(network)
    assert not sent(found), "it may be read in a moment, and then all begin together"
    assert found.wake == UNREAD_S
    found.wait(UNREAD_S)
    assert sent(found) == found.switches.keys() - {SLOW}
    slow, *rest = found.todo
    assert isinstance(slow, ReadBack)
    found.todo = rest
    while found.todo:
        found.answer(found.todo.pop(0), "well")
    assert all(found.state.in_line(name) for name in found.switches.keys() - {SLOW})
    assert found.switches[SLOW] == {}
    found.answer(slow, "well")
    assert sent(found) == {SLOW}
    found.settle()
    assert_holds(found, network)


def test_who_is_read_in_time_begins_with_the_others() -> None:
    network = two_hosts()
    found = connected(network)
    found.answer(found.todo.pop(0), "well")
    assert sent(found) == found.switches.keys()
    assert found.now == 0.0


def test_what_one_that_is_not_read_may_rely_on_stays() -> None:
    network = two_hosts()
    before = connected(network)
    before.settle()
    less = without(network, "ping")
    found = connected(less, before)
    found.wait(10 * UNREAD_S)
    assert not sent(found)
    found.answer(found.todo.pop(0), "well")
    assert sent(found)
    found.settle()
    assert_holds(found, less)


def test_what_comes_does_not_wait_while_one_is_read_again() -> None:
    """One that has disconnected and come back, as after a cut."""
    network = two_hosts()
    less = without(network, "ping")
    found = connected(less)
    found.settle()
    found.lose(SLOW)
    found.connect(SLOW)
    found.feed(NetworkChanged(network, 2))
    assert not sent(found)
    found.wait(UNREAD_S)
    assert sent(found) == {"edge-1"}
    found.settle()
    assert_holds(found, network)
