"""Whatever happens on the way, connections that are denied in the end are forgotten in the end."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st
from hypothesis.strategies import DataObject

from controller.compile import compile_network
from controller.model.intent import frozen
from controller.model.network import Network
from controller.reconcile.events import NetworkChanged, SendBundle, Tick
from controller.reconcile.state import State
from controller.verify.site import Site
from tests.chance import often
from tests.diff.test_flushed import (
    altered,
    connect,
    cut_alone,
    known,
    may_be_known,
    meanings,
    questions,
    spread,
)
from tests.reconcile.test_refusals import settled
from tests.reconcile.world import World, assert_holds
from tests.sites import INTENT, two_hosts
from tests.strategies import intents, site
from tests.verify.test_plan_safety import plugged_for

FATES = ("well", "well", "well", "refused", "lost before", "lost after", "not flushed")


@settings(max_examples=often(20))
@given(st.data())
def test_what_is_denied_in_the_end_is_known_to_nobody(data: DataObject) -> None:
    one = data.draw(intents(max_instances=5))
    two = data.draw(altered(one))
    wanted, later = data.draw(st.sampled_from(((one, two), (two, one))), label="direction")
    facts = plugged_for(one, two)
    old, new = Network(wanted, site(), facts), Network(later, site(), facts)
    was, now = meanings(old, new)
    found = settled(old)
    asked = spread([q for q in questions(was) if was.allows(q)])
    made, state = connect(Site(old, compile_network(old)), asked)
    found.conntrack.update(state)
    with cut_alone(data):
        found.feed(NetworkChanged(new, 2))
        stumble(found, new, data)
        found.settle()
    assert_holds(found, new)
    for question, _ in made:
        if known(found.conntrack, question, later):
            assert may_be_known(now, question), question
        elif not may_be_known(now, question):
            event("forgotten")


def stumble(found: World, new: Network, data: DataObject) -> None:
    """Answers of all kinds and lost sessions, or controllers that start anew.

    Not both: a switch that commits and does not flush, and then a controller that has forgotten it.
    """
    restarts = data.draw(st.booleans(), label="restarts")
    fates = FATES[:-1] if restarts else FATES
    for _ in range(data.draw(st.integers(0, 25))):
        what = data.draw(st.sampled_from(("answer",) * 5 + ("lose", "time", "restart")))
        if what == "answer" and found.todo:
            index = data.draw(st.integers(0, len(found.todo) - 1))
            found.answer(found.todo.pop(index), data.draw(st.sampled_from(fates)))
        elif what == "restart" and restarts:
            restart(found, new)
        elif what == "lose":
            name = data.draw(st.sampled_from(sorted(found.switches)))
            found.lose(name)
            found.connect(name)
        else:
            found.now += data.draw(st.sampled_from((0.01, 0.1, 1.0, 40.0)))
            found.feed(Tick())


def restart(found: World, wanted: Network) -> None:
    """A controller that knows nothing; what the last one had sent may have been carried out."""
    found.state, found.todo = State(), []
    for name in found.switches:
        found.connect(name)
    found.feed(NetworkChanged(wanted, 2))


@pytest.mark.parametrize("at", range(4))
@pytest.mark.parametrize("session_lost", [True, False])
def test_a_switch_that_has_not_forgotten_is_not_in_line(at: int, session_lost: bool) -> None:
    """Its bundle number ``at`` comes without a flush; nothing is confirmed until it has done it."""
    old = two_hosts()
    rules = {n: r for n, r in old.intent.rules.items() if n != "web-to-api"}
    new = replace(old, intent=replace(old.intent, rules=frozen(rules)))
    was, now = meanings(old, new)
    found = settled(old)
    lost = [q for q in questions(was) if was.allows(q) and not may_be_known(now, q)]
    found.conntrack.update(connect(Site(old, compile_network(old)), lost)[1])
    assert known(found.conntrack, lost[0], new.intent)
    found.feed(NetworkChanged(new, 2))
    bundles = 0
    while not all(found.state.in_line(name) for name in found.switches):
        if not found.todo:
            assert found.wake is not None
            found.now = max(found.now, found.wake)
            found.feed(Tick())
            continue
        effect = found.todo.pop(0)
        unlucky = isinstance(effect, SendBundle) and bool(effect.cuts) and bundles == at
        bundles += isinstance(effect, SendBundle) and bool(effect.cuts)
        if unlucky and session_lost:
            assert isinstance(effect, SendBundle)
            found.commit(effect)
            found.lose(effect.switch)
            found.connect(effect.switch)
        else:
            found.answer(effect, "not flushed" if unlucky else "well")
    assert bundles > at, "the bundle that meets it was sent"
    assert not [question for question in lost if known(found.conntrack, question, new.intent)]
    assert_holds(found, new)


@pytest.mark.parametrize("at", range(8))
@pytest.mark.parametrize("gone", ["edge-1", "edge-2"])
def test_a_rollout_given_up_half_way_is_not_taken_for_done(at: int, gone: str) -> None:
    """Also where what is left of it ends with a flush: rows to be removed are still there."""
    api_1 = {**INTENT["instances"]["api-1"], "ip": "10.0.0.22"}
    rules = [rule for rule in INTENT["rules"] if rule["name"] != "ping"]
    instances = {**INTENT["instances"], "api-1": api_1}
    new = two_hosts({**INTENT, "instances": instances, "rules": rules})
    found = settled(two_hosts())
    found.feed(NetworkChanged(new, 2))
    for _ in range(at):
        while not found.todo and found.wake is not None:
            found.now = max(found.now, found.wake)
            found.feed(Tick())
        found.answer(found.todo.pop(0), "well")
    found.lose(gone)
    found.connect(gone)
    found.settle()
    assert_holds(found, new)
