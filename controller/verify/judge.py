"""One packet at a time: walked through what switches hold and held against the intent.

This is the strict judge that decides whether a doubt is a fault. A packet of an allowed connection
arrives at its receiver alone, addressed to it, in its class, in the class's queue on every link, by
a way as short as any; and so does its answer. Anything else reaches nobody.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from ipaddress import IPv4Address

from controller.dataplane.actions import Punt
from controller.dataplane.fields import PROTO_ICMP
from controller.dataplane.pipeline import GATEWAY_MAC, Meter
from controller.model.intent import Instance, QosClass
from controller.model.meaning import Decision, verdict
from controller.model.network import Network
from controller.topology.graph import carries, weight
from controller.topology.routes import Routes
from controller.verify.conntrack import Established
from controller.verify.faults import Fault, Kind, fate_text, kind_of, shown, subject_of
from controller.verify.packet import EVERYBODY, Packet, arp_request, dhcp_request, tagged
from controller.verify.probe import Answer, Question, ask, first_packet, send
from controller.verify.site import (
    NOTHING_KNOWN,
    Answered,
    Delivered,
    Dropped,
    Lost,
    Site,
    Undecided,
    Walk,
    attachment,
)


@dataclass(frozen=True)
class Judge:
    """Judges packets on a site. Switches that hold nothing known are not judged."""

    site: Site
    _ways: dict[tuple[str, str, str, str], int | None] = field(default_factory=dict)

    @property
    def network(self) -> Network:
        """The network that the site is held against."""
        return self.site.network

    def connection(self, question: Question) -> Fault | None:
        """The first packet of a connection, and the answer to it.

        Where the sender's VRF means somebody else by the destination's address, it is asked for.
        """
        addressed = self._addressed(question)
        if addressed is None:
            return None
        question, meant = addressed
        return self._judged(question, meant, ask(self.site, question))

    def later_packet(self, question: Question) -> Fault | None:
        """A later packet of the side that opened a connection: judged as the first one is.

        Rows treat both alike (:mod:`controller.verify.first_packets`); other entries need not.
        """
        addressed = self._addressed(question)
        if addressed is None:
            return None
        question, meant = addressed
        known = dict.fromkeys(self.site.programs, Established())
        there = send(self.site, question.source, first_packet(question), known)
        fault = self._judged(question, meant, Answer(there, None), later=True)
        return fault and replace(fault, found=f"a later packet: {fault.found}")

    def _addressed(self, question: Question) -> tuple[Question, Decision | None] | None:
        """Whom the sender's VRF means by the address, and what the intent means for the packet.

        None for the sender's own gateway, which another VRF's instance is called like.
        """
        view = self.site.views[self.network.intent.vrf_of(question.source).name]
        known = view.get(question.destination.ip)
        if known is not None:
            question = replace(question, destination=known)
            return question, self._meant(question)
        if question.destination.ip == self._gateway(question.source):
            return None
        return question, None

    def _judged(
        self, question: Question, meant: Decision | None, answer: Answer, *, later: bool = False
    ) -> Fault | None:
        walks = [walk for walk in (answer.there, answer.back) if walk is not None]
        if not all(self._is_known(walk) for walk in walks):
            return None
        for walk in walks:
            if isinstance(walk.fate, Undecided):
                return self._fault("ambiguous", question, self._text(meant), fate_text(walk), walk)
        if meant is None:
            return self._denied(question, answer)
        return self._allowed(question, meant, answer, later=later)

    def neighbourhood(self, instance: Instance) -> Fault | None:
        """What a host's stack needs: ARP, its gateway's echo and DHCP; its own address is its."""
        return (
            self._arp(instance, self._gateway(instance), "an ARP answer")
            or self._arp(instance, instance.ip, "no ARP answer")
            or self._echo(instance)
            or self._dhcp(instance, 0, EVERYBODY)
            or self._dhcp(instance, int(instance.ip), EVERYBODY)
            or self._dhcp(instance, int(instance.ip), int(self._gateway(instance)))
        )

    def others_arp(self, instance: Instance) -> Fault | None:
        """ARP for the addresses that differ from its own in one bit: each meets an entry alone."""
        others = (IPv4Address(int(instance.ip) ^ 1 << number) for number in range(32))
        found = (self._arp(instance, other, "an ARP answer") for other in others)
        return next(filter(None, found), None)

    def _arp(self, instance: Instance, target: IPv4Address, expected: str) -> Fault | None:
        request = arp_request(mac=_mac(instance), source=int(instance.ip), target=int(target))
        walk = self._send(instance, _tagged(instance, request))
        if walk is None or (
            not isinstance(walk.fate, Undecided)
            and self._is_arp_answer(walk, instance) == (expected == "an ARP answer")
        ):
            return None
        return shown("gateway", f"{instance.name} asks for {target}", expected, walk)

    def _echo(self, instance: Instance) -> Fault | None:
        gateway = replace(instance, name="gateway", ip=self._gateway(instance))
        question = Question(instance, gateway, PROTO_ICMP, 0)
        walk = self._send(instance, first_packet(question))
        if walk is None or isinstance(walk.fate, Answered):
            return None
        return self._fault(kind_of("gateway", walk), question, "an answer", fate_text(walk), walk)

    def _dhcp(self, instance: Instance, source: int, target: int) -> Fault | None:
        """The controller hears it, which answers."""
        request = dhcp_request(mac=_mac(instance), source=source, target=target)
        walk = self._send(instance, _tagged(instance, request))
        if walk is None or _heard(walk):
            return None
        subject = f"{instance.name} asks {IPv4Address(target)} for a lease"
        return shown("gateway", subject, "handed up to the controller", walk)

    def _gateway(self, instance: Instance) -> IPv4Address:
        return self.network.intent.segment_of(instance).gateway

    def spoof(self, switch: str, port: int, packet: Packet, subject: str) -> Fault | None:
        """A packet with somebody else's addresses: nobody gets it."""
        walk = self.site.walk(packet, switch, port)
        if isinstance(walk.fate, Dropped) or not self._is_known(walk):
            return None
        return shown("spoof", subject, "dropped", walk)

    def _send(self, instance: Instance, packet: Packet) -> Walk | None:
        walk = send(self.site, instance, packet, NOTHING_KNOWN)
        return walk if walk is not None and self._is_known(walk) else None

    def _is_arp_answer(self, walk: Walk, instance: Instance) -> bool:
        fate = walk.fate
        if not isinstance(fate, Answered):
            return False
        tag = fate.packet.tags[0].vid if fate.packet.tags else 0
        found = fate.packet.get
        return (tag, found("arp_op"), found("arp_sha"), found("eth_dst")) == (
            *(instance.nested_vlan, 2),
            *(GATEWAY_MAC, _mac(instance)),
        )

    def _is_known(self, walk: Walk) -> bool:
        return all(hop.switch in self.site.programs for hop in walk.hops)

    def _meant(self, question: Question) -> Decision | None:
        if attachment(self.network, question.destination) is None:
            return None
        ends = question.source, question.destination
        return verdict(self.network.intent, *ends, question.protocol, question.port, question.dscp)

    def _denied(self, question: Question, answer: Answer) -> Fault | None:
        if answer.there is None or isinstance(answer.there.fate, Dropped | Lost):
            return None
        kind: Kind = "leak" if isinstance(answer.there.fate, Delivered) else "gateway"
        return self._fault(
            kind_of(kind, answer.there), question, "denied", fate_text(answer.there), answer.there
        )

    def _allowed(
        self, question: Question, meant: Decision, answer: Answer, *, later: bool
    ) -> Fault | None:
        qos = self.network.intent.classes[meant.qos_class]
        expected = self._text(meant)
        if answer.there is None:
            return None
        there = (answer.there, question.source, question.destination)
        back = (answer.back, question.destination, question.source)
        for walk, sender, receiver in (there,) if later else (there, back):
            best = self._best(sender, receiver, qos)
            if best is None:
                return None  # the topology has no way: no switch is to blame
            found = self._wrong(walk, receiver, qos, best)
            if found is not None:
                way = "" if walk is answer.there else "the answer: "
                return self._fault(found[0], question, expected, f"{way}{found[1]}", walk)
        return None

    def _wrong(
        self, walk: Walk | None, receiver: Instance, qos: QosClass, best: int
    ) -> tuple[Kind, str] | None:
        fate = walk and walk.fate
        if walk is None or not isinstance(fate, Delivered):
            return (
                ("loss", "nobody to send it")
                if walk is None
                else (kind_of("loss", walk), fate_text(walk))
            )
        if fate.instance != receiver.name:
            return "leak", f"delivered to {fate.instance}"
        if fate.packet.get("eth_dst") != _mac(receiver):
            return "loss", f"delivered with MAC {fate.packet.get('eth_dst'):012x}, not its own"
        if fate.packet.get("ip_dscp") != qos.dscp:
            return "class", f"delivered with DSCP {fate.packet.get('ip_dscp')}"
        queues = {hop.queue for hop in walk.hops if hop.link}
        if queues - {qos.queue}:
            return "queue", f"queues {sorted(queues)} on its way"
        return self._detour(walk, receiver, qos, best)

    def _detour(
        self, walk: Walk, receiver: Instance, qos: QosClass, best: int
    ) -> tuple[Kind, str] | None:
        links = [self.network.topology.links[hop.link] for hop in walk.hops if hop.link]
        vrf = self.network.intent.vrf_of(receiver).name
        for link in links:
            if not carries(link, vrf):
                return "detour", f"it uses {link.name}, which does not carry {vrf}"
        length = sum(weight(link, qos.metric) for link in links)
        if length > best:
            return "detour", f"a way of {qos.metric} {length}, the best is {best}"
        return None

    def _best(self, sender: Instance, receiver: Instance, qos: QosClass) -> int | None:
        ends = [attachment(self.network, instance) for instance in (sender, receiver)]
        if ends[0] is None or ends[1] is None:
            return None
        vrf = self.network.intent.vrf_of(receiver).name
        key = (qos.metric, ends[0][0], ends[1][0], vrf)
        if key not in self._ways:
            path = self._routes.path(qos.metric, ends[0][0], ends[1][0], vrf)
            links = self.network.topology.links
            self._ways[key] = (
                sum(weight(links[name], qos.metric) for name in path.links) if path else None
            )
        return self._ways[key]

    @cached_property
    def _routes(self) -> Routes:
        return Routes.of(self.network)

    def _fault(
        self, kind: Kind, question: Question, expected: str, found: str, walk: Walk | None
    ) -> Fault:
        return Fault(kind, subject_of(question), expected, found, question, walk)

    def _text(self, meant: Decision | None) -> str:
        return "denied" if meant is None else f"allowed by {meant.rule} in {meant.qos_class}"


def _tagged(instance: Instance, packet: Packet) -> Packet:
    return tagged(packet, instance.nested_vlan) if instance.nested_vlan else packet


def _mac(instance: Instance) -> int:
    return int(instance.mac.replace(":", ""), 16)


def _heard(walk: Walk) -> bool:
    """Whether a DHCP request was handed up."""
    entries = [step.entry for hop in walk.hops for step in hop.steps if step.entry is not None]
    return bool(entries) and Punt(Meter.DHCP) in entries[-1].actions
