"""Whatever the order in which switches answer, a change loses nothing that stays allowed.

Generated changes are carried out phase by phase, switch by switch in a drawn order. Between any two
answers every connection that is allowed before and after is made anew, and one that was made before
the change is answered; nothing that is denied before and after is ever delivered.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.strategies import DataObject, DrawFn

from controller.dataplane.program import Program
from controller.dataplane.shapes import Entry, Row
from controller.diff.plan import Phase, plan
from controller.errors import Invalid
from controller.model.change import move_instance
from controller.model.intent import Instance, Intent, frozen
from controller.model.network import Facts, Network
from controller.verify.check import meant, questions
from controller.verify.probe import Answer, Question, ask, reply_from, send
from controller.verify.site import Delivered, Site
from tests.chance import often
from tests.sharing import compilers
from tests.strategies import HOSTS, intents, moved, plugged, site

MOST_QUESTIONS = 25


@dataclass(frozen=True)
class Pair:
    """The same connection before and after a change."""

    before: Question
    after: Question


def apply(held: Program, phase: Phase, rows: Iterable[Row]) -> Program:
    found = dict(held.rows)
    for row in rows:
        if phase.removes:
            found.pop(row.key, None)
        else:
            found[row.key] = row
    return Program.of(MappingProxyType(found))


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
    """Connections whose verdict, addresses and hosts are the same in both."""
    found = []
    for question in questions(old):
        source, destination = (new.intent.instances.get(i.name) for i in _ends(question))
        if source is None or destination is None:
            continue
        later = replace(question, source=source, destination=destination)
        kept = all(
            (a.ip, a.host) == (b.ip, b.host)
            for a, b in zip(_ends(question), _ends(later), strict=True)
        )
        verdicts = [meant(n.intent, q) is not None for n, q in ((old, question), (new, later))]
        if kept and verdicts == [allowed, allowed]:
            found.append(Pair(question, later))
    return found


def _ends(question: Question) -> tuple[Instance, Instance]:
    return question.source, question.destination


@st.composite
def changed(draw: DrawFn, intent: Intent) -> Intent:
    """The intent after one change of any kind that is valid; it may come out the same."""
    kinds = [moved, other_rules, other_classes, migrated]
    return draw(draw(st.sampled_from(kinds))(intent))


@st.composite
def other_rules(draw: DrawFn, intent: Intent) -> Intent:
    """Some rules gone, and some with another class, DSCP or protocol; selectors stay."""
    rules = {}
    for name, rule in intent.rules.items():
        match draw(st.sampled_from(("keep", "keep", "drop", "class", "dscp", "allow"))):
            case "keep":
                rules[name] = rule
            case "class":
                qos_class = draw(st.sampled_from(sorted(intent.classes)))
                rules[name] = replace(rule, qos_class=qos_class)
            case "dscp":
                rules[name] = replace(rule, dscp=draw(st.sampled_from((None, 0, 10, 46))))
            case "allow":
                other = draw(st.sampled_from(sorted(intent.rules)))
                rules[name] = replace(rule, allow=intent.rules[other].allow)
    return replace(intent, rules=frozen(rules))


@st.composite
def other_classes(draw: DrawFn, intent: Intent) -> Intent:
    """One service with another default class: its rules without one lead elsewhere."""
    if not intent.services:
        return intent
    service = intent.services[draw(st.sampled_from(sorted(intent.services)))]
    other = replace(service, qos_class=draw(st.sampled_from(sorted(intent.classes))))
    return replace(intent, services=frozen({**intent.services, service.name: other}))


@st.composite
def migrated(draw: DrawFn, intent: Intent) -> Intent:
    """One instance on another host."""
    if not intent.instances:
        return intent
    instance = draw(st.sampled_from(sorted(intent.instances)))
    try:
        return move_instance(intent, instance, draw(st.sampled_from(HOSTS)))
    except Invalid:
        return intent


def spread(found: list[Pair]) -> list[Pair]:
    """Some of them, from everywhere."""
    return found[:: 1 + len(found) // MOST_QUESTIONS]


@settings(max_examples=often(10))
@given(st.data())
def test_nothing_that_stays_allowed_is_lost(data: DataObject) -> None:
    one = data.draw(intents(max_instances=6))
    two = data.draw(changed(one))
    intent, later = data.draw(st.sampled_from(((one, two), (two, one))), label="direction")
    topology = site()
    facts = plugged_for(one, two)
    old, new = Network(intent, topology, facts), Network(later, topology, facts)
    compiled = data.draw(compilers)
    before, after = compiled(old), compiled(new)
    kept = spread(pairs(old, new, allowed=True))
    denied = spread(pairs(old, new, allowed=False))
    made = {id(pair): ask(Site(old, before), pair.before) for pair in kept}
    for held in points(before, after, data):
        for choose in (one_of, other_of):
            now = Site(old, held, choose)
            for pair in kept:
                assert_delivered(ask(now, pair.before), pair.before)
                assert_answer_passes(now, made[id(pair)], pair.before)
            for pair in denied:
                assert ask(now, pair.before).reached != pair.before.destination.name, pair.before


def one_of(one: Entry, other: Entry) -> Entry:
    """Amid a change the old and the new range of a rule may overlap: either may decide."""
    return one


def other_of(one: Entry, other: Entry) -> Entry:
    """The opposite."""
    return other


def plugged_for(*wanted: Intent) -> Facts:
    """Every port that one of the intents needs, with the same number for all."""
    instances = {f"{n}/{name}": i for n, w in enumerate(wanted) for name, i in w.instances.items()}
    return plugged(replace(wanted[0], instances=instances), site())


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
