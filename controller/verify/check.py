"""Holds what switches do against what the intent means, with a witness for each fault.

Every pair of plugged instances is asked at the ports and DSCPs where a rule or an entry begins or
ends: between two of those no verdict changes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import permutations
from types import MappingProxyType
from typing import Final

from controller.dataplane.program import Program
from controller.model.intent import Intent
from controller.model.meaning import Decision, verdict, view
from controller.model.network import Network
from controller.verify.points import Points, points
from controller.verify.probe import Answer, Question, ask
from controller.verify.site import Delivered, Site, Undecided, Views, attachment

_NO_POINTS: Final = Points((), ())
_NONE: Final[Mapping[str, Program]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Witness:
    """A packet with which the switches do something else than the intent means."""

    question: Question
    expected: str
    found: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """How many packets were asked about, and those that went wrong."""

    asked: int
    witnesses: tuple[Witness, ...]


def check(network: Network, programs: Mapping[str, Program], limit: int = 100) -> Verdict:
    """Ask about every pair of plugged instances; stops at ``limit`` witnesses."""
    site = Site(network, programs)
    asked, witnesses = 0, []
    for question in questions(network, programs):
        asked += 1
        witness = judge(site, question)
        if witness is not None:
            witnesses.append(witness)
            if len(witnesses) >= limit:
                break
    return Verdict(asked, tuple(witnesses))


def questions(
    network: Network, programs: Mapping[str, Program] = _NONE, also: Points = _NO_POINTS
) -> Iterator[Question]:
    """Every pair, at every point where a verdict of the intent or of an entry may change.

    ``also`` are points besides those of the intent's rules and the programs' rows.
    """
    ports, marks = points(network.intent, programs)
    ports, marks = tuple({*ports, *also.ports}), tuple({*marks, *also.marks})
    instances = network.intent.instances.values()
    plugged = [i for i in instances if attachment(network, i) is not None]
    for source, destination in permutations(plugged, 2):
        for protocol, port in ports:
            for dscp in marks:
                yield Question(source, destination, protocol, port, dscp)


def judge(site: Site, question: Question) -> Witness | None:
    """One packet; a witness where it goes wrong."""
    expected = meant(site.network.intent, question, site.views)
    answer = ask(site, question)
    for walk in (answer.there, answer.back):
        if walk is not None and isinstance(walk.fate, Undecided):
            found = f"ambiguous entries: {walk.fate.entries}"
            return Witness(question, _text(expected, question), found)
    wrong = _wrong(site.network.intent, expected, answer, question)
    return None if wrong is None else Witness(question, _text(expected, question), wrong)


def meant(intent: Intent, question: Question, views: Views | None = None) -> Decision | None:
    """What the intent means for a packet: addressed to the destination, and allowed.

    ``views`` are the intent's where they are known; working them out costs more than the verdict.
    """
    source, destination = question.source, question.destination
    here = (views or view(intent))[intent.vrf_of(source).name]
    if here.get(destination.ip) != destination:
        return None
    return verdict(intent, source, destination, question.protocol, question.port, question.dscp)


def _wrong(
    intent: Intent, expected: Decision | None, answer: Answer, question: Question
) -> str | None:
    if expected is None:
        leaked = answer.reached == question.destination.name
        return f"delivered to {answer.reached}" if leaked else None
    if answer.reached != question.destination.name:
        return f"fate {answer.there and answer.there.fate}"
    if answer.answered != question.source.name:
        return f"its reply met {answer.back and answer.back.fate}"
    return _wrong_class(intent, expected, answer)


def _wrong_class(intent: Intent, expected: Decision, answer: Answer) -> str | None:
    qos = intent.classes[expected.qos_class]
    for walk in (answer.there, answer.back):
        if walk is not None and isinstance(walk.fate, Delivered):
            found = walk.fate.packet.get("ip_dscp")
            if found != qos.dscp:
                return f"delivered with DSCP {found} instead of {qos.dscp}"
            queues = {hop.queue for hop in walk.hops if hop.link} - {qos.queue}
            if queues:
                return f"in queues {sorted(queues)} on its way instead of {qos.queue}"
    return None


def _text(expected: Decision | None, question: Question) -> str:
    if expected is None:
        return "denied"
    return f"delivered to {question.destination.name} by {expected.rule}, {expected.qos_class}"
