"""Asks a site what becomes of the first packet of a connection, and of its reply."""

from __future__ import annotations

from dataclasses import dataclass

from controller.dataplane.pipeline import GATEWAY_MAC
from controller.model.intent import Instance
from controller.verify.conntrack import reply_to
from controller.verify.packet import CLIENT_PORT, Packet, ipv4, tagged, with_ports
from controller.verify.site import NOTHING_KNOWN, Delivered, Site, State, Walk, attachment


@dataclass(frozen=True, slots=True)
class Question:
    """A connection somebody wants to make. ``protocol``: IP protocol number."""

    source: Instance
    destination: Instance
    protocol: int
    port: int
    dscp: int = 0


@dataclass(frozen=True, slots=True)
class Answer:
    """The walk of the first packet, and of the reply where the first was delivered.

    ``there`` None: the sender is not plugged.
    """

    there: Walk | None
    back: Walk | None

    @property
    def reached(self) -> str | None:
        """The instance that got the first packet."""
        fate = self.there and self.there.fate
        return fate.instance if isinstance(fate, Delivered) else None

    @property
    def answered(self) -> str | None:
        """The instance that got the reply."""
        fate = self.back and self.back.fate
        return fate.instance if isinstance(fate, Delivered) else None


def first_packet(question: Question) -> Packet:
    """What the sender's stack sends: to its gateway's MAC, tagged when it is nested."""
    packet = with_ports(
        ipv4(
            source_mac=_mac(question.source),
            target_mac=GATEWAY_MAC,
            source=int(question.source.ip),
            target=int(question.destination.ip),
            protocol=question.protocol,
            dscp=question.dscp,
        ),
        source=CLIENT_PORT,
        target=question.port,
    )
    nested = question.source.nested_vlan
    return tagged(packet, nested) if nested else packet


def ask(site: Site, question: Question, state: State = NOTHING_KNOWN) -> Answer:
    """Send the first packet, then the reply of whoever got it."""
    there = send(site, question.source, first_packet(question), state)
    if there is None or not isinstance(there.fate, Delivered):
        return Answer(there, None)
    receiver = site.network.intent.instances[there.fate.instance]
    return Answer(there, send(site, receiver, reply_from(there.fate), there.state))


def reply_from(delivered: Delivered) -> Packet:
    """The answer of the stack that got a packet; tags stay, for a nested one is tagged back."""
    return reply_to(delivered.packet)


def send(site: Site, sender: Instance, packet: Packet, state: State) -> Walk | None:
    """A packet from an instance's port; None while it is not plugged."""
    place = attachment(site.network, sender)
    return None if place is None else site.walk(packet, *place, state)


def _mac(instance: Instance) -> int:
    return int(instance.mac.replace(":", ""), 16)
