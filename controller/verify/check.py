"""Holds what switches do against what the intent means, with a witness for each fault.

Every pair of plugged instances is asked at the ports and DSCPs where some rule begins or ends:
between two of those no verdict changes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import permutations
from typing import Final

from controller.dataplane.fields import PROTO_ICMP, PROTO_TCP, PROTO_UDP
from controller.dataplane.program import Program
from controller.model.intent import PORT_MAX, Intent
from controller.model.meaning import Decision, verdict, view
from controller.model.network import Network
from controller.verify.interpreter import Ambiguous
from controller.verify.probe import Answer, Question, ask
from controller.verify.site import Delivered, Site, attachment

_NUMBERS: Final = {"tcp": PROTO_TCP, "udp": PROTO_UDP, "icmp": PROTO_ICMP}
_OTHER_PROTOCOL: Final = 132  # SCTP: only ``any`` allows it


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
    for question in questions(network):
        asked += 1
        witness = judge(site, question)
        if witness is not None:
            witnesses.append(witness)
            if len(witnesses) >= limit:
                break
    return Verdict(asked, tuple(witnesses))


def questions(network: Network) -> Iterator[Question]:
    """Every pair, at every point where a verdict may change."""
    intent = network.intent
    points = sorted(interesting(intent))
    marks = sorted({0, *(rule.dscp for rule in intent.rules.values() if rule.dscp is not None)})
    plugged = [i for i in intent.instances.values() if attachment(network, i) is not None]
    for source, destination in permutations(plugged, 2):
        for protocol, port in points:
            for dscp in marks:
                yield Question(source, destination, protocol, port, dscp)


def interesting(intent: Intent) -> set[tuple[int, int]]:
    """(protocol, port) just inside and just outside of every range of every rule."""
    found = {(PROTO_ICMP, 0), (_OTHER_PROTOCOL, 0), (PROTO_TCP, 0), (PROTO_UDP, 0)}
    for rule in intent.rules.values():
        for ports in rule.allow:
            if ports.protocol in ("tcp", "udp"):
                edges = (ports.first - 1, ports.first, ports.last, ports.last + 1)
                found |= {(_NUMBERS[ports.protocol], p) for p in edges if 0 <= p <= PORT_MAX}
    return found


def judge(site: Site, question: Question) -> Witness | None:
    """One packet; a witness where it goes wrong."""
    expected = meant(site.network.intent, question)
    try:
        answer = ask(site, question)
    except Ambiguous as error:
        return Witness(question, _text(expected, question), f"ambiguous entries: {error}")
    wrong = _wrong(site.network.intent, expected, answer, question)
    return None if wrong is None else Witness(question, _text(expected, question), wrong)


def meant(intent: Intent, question: Question) -> Decision | None:
    """What the intent means for a packet: addressed to the destination, and allowed."""
    source, destination = question.source, question.destination
    here = view(intent)[intent.vrf_of(source).name]
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
    dscp = intent.classes[expected.qos_class].dscp
    for walk in (answer.there, answer.back):
        if walk is not None and isinstance(walk.fate, Delivered):
            found = walk.fate.packet.get("ip_dscp")
            if found != dscp:
                return f"delivered with DSCP {found} instead of {dscp}"
    return None


def _text(expected: Decision | None, question: Question) -> str:
    if expected is None:
        return "denied"
    return f"delivered to {question.destination.name} by {expected.rule}, {expected.qos_class}"
