"""The loop cut off at every boundary of a change, in one process: whoever comes next finishes it.

Real switches and processes meet random moments (``test_kill.py``); here every moment is met. A
controller is stopped before and after each answer of a switch. Another one, which knows nothing but
the stored intent, reads back and goes on; some of these are cut off once more. At each moment the
switches are on the way from the old programs to the new, and what is allowed before and after
passes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.strategies import DataObject

from controller.compile import compile_network
from controller.dataplane.program import Program, program
from controller.model.network import Network
from controller.reconcile.events import NetworkChanged, Tick
from controller.verify.check import meant, questions
from controller.verify.probe import Question, ask
from controller.verify.site import Site
from labkit.faults import Held
from tests.faults.steps import Rows, Way, way
from tests.reconcile.world import MOST_STEPS, World, assert_holds
from tests.strategies import intents, moved, plugged, site

MOST_QUESTIONS = 12
Contents = Mapping[str, Rows]


def copied(contents: Contents) -> dict[str, Rows]:
    return {name: dict(rows) for name, rows in contents.items()}


def boundaries(
    contents: Contents, network: Network, data: DataObject, refusals: int = 0
) -> Iterator[dict[str, Rows]]:
    """A controller that begins with switches that hold this: what they hold after each answer.

    Switches answer in an order that is drawn, so many of them with a refusal; time passes only when
    there is nothing else to do.
    """
    found = World(copied(contents))
    found.feed(NetworkChanged(network, 1))
    for name in found.switches:
        found.connect(name)
    for _ in range(MOST_STEPS):
        if found.todo:
            index = data.draw(st.integers(0, len(found.todo) - 1))
            refused = refusals > 0 and data.draw(st.booleans(), label="refused")
            refusals -= refused
            found.answer(found.todo.pop(index), "refused" if refused else "well")
            yield copied(found.switches)
        elif all(found.state.in_line(name) for name in found.switches):
            assert_holds(found, network)
            return
        else:
            assert found.wake is not None, "nothing to do, no time to wait for, not in line"
            found.now = max(found.now, found.wake)
            found.feed(Tick())
    raise AssertionError("the loop does not come to rest")


class Watch:
    """What must hold at every moment of a change."""

    def __init__(self, old: Network, new: Network) -> None:
        self._old = old
        self._way: Way = way(compile_network(old), compile_network(new))
        kept = [question for question in questions(old) if stays(question, old, new)]
        self._kept = kept[:: 1 + len(kept) // MOST_QUESTIONS]
        self._passed: list[Contents] = []

    def look(self, contents: Contents) -> None:
        """Raises AssertionError where switches are off the way, or what stays allowed is lost."""
        if contents in self._passed:
            return
        held = {name: Held(program(rows.values())) for name, rows in contents.items()}
        assert self._way.places(held), self._way.off(held)
        programs: dict[str, Program] = {name: found.program for name, found in held.items()}
        now = Site(self._old, programs)
        for question in self._kept:
            answer = ask(now, question)
            assert answer.reached == question.destination.name, question
            assert answer.answered == question.source.name, question
        self._passed.append(contents)


def stays(question: Question, old: Network, new: Network) -> bool:
    """Whether a connection is allowed before and after, between ends that stay where they are."""
    ends = [question.source, question.destination]
    later = [new.intent.instances.get(end.name) for end in ends]
    if any(b is None or (a.ip, a.host) != (b.ip, b.host) for a, b in zip(ends, later, strict=True)):
        return False
    source, destination = later
    assert source is not None
    assert destination is not None
    after = replace(question, source=source, destination=destination)
    return meant(old.intent, question) is not None and meant(new.intent, after) is not None


@given(st.data())
def test_whoever_comes_next_finishes_the_change(data: DataObject) -> None:
    intent = data.draw(intents(max_instances=6))
    later = data.draw(moved(intent))
    rules = {name: rule for name, rule in later.rules.items() if data.draw(st.booleans())}
    later = replace(later, rules=rules)
    assume(later != intent)
    topology = site()
    facts = plugged(intent, topology)
    ends = [Network(intent, topology, facts), Network(later, topology, facts)]
    old, new = ends if data.draw(st.booleans(), label="forward") else reversed(ends)
    start = {name: dict(found.rows) for name, found in compile_network(old).items()}
    watch = Watch(old, new)
    cuts = [start]
    for contents in boundaries(start, new, data, data.draw(st.integers(0, 2), label="refusals")):
        watch.look(contents)
        if contents != cuts[-1]:
            cuts.append(contents)
    for cut in cuts:
        again = [cut, *boundaries(cut, new, data)]
        for contents in again:
            watch.look(contents)
        twice = data.draw(st.sampled_from(again))
        for contents in boundaries(twice, new, data):
            watch.look(contents)
