"""Whatever the order in which switches answer, and wherever packets are meanwhile, each meets the
old meaning or the new one.

Generated changes of every kind are walked through by packets of every sort: of pairs that are
allowed before and after, of those allowed in one, of those denied in both.
"""

from __future__ import annotations

from collections.abc import Iterable
from random import Random

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.strategies import DataObject

from controller.compile import compile_network
from controller.dataplane.fields import PROTO_TCP
from controller.dataplane.shapes import Row
from controller.diff.plan import Phase
from controller.model.change import move_instance, move_tenant
from controller.model.intent import Instance, Intent
from controller.model.network import Network, Topology
from controller.verify.packet import Packet
from controller.verify.probe import Question, first_packet, reply_from
from controller.verify.site import NOTHING_KNOWN, Delivered, Dropped, State, attachment
from tests.sharing import compilers
from tests.strategies import intents, site
from tests.verify.changes import COMING, busy, changed, rerouted
from tests.verify.interleaving import Moment, Outcome, Timeline, Walker, refused, stages
from tests.verify.meanings import Judge, Meaning, cases
from tests.verify.test_plan_safety import plugged_for

MOST_CASES = 12
INTENTS = st.one_of(st.builds(busy), intents(max_instances=6))


def networks(one: Intent, two: Intent, ways: tuple[Topology, Topology]) -> tuple[Network, Network]:
    """Both networks; every port that one of them needs is plugged in both."""
    facts = plugged_for(one, two)
    return Network(one, ways[0], facts), Network(two, ways[1], facts)


def assert_safe(judge: Judge, chance: Random) -> None:
    walker = judge.walker
    for case in cases(judge, chance, MOST_CASES):
        for fault in judge.faults(case, walker):
            raise AssertionError(fault)


@given(st.data())
def test_every_packet_meets_the_old_or_the_new_meaning(data: DataObject) -> None:
    one = data.draw(INTENTS)
    old, new = networks(one, data.draw(changed(one)), (site(), site()))
    compiled = data.draw(compilers)
    before, after = compiled(old), compiled(new)
    timeline = Timeline.of(before, stages(before, after))
    assert timeline.after == after
    chance = Random(data.draw(st.integers(0, 1000)))
    assert_safe(Judge(Meaning(old), Meaning(new), timeline), chance)


@given(st.data())
def test_what_only_comes_needs_no_order(data: DataObject) -> None:
    """New instances and rules: in one phase, whichever switch has its rows first."""
    one = data.draw(INTENTS)
    coming = data.draw(changed(one, edits=COMING, most=2, moving=False))
    old, new = networks(one, coming, (site(), site()))
    compiled = data.draw(compilers)
    before, after = compiled(old), compiled(new)
    found = tuple(stages(before, after))
    assume(len(found) == 1 and len(found[0].work) > 1 and any_sends(found[0].work.values()))
    timeline = Timeline.of(before, found)
    chance = Random(data.draw(st.integers(0, 1000)))
    assert_safe(Judge(Meaning(old), Meaning(new), timeline), chance)


def any_sends(works: Iterable[Iterable[Row]]) -> bool:
    """Whether rows are among them that say who somebody is, or whom he reaches."""
    return any(row.shape.startswith(("admit.", "resolve.")) for rows in works for row in rows)


@given(st.data())
def test_several_changes_at_once(data: DataObject) -> None:
    """Pairs that are kept arrive, amid whatever else. For other pairs see docs/change.md: where
    rules and those they speak of change at once, such a pair may for a moment be something else."""
    one = data.draw(INTENTS)
    topology = data.draw(rerouted(site()))
    old, new = networks(one, data.draw(changed(one, most=3)), (site(), topology))
    compiled = data.draw(compilers)
    before, after = compiled(old), compiled(new)
    timeline = Timeline.of(before, stages(before, after))
    chance = Random(data.draw(st.integers(0, 1000)))
    judge = Judge(Meaning(old), Meaning(new), timeline, several=True)
    assert_safe(judge, chance)


@pytest.mark.parametrize("wrong", ["removed first", "without what is added", "without a drain"])
def test_a_plan_in_a_wrong_order_is_found_out(wrong: str) -> None:
    old, new = networks(busy(), move_tenant(busy(), "shop", vrf="management"), (site(), site()))
    before, after = compile_network(old), compile_network(new)
    plan = list(stages(before, after))
    match wrong:
        case "removed first":
            plan = plan[::-1]
        case "without what is added":
            plan = [stage for stage in plan if stage.phase is not Phase.ADD]
            plan.append(next(stages(before, after)))
        case _:
            plan = [stage._replace(wet=True) for stage in plan]
    judge = Judge(Meaning(old), Meaning(new), Timeline.of(before, plan))
    walker = judge.walker
    found = cases(judge, Random(0), 20)
    assert any(fault for case in found for fault in judge.faults(case, walker))


@given(st.data())
def test_a_change_that_is_refused_is_undone_as_safely(data: DataObject) -> None:
    one = data.draw(INTENTS)
    old, new = networks(one, data.draw(changed(one)), (site(), site()))
    compiled = data.draw(compilers)
    before = compiled(old)
    forward = tuple(stages(before, compiled(new)))
    chances = [n for n, stage in enumerate(forward) if stage.phase.is_undone]
    if not chances:
        return
    at = data.draw(st.sampled_from(chances))
    names = st.sampled_from(sorted(forward[at].work))
    refusing = data.draw(st.frozensets(names, min_size=1))
    timeline = refused(before, forward, at, refusing)
    assert timeline.after == before
    chance = Random(data.draw(st.integers(0, 1000)))
    assert_safe(Judge(Meaning(old), Meaning(new), timeline, returns=True), chance)


def test_what_connection_tracking_does_not_know_at_a_new_host() -> None:
    """The known limit of a migration: a new edge knows no connection of before.

    Requests arrive throughout, from and to either place. Answers from a migrated server, and to a
    migrated client, pass again once the client has sent once more.
    """
    for name in ("desk-1", "web-1"):
        assert_known_again(name)


def assert_known_again(name: str) -> None:
    old, new = networks(busy(), move_instance(busy(), name, "host-3"), (site(), site()))
    before, after = compile_network(old), compile_network(new)
    timeline = Timeline.of(before, stages(before, after))
    walker = Walker.of(old, new, timeline)
    end = Moment(len(timeline.stages))

    def arrives(sender: Instance, packet: Packet, at: Moment, state: State) -> list[Outcome]:
        place = attachment(new, sender)
        assert place is not None
        return list(walker.walk(packet, place, at, state))

    one, two = (n.intent.instances for n in (old, new))
    request = first_packet(Question(one["web-1"], one["desk-1"], PROTO_TCP, 80))
    [made] = arrives(one["web-1"], request, Moment(0), NOTHING_KNOWN)[:1]
    assert isinstance(made.fates[0], Delivered)
    answer = reply_from(made.fates[0])
    [lost] = arrives(two["desk-1"], answer, end, made.state)
    assert isinstance(lost.fates[0], Dropped)
    [again] = arrives(two["web-1"], request, end, made.state)
    [back] = arrives(two["desk-1"], answer, end, again.state)
    assert isinstance(back.fates[0], Delivered)
