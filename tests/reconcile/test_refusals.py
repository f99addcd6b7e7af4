"""A switch that refuses its part of a change: the others hold what they held before."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.strategies import DataObject

from controller.model.change import move_tenant
from controller.model.intent import frozen
from controller.model.network import Network
from controller.reconcile.events import NetworkChanged, ReadBack, SendBundle, SwitchDown, Tick
from controller.reconcile.rollout import ABSENCE_S
from tests.chance import often
from tests.reconcile.world import World, assert_holds, world
from tests.sites import two_hosts
from tests.strategies import intents, moved, plugged, site


def settled(network: Network) -> World:
    found = world(network)
    found.feed(NetworkChanged(network, 1))
    for name in found.switches:
        found.connect(name)
    found.settle()
    return found


def run(found: World, refusing: str, at: int) -> None:
    """Answer everything; ``refusing`` refuses its bundle number ``at`` and nothing after."""
    bundles = 0
    while found.todo or found.state.rollout:
        if not found.todo:  # frames drain before entries go
            assert found.wake is not None
            found.now = found.wake
            found.feed(Tick())
            continue
        effect = found.todo.pop(0)
        fate = "well"
        if isinstance(effect, SendBundle) and effect.switch == refusing:
            bundles += 1
            fate = "refused" if bundles == at else "well"
        found.answer(effect, fate)


@settings(max_examples=often(20))
@given(st.data())
def test_one_refusal_and_every_switch_holds_its_old_program(data: DataObject) -> None:
    """Before the first removal; then the whole is tried again and holds everywhere."""
    first = data.draw(intents(max_instances=5))
    second = data.draw(moved(first))
    topology = site()
    one, two = (Network(i, topology, plugged(first, topology)) for i in (first, second))
    found = settled(one)
    refusing = data.draw(st.sampled_from(sorted(found.switches)))
    found.late = data.draw(st.booleans())
    found.feed(NetworkChanged(two, 2))
    run(found, refusing, data.draw(st.integers(1, 2)))
    if found.reverted:
        assert_holds(found, one)
    found.settle()
    assert_holds(found, two)


def test_a_refused_change_that_is_taken_back_leaves_nothing_to_do() -> None:
    network = two_hosts()
    found = settled(network)
    without = Network(network.intent.__class__(), network.topology, network.facts)
    empty = settled(without)
    empty.feed(NetworkChanged(network, 2))
    run(empty, "edge-2", 1)
    assert empty.reverted
    assert empty.state.switch("edge-2").problem == "the table is full"
    bundles = empty.bundles
    empty.feed(NetworkChanged(without, 3))
    empty.settle()
    assert empty.bundles == bundles
    assert_holds(empty, without)
    assert_holds(found, network)


def test_nothing_starts_while_a_connected_switch_is_unknown() -> None:
    """Else the order of phases would not hold for it."""
    network = two_hosts()
    found = world(network)
    found.feed(NetworkChanged(network, 1))
    for name in found.switches:
        found.connect(name)
    first = found.todo.pop(0)
    assert isinstance(first, ReadBack)
    found.answer(first, "well")
    assert not any(isinstance(effect, SendBundle) for effect in found.todo)
    for other in [e for e in found.todo if isinstance(e, ReadBack)][:-1]:
        found.todo.remove(other)
        found.answer(other, "well")
    (last,) = found.todo
    found.sessions[last.switch] += 1
    found.todo.clear()
    found.feed(SwitchDown(last.switch, last.session))
    assert not any(isinstance(effect, SendBundle) for effect in found.todo), "it may come back"
    found.wait(ABSENCE_S)
    assert {e.switch for e in found.todo if isinstance(e, SendBundle)} == {*found.switches} - {
        last.switch
    }


def test_withdrawn_connections_are_forgotten_once_no_switch_permits_them() -> None:
    network = two_hosts()
    found = settled(network)
    rules = {n: r for n, r in network.intent.rules.items() if n != "web-to-api"}
    intent = replace(network.intent, rules=frozen(rules))
    found.feed(NetworkChanged(replace(network, intent=intent), 2))
    sent: list[SendBundle] = []
    while not found.state.in_line("edge-1"):
        if not found.todo:
            assert found.wake is not None
            found.now = max(found.now, found.wake)
            found.feed(Tick())
            continue
        effect = found.todo.pop(0)
        if isinstance(effect, SendBundle):
            sent.append(effect)
        found.answer(effect, "well")
    flushed = [bool(effect.cuts) for effect in sent]
    assert flushed == sorted(flushed), "cuts come last"
    zones = {cut.zone for effect in sent for cut in effect.cuts}
    instances = network.intent.instances
    assert zones == {instances[name].id for name in ("web-1", "api-1", "api-2")}
    assert {(cut.protocol, cut.port) for e in sent for cut in e.cuts} == {(6, None)}


def test_a_switch_that_goes_in_the_moment_when_a_change_begins_holds_up_nothing() -> None:
    base = two_hosts()
    new = replace(base, intent=move_tenant(base.intent, "shop", vrf="monitoring", readdress=True))
    for name in ("edge-1", "edge-2"):
        found = settled(base)
        found.late = True
        found.feed(NetworkChanged(new, 2))
        rollout = found.state.rollout
        assert rollout is not None
        assert rollout.soon and rollout.sent and rollout.waiting > {name}
        found.lose(name)
        found.todo = [effect for effect in found.todo if getattr(effect, "switch", "") != name]
        found.connect(name)
        found.settle()
        assert_holds(found, new)
