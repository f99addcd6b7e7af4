"""A packet's walk across the switches and links of a site, to one of a closed set of fates."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from ipaddress import IPv4Address
from itertools import chain
from types import MappingProxyType
from typing import Final, NamedTuple

from controller.dataplane.program import Program
from controller.dataplane.shapes import Entry
from controller.model.intent import Instance
from controller.model.meaning import view
from controller.model.network import Network
from controller.verify.conntrack import Conntrack
from controller.verify.interpreter import Ambiguous, Choose, Interpreter, Result, Step, refuse
from controller.verify.packet import Packet

MAX_HOPS: Final = 32


@dataclass(frozen=True, slots=True)
class Delivered:
    """It reached an instance's port, as this packet."""

    instance: str
    packet: Packet


@dataclass(frozen=True, slots=True)
class Answered:
    """The switch itself answered, with this packet."""

    packet: Packet


@dataclass(frozen=True, slots=True)
class Dropped:
    """A table of a switch dropped it."""

    switch: str
    table: int


@dataclass(frozen=True, slots=True)
class Lost:
    """It left by a port with nobody behind it, or by a link that is down."""

    switch: str
    port: int


@dataclass(frozen=True, slots=True)
class Looped:
    """It went from switch to switch without end."""

    switch: str


@dataclass(frozen=True, slots=True)
class Undecided:
    """Two entries of one priority match it in a table and differ; ``entries`` are both, as text."""

    switch: str
    table: int
    entries: str


Fate = Delivered | Answered | Dropped | Lost | Looped | Undecided
State = Mapping[str, Conntrack]
"""Connections known to each switch, by its name."""

Views = Mapping[str, Mapping[IPv4Address, Instance]]
"""The addresses that each VRF can resolve, by its name."""

NOTHING_KNOWN: Final[State] = MappingProxyType({})


class Hop(NamedTuple):
    """One switch on a walk: its tables' verdicts, and the link and queue it left by, if any."""

    switch: str
    steps: tuple[Step, ...]
    link: str | None
    queue: int


class Arrival(NamedTuple):
    """A packet that comes in at a switch by a port."""

    switch: str
    port: int
    packet: Packet


@dataclass(frozen=True, slots=True)
class Walk:
    """A packet's fate and way, and what the switches know of connections afterwards.

    ``sent`` is the packet as it first came in, and where.
    """

    sent: Arrival
    fate: Fate
    hops: tuple[Hop, ...]
    state: State


@dataclass(frozen=True)
class Site:
    """Programs on the switches of a network, and ``strays``: entries of theirs that no shape has.

    ``choose`` decides between entries that OpenFlow leaves open, as there may be amid a change.
    """

    network: Network
    programs: Mapping[str, Program]
    choose: Choose = refuse
    strays: Mapping[str, tuple[Entry, ...]] = field(default_factory=lambda: MappingProxyType({}))
    _interpreters: dict[str, Interpreter] = field(default_factory=dict, compare=False, repr=False)

    def walk(self, packet: Packet, switch: str, port: int, state: State = NOTHING_KNOWN) -> Walk:
        """A packet that enters a switch by a port, to its fate."""
        sent = Arrival(switch, port, packet)
        hops: list[Hop] = []
        known = dict(state)
        for _ in range(MAX_HOPS):
            try:
                result = self._at(switch).run(packet, port, known.get(switch, Conntrack()))
            except Ambiguous as error:
                hops.append(Hop(switch, error.steps, None, 0))
                fate = Undecided(switch, error.steps[-1].table, str(error))
                return Walk(sent, fate, tuple(hops), known)
            known[switch] = result.conntrack
            hop, there = self.onward(switch, 0 if hops else port, result)
            hops.append(hop)
            if not isinstance(there, Arrival):
                return Walk(sent, there, tuple(hops), known)
            switch, port, packet = there
        return Walk(sent, Looped(switch), tuple(hops), known)

    def onward(self, switch: str, came_by: int, result: Result) -> tuple[Hop, Fate | Arrival]:
        """Where a packet gets to that a switch has dealt with: another switch, or its fate.

        ``came_by`` is the port by which the sender sent it, 0 where another switch did.
        """
        if not result.emissions:
            return Hop(switch, result.steps, None, 0), Dropped(switch, result.steps[-1].table)
        out = result.emissions[0]
        beyond = self._links.get((switch, out.port))
        hop = Hop(switch, result.steps, beyond and beyond.link, out.queue)
        if beyond is None:
            return hop, self._at_port(switch, out.port, out.packet, came_by)
        if beyond.down:
            return hop, Lost(switch, out.port)
        return hop, Arrival(beyond.switch, beyond.port, out.packet)

    def _at(self, switch: str) -> Interpreter:
        if switch not in self._interpreters:
            program = self.programs.get(switch, Program())
            entries = chain(program.entries(), self.strays.get(switch, ()))
            self._interpreters[switch] = Interpreter(entries, self.choose)
        return self._interpreters[switch]

    def _at_port(self, switch: str, port: int, packet: Packet, came_by: int) -> Fate:
        tag = packet.tags[0].vid if packet.tags else 0
        instance = self._ports.get((switch, port, tag))
        is_answer = packet.get("eth_type") == 0x0806 or packet.get("ip_proto") == 1
        if port == came_by and is_answer and not self._addressed_by_other(packet, instance):
            return Answered(packet)
        return Lost(switch, port) if instance is None else Delivered(instance.name, packet)

    def _addressed_by_other(self, packet: Packet, instance: Instance | None) -> bool:
        """Whether a packet that left by the port it came in by is from a nested neighbour."""
        if instance is None or packet.get("eth_type") == 0x0806:
            return False
        segment = self.network.intent.segment_of(instance)
        return packet.get("ipv4_src") != int(segment.gateway)

    @cached_property
    def views(self) -> Views:
        """Who each VRF means by an address, as the intent has it."""
        return view(self.network.intent)

    @cached_property
    def _links(self) -> Mapping[tuple[str, int], _Beyond]:
        found = {}
        for link in self.network.topology.links.values():
            for near, far in ((link.a, link.b), (link.b, link.a)):
                out = self.network.port_number(near.switch, near.port)
                into = self.network.port_number(far.switch, far.port)
                if out is not None:
                    down = link.name in self.network.facts.down_links or into is None
                    found[near.switch, out] = _Beyond(link.name, far.switch, into or 0, down)
        return found

    @cached_property
    def _ports(self) -> Mapping[tuple[str, int, int], Instance]:
        found = {}
        for instance in self.network.intent.instances.values():
            place = attachment(self.network, instance)
            if place is not None:
                found[(*place, instance.nested_vlan)] = instance
        return found


class _Beyond(NamedTuple):
    link: str
    switch: str
    port: int
    down: bool


def attachment(network: Network, instance: Instance) -> tuple[str, int] | None:
    """The edge switch and port number of an instance, None while it is not plugged."""
    edge = network.topology.edge_of(instance.host)
    port = edge and network.port_number(edge.name, instance.port)
    return None if edge is None or not port else (edge.name, port)
