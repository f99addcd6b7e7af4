"""After a withdrawal not even replies pass, and what stays permitted is left alone.

Connections are made under one program; the other one is applied, with its cuts; then everybody who
was spoken to answers once more.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import pairwise, product
from types import MappingProxyType

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st
from hypothesis.strategies import DataObject, DrawFn

from controller.dataplane.fields import PROTO_ICMP, PROTO_TCP, PROTO_UDP
from controller.dataplane.program import Program
from controller.diff import alone
from controller.diff.cut import Cut, cuts
from controller.diff.losses import MOST_PORTS
from controller.diff.plan import EMPTY, plan
from controller.model.intent import PORT_MAX, Instance, Intent, frozen
from controller.model.network import Network
from controller.verify.check import meant
from controller.verify.conntrack import Conntrack, flow_of
from controller.verify.packet import CLIENT_PORT
from controller.verify.points import points
from controller.verify.probe import Answer, Question, ask, first_packet, reply_from, send
from controller.verify.site import Delivered, Site, State, Views
from tests.chance import often
from tests.sharing import compilers
from tests.strategies import intents, site
from tests.verify.test_plan_safety import apply, changed, plugged_for

MOST_QUESTIONS = 60


@dataclass(frozen=True)
class Meaning:
    """What an intent says of connections, over and over."""

    intent: Intent
    views: Views
    ports: tuple[tuple[int, int], ...]
    marks: tuple[int, ...]

    def allows(self, question: Question) -> bool:
        return meant(self.intent, question, self.views) is not None

    def lets(self, pair: tuple[Instance, Instance], protocol: int, port: int) -> frozenset[int]:
        """The marks with which a connection is allowed."""
        return frozenset(m for m in self.marks if self.allows(Question(*pair, protocol, port, m)))


@st.composite
def altered(draw: DrawFn, intent: Intent) -> Intent:
    """One or two changes of any kind, or an instance gone."""
    for _ in range(draw(st.integers(1, 2))):
        intent = draw(changed(intent))
    if intent.instances and draw(st.booleans()):
        gone = draw(st.sampled_from(sorted(intent.instances)))
        rest = {name: i for name, i in intent.instances.items() if name != gone}
        intent = replace(intent, instances=frozen(rest))
    return intent


@settings(max_examples=often(30))
@given(st.data())
def test_no_reply_passes_that_is_denied_now_and_what_stays_is_left_alone(data: DataObject) -> None:
    one = data.draw(intents(max_instances=6))
    two = data.draw(altered(one))
    wanted, later = data.draw(st.sampled_from(((one, two), (two, one))), label="direction")
    facts = plugged_for(one, two)
    old, new = Network(wanted, site(), facts), Network(later, site(), facts)
    compiled = data.draw(compilers)
    before, after = compiled(old), compiled(new)
    was, now = meanings(old, new)
    asked = spread([q for q in questions(was) if was.allows(q)])
    made, state = connect(Site(old, before), asked)
    with cut_alone(data):
        flushed = data.draw(st.sampled_from((at_once, phase_by_phase)))(before, after, state)
    end = Site(new, after)
    for question, answer in made:
        assert may_be_known(now, question) or not known(flushed, question, later), question
        reached = answers(end, question, answer, flushed)
        if reached is not None:
            assert permitted(now, question, later.instances[reached]), (question, reached)
        if stays(was, now, question):
            event("left alone")
            assert reached == question.source.name, question
        elif reached is None:
            event("cut")


def meanings(old: Network, new: Network) -> tuple[Meaning, Meaning]:
    found = [points(network.intent, {}) for network in (old, new)]
    ports = tuple(sorted({port for some in found for port in some.ports}))
    marks = tuple(sorted({mark for some in found for mark in some.marks}))
    one, two = (Meaning(n.intent, Site(n, {}).views, ports, marks) for n in (old, new))
    return one, two


def questions(meaning: Meaning) -> Iterator[Question]:
    instances = meaning.intent.instances.values()
    for source in instances:
        for destination in instances:
            for protocol, port in meaning.ports:
                for mark in meaning.marks:
                    yield Question(source, destination, protocol, port, mark)


def spread(found: list[Question]) -> list[Question]:
    """Some of them, from everywhere."""
    return found[:: 1 + len(found) // MOST_QUESTIONS]


def connect(
    site: Site, asked: Iterable[Question]
) -> tuple[list[tuple[Question, Answer]], Mapping[str, Conntrack]]:
    """Connections made and answered one after the other, on switches that remember all.

    Without ports one that is opened the other way is a reply to the first, and its answer may not
    carry the mark that the first was opened with: such a one is none.
    """
    state: State = MappingProxyType({})
    made = []
    for question in asked:
        answer = ask(site, question, state)
        if answer.back is not None and answer.answered == question.source.name:
            state = answer.back.state
            made.append((question, answer))
    return made, state


@contextmanager
def cut_alone(data: DataObject) -> Iterator[None]:
    """Sometimes, whoever has moved is cut by his own address where he is cut at all."""
    with pytest.MonkeyPatch.context() as patch:
        if data.draw(st.booleans(), label="by his own address"):
            patch.setattr(alone, "MOST_SINGLY", 0)
        yield


def at_once(before: Mapping[str, Program], after: Mapping[str, Program], state: State) -> State:
    """The cuts of the whole change."""
    found = dict(state)
    for name in {*before, *after}:
        one, other = before.get(name, EMPTY), after.get(name, EMPTY)
        flush(found, name, cuts(one, other))
    return found


def phase_by_phase(
    before: Mapping[str, Program], after: Mapping[str, Program], state: State
) -> State:
    """The cuts of each step of the change."""
    found, held = dict(state), dict(before)
    for phase, work in plan(before, after).phases():
        for name, rows in work.items():
            next_ = apply(held.get(name, EMPTY), phase, rows)
            base = before.get(name, EMPTY)
            flush(found, name, cuts(held.get(name, EMPTY), next_, base=base))
            held[name] = next_
    return found


def flush(state: dict[str, Conntrack], name: str, found: Iterable[Cut]) -> None:
    for cut in found:
        state[name] = state.get(name, Conntrack()).without(
            cut.zone, source=cut.source, target=cut.target, protocol=cut.protocol, port=cut.port
        )


def answers(site: Site, question: Question, answer: Answer, state: State) -> str | None:
    """Who gets another reply of a connection's receiver."""
    receiver = site.network.intent.instances.get(question.destination.name)
    assert answer.there is not None
    assert isinstance(answer.there.fate, Delivered)
    walk = receiver and send(site, receiver, reply_from(answer.there.fate), state)
    return walk.fate.instance if walk and isinstance(walk.fate, Delivered) else None


def known(state: State, question: Question, intent: Intent) -> bool:
    """Whether a switch still knows a connection, whoever has its addresses now.

    Former hosts of instances that have gone to another are left out: nobody uses those zones.
    """
    flow = flow_of(first_packet(question))
    stayed = [end for end in ends(question) if not _went(end, intent)]
    return any((end.id, flow) in c.connections for c in state.values() for end in stayed)


def _went(end: Instance, intent: Intent) -> bool:
    later = intent.instances.get(end.name)
    return later is not None and later.host != end.host


def may_be_known(now: Meaning, question: Question) -> bool:
    """Whether somebody with those addresses may open that connection, with some mark."""
    instances = now.intent.instances.values()
    sources, destinations = ([i for i in instances if i.ip == end.ip] for end in ends(question))
    place = (question.protocol, question.port)
    return any(now.lets(pair, *place) for pair in product(sources, destinations))


def ends(question: Question) -> tuple[Instance, Instance]:
    return question.source, question.destination


def permitted(now: Meaning, question: Question, receiver: Instance) -> bool:
    """Whether a reply may pass: as one, or because the replier might open that very connection."""
    replier = now.intent.instances[question.destination.name]
    asked = replace(question, source=receiver, destination=replier)
    opened = Question(replier, receiver, question.protocol, CLIENT_PORT, 0)
    return now.allows(asked) or now.allows(opened)


def stays(was: Meaning, now: Meaning, question: Question) -> bool:
    """Whether a connection is allowed before and after, and a cut can tell it from what is lost."""
    source, destination = (now.intent.instances.get(end.name) for end in ends(question))
    if source is None or destination is None:
        return False
    if [(i.ip, i.host) for i in ends(question)] != [(i.ip, i.host) for i in (source, destination)]:
        return False
    lost = {
        place: was.lets(ends(question), *place) - now.lets((source, destination), *place)
        for place in was.ports
    }
    kept = now.allows(replace(question, source=source, destination=destination))
    if not kept or lost[question.protocol, question.port]:
        return False
    if any(gone for (protocol, _), gone in lost.items() if protocol not in (1, 6, 17)):
        return False
    if question.protocol not in (1, 6, 17) and (
        was.lets(ends(question)[::-1], question.protocol, question.port)
        - now.lets((destination, source), question.protocol, question.port)
    ):
        return False  # without ports, what is opened the other way is the same connection
    return question.protocol == PROTO_ICMP or lost_ports(lost, question.protocol) <= MOST_PORTS


def lost_ports(lost: Mapping[tuple[int, int], frozenset[int]], protocol: int) -> int:
    """How many ports have lost a mark: between two points all are as the first of them."""
    assert protocol in (PROTO_TCP, PROTO_UDP, 132)
    at = sorted(port for of, port in lost if of == protocol)
    return sum(
        after - port for port, after in pairwise([*at, PORT_MAX + 1]) if lost[protocol, port]
    )
