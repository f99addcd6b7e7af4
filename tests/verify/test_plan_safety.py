"""Whatever the order in which switches answer, a change loses nothing that stays allowed.

Generated changes are carried out phase by phase, switch by switch in a drawn order. Between any two
answers every connection that is allowed before and after is made anew, and one that was made before
the change is answered; nothing that is denied before and after is ever delivered.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.strategies import DataObject

from controller.compile import compile_network
from controller.dataplane.program import Program
from controller.dataplane.shapes import Row
from controller.diff.plan import Phase, plan
from controller.model.intent import Instance
from controller.model.network import Network
from controller.verify.check import meant, questions
from controller.verify.probe import Answer, Question, ask, reply_from, send
from controller.verify.site import Delivered, Site
from tests.strategies import intents, moved, plugged, site

MOST_QUESTIONS = 25


@dataclass(frozen=True)
class Pair:
    """The same connection before and after a change."""

    before: Question
    after: Question


def apply(held: Program, phase: Phase, rows: Iterable[Row]) -> Program:
    found = dict(held.rows)
    for row in rows:
        if phase is Phase.REMOVE:
            found.pop(row.key, None)
        else:
            found[row.key] = row
    return Program(MappingProxyType(found))


def points(
    before: Mapping[str, Program], after: Mapping[str, Program], data: DataObject
) -> Iterator[dict[str, Program]]:
    """Every state of the site on the way, in an order of switches drawn for each phase."""
    held = dict(before)
    for phase, work in plan(before, after).phases():
        for name in data.draw(st.permutations(sorted(work)), label=phase.value):
            held[name] = apply(held[name], phase, work[name])
            yield dict(held)


def pairs(old: Network, new: Network, *, allowed: bool) -> list[Pair]:
    """Connections whose verdict is the same in both, addresses included."""
    found = []
    for question in questions(old):
        ends = [new.intent.instances.get(i.name) for i in (question.source, question.destination)]
        if None in ends:
            continue
        later = Question(*ends, question.protocol, question.port, question.dscp)  # type: ignore[arg-type]
        kept = all(a.ip == b.ip for a, b in zip(_ends(question), _ends(later), strict=True))
        verdicts = [meant(n.intent, q) is not None for n, q in ((old, question), (new, later))]
        if kept and verdicts == [allowed, allowed]:
            found.append(Pair(question, later))
    return found


def _ends(question: Question) -> tuple[Instance, Instance]:
    return question.source, question.destination


@settings(max_examples=25, deadline=None)
@given(st.data())
def test_nothing_that_stays_allowed_is_lost(data: DataObject) -> None:
    intent = data.draw(intents(max_instances=6))
    changed = data.draw(moved(intent))
    topology = site()
    facts = plugged(intent, topology)
    old, new = Network(intent, topology, facts), Network(changed, topology, facts)
    before, after = compile_network(old), compile_network(new)
    kept = pairs(old, new, allowed=True)[:MOST_QUESTIONS]
    denied = pairs(old, new, allowed=False)[:MOST_QUESTIONS]
    made = {id(pair): ask(Site(old, before), pair.before) for pair in kept}
    for held in points(before, after, data):
        now = Site(old, held)
        for pair in kept:
            assert_delivered(ask(now, pair.before), pair.before)
            assert_answer_passes(now, made[id(pair)], pair.before)
        for pair in denied:
            assert ask(now, pair.before).reached != pair.before.destination.name, pair.before


def assert_delivered(answer: Answer, question: Question) -> None:
    assert answer.reached == question.destination.name, (
        question,
        answer.there and answer.there.fate,
    )
    assert answer.answered == question.source.name, (question, answer.back and answer.back.fate)


def assert_answer_passes(now: Site, made: Answer, question: Question) -> None:
    """A reply that was on its way when the switches changed still arrives."""
    assert made.there is not None
    assert isinstance(made.there.fate, Delivered)
    back = send(now, question.destination, reply_from(made.there.fate), made.there.state)
    assert back is not None
    assert isinstance(back.fate, Delivered), (question, back.fate)
    assert back.fate.instance == question.source.name
