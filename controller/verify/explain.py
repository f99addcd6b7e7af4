"""Why A reaches B, or does not: the walk of one packet through what the switches hold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from controller.dataplane.pipeline import PURPOSE, Table
from controller.dataplane.program import Program, row_of
from controller.model.intent import Instance
from controller.model.network import Network
from controller.verify.check import meant
from controller.verify.interpreter import Step
from controller.verify.nearest import PROTOCOLS, Near, nearest, packet_text
from controller.verify.probe import Question, ask
from controller.verify.site import (
    Answered,
    Delivered,
    Dropped,
    Fate,
    Hop,
    Looped,
    Lost,
    Site,
    Undecided,
    Walk,
)
from controller.verify.subjects import Subject, Subjects


@dataclass(frozen=True, slots=True)
class TableStep:
    """One table's verdict: the shape of the entry that matched, and what the entry is there for.

    ``subject`` is the object that the entry exists for; ``rule`` its name where that is a rule.
    """

    switch: str
    table: str
    shape: str
    purpose: str
    cookie: int
    subject: Subject | None

    @property
    def rule(self) -> str | None:
        """The rule that the entry is of."""
        return self.subject.name if self.subject and self.subject.kind == "rule" else None


@dataclass(frozen=True, slots=True)
class Explanation:
    """What becomes of a packet, and why. ``path``: switches and links, from one to the other.
    ``crossed``: the switches that it and its reply met, by name.

    For a packet that no rule allows ``nearest`` are the rules with the fewest differences, and
    ``needed`` is the rule that would have had to exist. One that a rule allows and that does not
    arrive has neither: its ``reason`` is in the network, not in the intent.
    """

    allowed: bool
    reason: str
    rule: str | None
    qos_class: str | None
    queue: int | None
    path: tuple[str, ...]
    crossed: tuple[str, ...]
    steps: tuple[TableStep, ...]
    needed: str | None
    nearest: tuple[Near, ...]


def explain(
    network: Network,
    programs: Mapping[str, Program],
    source: Instance,
    destination: Instance,
    protocol: int,
    port: int,
    dscp: int = 0,
) -> Explanation:
    """Walk the first packet of a connection and its reply."""
    question = Question(source, destination, protocol, port, dscp)
    answer = ask(Site(network, programs), question)
    allowed = answer.reached == destination.name and answer.answered == source.name
    steps = steps_of(network, answer.there)
    rule = next((step.rule for step in steps if step.rule), None)
    denied = meant(network.intent, question) is None
    return Explanation(
        allowed=allowed,
        reason=_LEAK
        if allowed and denied
        else _reason(network, question, answer.there, answer.back, rule),
        rule=rule,
        qos_class=_class(network, answer.there) if allowed else None,
        queue=next((hop.queue for hop in _hops(answer.there) if hop.link), None),
        path=path_of(answer.there),
        crossed=_crossed(answer.there, answer.back),
        steps=steps,
        needed=_needed(network, question) if denied else None,
        nearest=nearest(network.intent, question) if denied else (),
    )


def _hops(walk: Walk | None) -> tuple[Hop, ...]:
    return () if walk is None else walk.hops


def _crossed(*walks: Walk | None) -> tuple[str, ...]:
    return tuple(sorted({hop.switch for walk in walks for hop in _hops(walk)}))


def path_of(walk: Walk | None) -> tuple[str, ...]:
    """The switches of a walk and the links between, from one to the other."""
    parts: list[str] = []
    for hop in _hops(walk):
        parts.append(hop.switch)
        if hop.link:
            parts.append(hop.link)
    return tuple(parts)


def steps_of(network: Network, walk: Walk | None) -> tuple[TableStep, ...]:
    """Every table's verdict on a walk, with what each entry is there for."""
    subjects = Subjects.of(network)
    return tuple(_step(subjects, hop.switch, step) for hop in _hops(walk) for step in hop.steps)


def _step(subjects: Subjects, switch: str, step: Step) -> TableStep:
    row = step.entry and row_of(step.entry)
    return TableStep(
        switch=switch,
        table=Table(step.table).name.lower(),
        shape=row.shape if row else "none",
        purpose=PURPOSE[Table(step.table)],
        cookie=step.entry.cookie if step.entry else 0,
        subject=subjects.find(step.entry),
    )


def _class(network: Network, walk: Walk | None) -> str | None:
    if walk is None or not isinstance(walk.fate, Delivered):
        return None
    dscp = walk.fate.packet.get("ip_dscp")
    return next((c.name for c in network.intent.classes.values() if c.dscp == dscp), None)


def _reason(
    network: Network, question: Question, there: Walk | None, back: Walk | None, rule: str | None
) -> str:
    if there is None:
        return f"{question.source.name} is not plugged: no port has its interface id"
    if not isinstance(there.fate, Delivered):
        return _fate_text(network, question, there.fate)
    if there.fate.instance != question.destination.name:
        return f"the address belongs to {there.fate.instance} in the sender's VRF"
    if back is None or not isinstance(back.fate, Delivered):
        why = "nobody can send it" if back is None else _fate_text(network, question, back.fate)
        return f"delivered by rule {rule}, yet the reply is lost: {why}"
    return f"rule {rule} allows it, and its reply returns"


def _fate_text(network: Network, question: Question, fate: Fate) -> str:
    match fate:
        case Dropped(switch, table):
            return f"dropped at {switch}, table {Table(table).name.lower()}: {_WHY[Table(table)]}"
        case Lost(switch, port):
            return f"{switch} sent it out of port {port}, where nobody is or the link is down"
        case Looped(switch):
            return f"it goes round and round at {switch}"
        case Undecided(switch, table, entries):
            where = f"{switch}, table {Table(table).name.lower()}"
            return f"at {where}, two entries of one priority match it and differ: {entries}"
        case Answered():
            return "the switch itself answered it: the address is a gateway"
        case Delivered(instance):
            return f"delivered to {instance}"


_LEAK: Final = "it is delivered, though no rule allows it: switches hold entries they should not"
_WHY = {
    Table.ADMIT: "the sender's port, MAC and address do not belong together there",
    Table.WIRE: "no segment of this host has the frame's inner tag",
    Table.ORIGIN: "the receiver's VRF does not know the sender's address",
    Table.ANSWER: "neither ARP of the sender's own nor IPv4",
    Table.RESOLVE: "the sender's VRF has no such address, and no rule leads to one",
    Table.ARRIVE: "the receiver is not plugged into its host",
    Table.TRACK: "not IPv4",
    Table.PERMIT: "no rule allows it",
    Table.CLASS: "its class is not known there",
    Table.DELIVER: "there is no way to the receiver's edge switch for this class",
    Table.EMIT: "it has no port to leave by",
}


def _needed(network: Network, question: Question) -> str:
    """The rule that would have had to exist, in words."""
    intent = network.intent
    from_vrf, to_vrf = (intent.vrf_of(i).name for i in (question.source, question.destination))
    across = f", across VRFs {from_vrf} and {to_vrf}" if from_vrf != to_vrf else ""
    what = packet_text(question) if question.protocol in PROTOCOLS else "any"
    return (
        f"a rule from {question.source.service} to {question.destination.service}"
        f" that allows {what}{across}"
    )
