"""Whatever the order in which switches answer, and wherever packets are meanwhile, each meets the
old meaning or the new one.

Generated changes of every kind are walked through by packets of every sort: of pairs that are
allowed before and after, of those allowed in one, of those denied in both.
"""

from __future__ import annotations

from random import Random

from hypothesis import given
from hypothesis import strategies as st
from hypothesis.strategies import DataObject

from controller.compile import compile_network
from controller.model.intent import Intent
from controller.model.network import Network, Topology
from tests.strategies import intents, site
from tests.verify.changes import busy, changed
from tests.verify.interleaving import Timeline, refused, stages
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
    before, after = compile_network(old), compile_network(new)
    timeline = Timeline.of(before, stages(before, after))
    assert timeline.after == after
    chance = Random(data.draw(st.integers(0, 1000)))
    assert_safe(Judge(Meaning(old), Meaning(new), timeline), chance)


@given(st.data())
def test_a_change_that_is_refused_is_undone_as_safely(data: DataObject) -> None:
    one = data.draw(INTENTS)
    old, new = networks(one, data.draw(changed(one)), (site(), site()))
    before = compile_network(old)
    forward = tuple(stages(before, compile_network(new)))
    chances = [n for n, stage in enumerate(forward) if not stage.phase.removes]
    if not chances:
        return
    at = data.draw(st.sampled_from(chances))
    names = st.sampled_from(sorted(forward[at].work))
    refusing = data.draw(st.frozensets(names, min_size=1))
    timeline = refused(before, forward, at, refusing)
    assert timeline.after == before
    chance = Random(data.draw(st.integers(0, 1000)))
    assert_safe(Judge(Meaning(old), Meaning(new), timeline, returns=True), chance)
