"""What a packet may meet amid a change: the old meaning or the new one, never a third."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from ipaddress import IPv4Address
from itertools import product
from random import Random
from typing import NamedTuple

from controller.model.intent import BEST_EFFORT, Instance
from controller.model.meaning import verdict, view
from controller.model.network import Network
from controller.verify.check import Points, points
from controller.verify.packet import Packet
from controller.verify.probe import Question, first_packet, reply_from
from controller.verify.site import Answered, Delivered, Lost, attachment
from tests.verify.interleaving import Moment, Outcome, Timeline, Walker

Place = tuple[str, int]


class Meant(NamedTuple):
    """Who shall get a packet, and with which DSCP."""

    receiver: str
    dscp: int


@dataclass(frozen=True)
class Meaning:
    """What a network means for packets that come in at ports."""

    network: Network
    views: dict[str, dict[IPv4Address, Instance]] = field(init=False)

    def __post_init__(self) -> None:
        found = {vrf: dict(known) for vrf, known in view(self.network.intent).items()}
        object.__setattr__(self, "views", found)

    def of(self, question: Question) -> Meant | None:
        """None where it is dropped: the sender is not who it says, or nobody allows it."""
        intent = self.network.intent
        sender = intent.instances.get(question.source.name)
        if sender is None or not _same_place(sender, question.source):
            return None
        receiver = self.views[intent.vrf_of(sender).name].get(question.destination.ip)
        if receiver is None or None in {attachment(self.network, i) for i in (sender, receiver)}:
            return None
        packet = question.protocol, question.port, question.dscp
        found = verdict(intent, sender, receiver, *packet)
        return found and Meant(receiver.name, intent.classes[found.qos_class].dscp)

    def ruled(self, question: Question) -> set[int]:
        """The DSCPs of all rules that allow it, also of those that another one comes before."""
        intent = self.network.intent
        alone = (replace(intent, rules={name: rule}) for name, rule in intent.rules.items())
        meanings = (Meaning(replace(self.network, intent=each)).of(question) for each in alone)
        return {meant.dscp for meant in meanings if meant is not None}

    def knows(self, instance: Instance) -> bool:
        """Whether it has an instance just so: name, address and place."""
        known = self.network.intent.instances.get(instance.name)
        return known is not None and _same_place(known, instance)

    def present(self, instance: Instance) -> Instance:
        """The instance as it is here: a migrated one has another place."""
        return self.network.intent.instances.get(instance.name, instance)


def _same_place(one: Instance, other: Instance) -> bool:
    ends = ((i.host, i.port, i.nested_vlan, i.mac, i.ip) for i in (one, other))
    return next(ends) == next(ends)


class Case(NamedTuple):
    """A packet with what it means before and after; ``kept``: the same pair is allowed in both.

    ``meant``: whoever may get it. An instance that is given another address or place has both
    amid the change, so a packet from its old to another's new one means what the pair means.
    """

    question: Question
    before: Meant | None
    after: Meant | None
    meant: frozenset[Meant]
    kept: bool

    @property
    def sort(self) -> str:
        """Kept, denied, or one of the two."""
        if self.kept:
            return "kept"
        return "other" if self.meant else "denied"


@dataclass(frozen=True)
class Judge:
    """Judges every outcome of packets on a timeline between two networks.

    ``returns``: the timeline goes back to the old network instead of on to the new. ``several``:
    the change is a set of several, so only pairs that are kept are judged, and an old place need
    not be heard until the drain: it is not told who others are by now.
    """

    old: Meaning
    new: Meaning
    timeline: Timeline
    returns: bool = False
    several: bool = False

    @property
    def walker(self) -> Walker:
        """Walks the packets."""
        return Walker.of(self.old.network, self.new.network, self.timeline)

    def case(self, question: Question) -> Case:
        """A question with its meanings."""
        before, after = self.old.of(question), self.new.of(question)
        sender = question.source
        was = self.old.of(replace(question, source=self.old.present(sender)))
        will = self.new.of(replace(question, source=self.new.present(sender)))
        same_ip = self.old.present(sender).ip == self.new.present(sender).ip == sender.ip
        kept = was is not None and will is not None and was.receiver == will.receiver and same_ip
        pair = [self._by_name(each, question) for each in (self.old, self.new)]
        meant = frozenset(m for m in (before, after, *pair) if m is not None)
        return Case(question, before, after, meant, kept)

    def _by_name(self, meaning: Meaning, question: Question) -> Meant | None:
        ends = meaning.present(question.source), meaning.present(question.destination)
        found = meaning.of(replace(question, source=ends[0], destination=ends[1]))
        return found if found and found.receiver == ends[1].name else None

    def faults(self, case: Case, walker: Walker) -> Iterator[str]:
        """What is wrong with a packet at any time, and with the answers to it."""
        place = self._place(case.question.source)
        if place is None:
            return
        for number, era in enumerate(self.timeline.eras):
            for outcome in walker.walk(first_packet(case.question), place, Moment(era[0])):
                found = self._wrong(case, outcome, must=self._must(case, number))
                if found:
                    yield f"{case}: {found}, way {outcome.way}"
                yield from self._answer_faults(case, outcome, walker)

    def _must(self, case: Case, era: int) -> bool:
        """Whether it has to arrive. A migrated sender's old port works until the drain, its new one
        from then on."""
        if not case.kept:
            return False
        sender = case.question.source
        was, will = self.old.knows(sender), self.new.knows(sender)
        if self.returns or self.several:
            return was and (will or not self.several)
        return (was and will) or (was and era == 0) or (will and era > 0)

    def _wrong(self, case: Case, outcome: Outcome, *, must: bool) -> str | None:
        arrived = [fate for fate in outcome.fates if isinstance(fate, Delivered)]
        if not arrived:
            lost = must or any(isinstance(fate, Answered | Lost) for fate in outcome.fates)
            return f"{outcome.fates}" if lost else None
        if self.several and not case.kept:
            return None
        dscp = arrived[0].packet.get("ip_dscp")
        receivers = {m.receiver for m in case.meant}
        classes = {dscp} if self.several else self._classes(case)
        if dscp not in classes or not any(fate.instance in receivers for fate in arrived):
            return f"delivered to {[fate.instance for fate in arrived]} with DSCP {dscp}"
        return None

    def _answer_faults(self, case: Case, outcome: Outcome, walker: Walker) -> Iterator[str]:
        """The answers of whoever got it, then or later."""
        if self.several and not case.kept:
            return
        arrived = [fate for fate in outcome.fates if isinstance(fate, Delivered)]
        receiver = self._who(arrived[0], outcome) if arrived else None
        if receiver is None or (place := self._place(receiver)) is None:
            return
        ends = case.question.source, receiver
        moved = any(not (self.old.knows(end) and self.new.knows(end)) for end in ends)
        # At a new place an answer may pass as a connection of its own, in the class of that.
        meant = set(range(64)) if moved or self.several else self._classes(case)
        if not all(self._stays(m.dscp) for m in case.meant):
            meant = {
                *meant,
                BEST_EFFORT.dscp,
            }  # a class that an edge remembers, and that is no more
        for moment in self._later(outcome.at):
            era = self.timeline.era_of(moment)
            must = self._must_answer(case, receiver, era)
            for back in walker.walk(reply_from(arrived[0]), place, moment, outcome.state):
                found = _wrong_answer(case, back, meant, must=must)
                if found:
                    yield f"answer to {case}: {found}, {outcome.way} then {back.way}"

    def _classes(self, case: Case) -> set[int]:
        """In which a packet and its answer may travel. Where the old and the new range of rules
        overlap, either may decide, and at one edge another than at the other."""
        overlapping = self.old.ruled(case.question) | self.new.ruled(case.question)
        return {m.dscp for m in case.meant} | overlapping

    def _stays(self, dscp: int) -> bool:
        """Whether there is a class of this DSCP at the end: connections remember theirs by it."""
        last = self.old if self.returns else self.new
        return dscp in [qos.dscp for qos in last.network.intent.classes.values()]

    def _later(self, moment: Moment) -> Iterator[Moment]:
        yield moment
        for era in self.timeline.eras[self.timeline.era_of(moment) + 1 :]:
            yield Moment(era[0])

    def _must_answer(self, case: Case, receiver: Instance, era: int) -> bool:
        """Not from or to a port that is given up, and not to one that it was not asked from."""
        ends = case.question.source, receiver
        stays = all(self.old.knows(end) and self.new.knows(end) for end in ends[:1])
        if not (case.kept and stays):
            return False
        was, will = self.old.knows(receiver), self.new.knows(receiver)
        if self.returns or self.several:
            return was and (will or not self.several)
        return (was and will) or (was and era == 0) or (will and era > 0)

    def _who(self, arrived: Delivered, outcome: Outcome) -> Instance | None:
        """The receiver as it is where the packet arrived."""
        switch = outcome.way[-1].partition("@")[0]
        for meaning in (self.old, self.new):
            known = meaning.network.intent.instances.get(arrived.instance)
            place = known and attachment(meaning.network, known)
            if known is not None and place is not None and place[0] == switch:
                return known
        return None

    def _place(self, instance: Instance) -> Place | None:
        return attachment(self.old.network, instance)


def _wrong_answer(case: Case, back: Outcome, meant: set[int], *, must: bool) -> str | None:
    arrived = [fate for fate in back.fates if isinstance(fate, Delivered)]
    if not arrived:
        return f"{back.fates}" if must else None
    dscp = arrived[0].packet.get("ip_dscp")
    if case.question.source.name not in [fate.instance for fate in arrived]:
        return f"delivered to {[fate.instance for fate in arrived]}"
    return None if dscp in meant else f"delivered with DSCP {dscp}"


def cases(judge: Judge, chance: Random, most: int) -> list[Case]:
    """Some packets of every sort, of all that any instance, old or new, may send to any address."""
    networks = (judge.old.network, judge.new.network)
    ends = {(i.name, i.host, i.ip, i.mac): i for n in networks for i in n.intent.instances.values()}
    asked: tuple[Points, ...] = tuple(points(n.intent, {}) for n in networks)
    ports = sorted({port for each in asked for port in each.ports})
    marks = sorted({mark for each in asked for mark in each.marks})
    space = [ends[key] for key in sorted(ends)]
    every = [pair for pair in product(space, space) if pair[0].name != pair[1].name]
    found: dict[str, list[Case]] = {"kept": [], "denied": [], "other": []}
    for _ in range(12 * most if every else 0):
        question = Question(*chance.choice(every), *chance.choice(ports), dscp=chance.choice(marks))
        case = judge.case(question)
        if len(found[case.sort]) < most and case not in found[case.sort]:
            found[case.sort].append(case)
    return [case for some in found.values() for case in some]


__all__ = ["Case", "Judge", "Meaning", "Packet", "cases"]
