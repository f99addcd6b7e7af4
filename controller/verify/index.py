"""A site's tables joined to what the intent wants of them, kept up to date change by change.

A packet's way from one instance to another is a chain of look-ups: admitted at its place, resolved
to a receiver, over a way into the fabric, recognised at the far edge by its origin, handed over;
and at both edges permitted by the pair of identities. Each link of the chain is checked on its own
and at the cost of what it speaks of, so a change costs its own size. Where every link is as it must
be for everybody, every packet meets the intent; where one is not, it is *doubted*, and packets that
meet it are walked one by one (:mod:`controller.verify.suspects`).

Nothing here assumes which numbers a compiler chose for identities: instances are grouped by the
numbers that their rows really carry.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from functools import cached_property
from typing import Final

from controller.model.identity import IdentityKey
from controller.model.network import Network
from controller.verify.groups import (
    Chain,
    Names,
    Pair,
    SourceGroup,
    Sources,
    TargetGroup,
    Targets,
)
from controller.verify.members import Member, Members
from controller.verify.permits import Compared, compare
from controller.verify.tables import Own, Place, Sender, Tables, Target
from controller.verify.wanted import Wanted
from controller.verify.ways import Way, Ways

SINGLES: Final = (
    *("answer.pass", "track.near", "track.far", "permit.reply", "permit.related"),
    *("deliver.here", "deliver.judged", "emit.plain", "emit.nested"),
    *("admit.dhcp", "admit.nested_dhcp"),
)
"""Shapes without columns that every edge switch needs."""

EVERY_BIT: Final = frozenset(
    match
    for bit in (1 << number for number in range(32))
    for match in ((0, bit, bit), (bit, bit, 0))
)
"""Who asks for another address than his own: one of 32 bits is 0 in his and 1 in it, or 1 and 0."""


@dataclass(slots=True)
class Doubts:
    """Links of chains that are not as they must be."""

    senders: Names = field(default_factory=dict)
    places: dict[tuple[str, Place], None] = field(default_factory=dict)
    chains: dict[Chain, None] = field(default_factory=dict)
    origins: dict[tuple[str, str], None] = field(default_factory=dict)
    pairs: dict[Pair, Compared] = field(default_factory=dict)
    ways: dict[Pair, None] = field(default_factory=dict)
    switches: Names = field(default_factory=dict)

    def __bool__(self) -> bool:
        return any(getattr(self, item.name) for item in fields(self))


@dataclass
class Index:
    """The joined tables. ``known`` are the switches whose rows are known; others are not judged."""

    network: Network
    wanted: Wanted
    leaks: Mapping[str, frozenset[IdentityKey]]
    tables: dict[str, Tables]
    ways: Ways
    members: Members = field(default_factory=Members)
    doubts: Doubts = field(default_factory=Doubts)
    sources: Sources = field(default_factory=Sources)
    targets: Targets = field(default_factory=Targets)
    tagged: dict[tuple[str, int], dict[Chain, None]] = field(default_factory=dict)
    """Chains by the edge and wire tag that they were ever found to lead to."""

    @cached_property
    def numbers(self) -> Mapping[int, str]:
        """Edge switches by number."""
        switches = self.network.topology.switches.values()
        return {switch.number: switch.name for switch in switches if switch.role == "edge"}

    @property
    def edges(self) -> list[str]:
        """The edge switches whose rows are known."""
        switches = self.network.topology.switches
        return [name for name in self.tables if switches[name].role == "edge"]

    def vrf_id(self, vrf: str) -> int:
        """The number of a VRF."""
        return self.network.intent.vrfs[vrf].id

    def sender(self, member: Member) -> Sender | None:
        """What admission makes of an instance's packets, None where it takes none."""
        tables = self.tables.get(member.edge)
        return tables.senders.get(member.place, {}).get(member.own) if tables else None

    def addresses(self, edge: str, vrf: str) -> set[int]:
        """The addresses that an edge's senders in a VRF must be able to resolve, or can."""
        owed = {
            partner
            for key in self.members.keys_at(edge)
            if key[0] == vrf
            for partner in self.wanted.partners(key)
        }
        needed = {member.own.ip for key in owed for member in self.members.of_key(key)}
        return needed.union(self.tables[edge].addresses(self.vrf_id(vrf)))

    def is_owed(self, edge: str, vrf: str, key: IdentityKey) -> bool:
        """Whether somebody of a VRF at an edge may reach an identity, or be reached by it."""
        return self.wanted.owes(self.members.keys_at(edge), vrf, key)

    # Links of chains, one by one.

    def check_switch(self, name: str) -> None:
        """What every edge switch needs, and what no fabric switch may have."""
        cells = self.tables[name].cells
        if self.network.topology.switches[name].role == "edge":
            right = all(cells.get(shape) for shape in SINGLES)
            right = right and cells.get("answer.arp", {}).keys() == EVERY_BIT
        else:
            right = bool(cells.get("admit.transit"))
        _mark(self.doubts.switches, name, right)

    def check_sender(self, name: str) -> None:
        """An instance's admission, its ARP and its gateway's echo; and its group as a sender."""
        self.sources.leave(name)
        member = self.members.by_name.get(name)
        if member is None or member.edge not in self.tables:
            self.doubts.senders.pop(name, None)
            return
        sender = self.sender(member)
        _mark(self.doubts.senders, name, sender is not None and self._admitted(member, sender))
        if sender is not None:
            group = SourceGroup(member.edge, member.vrf, sender.source, member.key)
            self.sources.join(name, group, name)

    def check_place(self, edge: str, place: Place) -> None:
        """Whether only who is plugged at a place is admitted there."""
        rightful = self.members.placed(edge, place)
        admitted = self.tables[edge].senders.get(place, {})
        own = {rightful.own} if rightful else set[Own]()
        right = own.issuperset(admitted) or not self.members.is_used(edge, place.port)
        _mark(self.doubts.places, (edge, place), right)

    def _admitted(self, member: Member, sender: Sender) -> bool:
        tables = self.tables[member.edge]
        return (
            sender.vrf == self.vrf_id(member.vrf)
            and member.own in tables.arps.get(member.place, {})
            and tables.gateways.get(sender.segment) == frozenset({member.gateway})
            and tables.has("answer.dhcp", sender.segment, member.gateway)
        )

    def check_chain(self, chain: Chain) -> None:
        """What an address stands for, up to the receiver's port; and its group as a receiver."""
        self.targets.leave(chain)
        if chain.vrf not in self.members.vrfs_at(chain.edge):
            self.doubts.chains.pop(chain, None)
            return
        name = self.meant(chain)
        tables = self.tables[chain.edge]
        target = tables.target(self.vrf_id(chain.vrf), chain.ip)
        member = self.members.by_name[name] if name else None
        group = target and self._arrives(chain, target, member)
        if group is not None and member is not None and target is not None:
            self.targets.join(chain, group, member.name)
            self.tagged.setdefault((group.far, target.target), {})[chain] = None
        _mark(
            self.doubts.chains,
            chain,
            group is not None or self._owes_nothing(chain, target, member),
        )

    def meant(self, chain: Chain) -> str | None:
        """The instance that a VRF means by an address."""
        own = self.members.by_address.get((chain.vrf, chain.ip))
        if own is not None:
            return own
        for key in self.leaks.get(chain.vrf, ()):
            name = self.members.by_address.get((key[0], chain.ip))
            if name is not None and self.members.by_name[name].key == key:
                return name
        return None

    def _owes_nothing(self, chain: Chain, target: Target | None, member: Member | None) -> bool:
        """Whether nobody need be reached, and nobody is: none is meant, or plugged, or known."""
        if member is not None and member.edge:
            strange = member.edge not in self.tables
            return strange or (
                target is None and not self.is_owed(chain.edge, chain.vrf, member.key)
            )
        tables = target and self.tables.get(self.far(chain, target) or "")
        return not (target and tables and tables.arrival(target, chain.ip))

    def far(self, chain: Chain, target: Target) -> str | None:
        """The edge switch that an address leads to."""
        return self.numbers.get(target.edge) if target.edge else chain.edge

    def _arrives(self, chain: Chain, target: Target, member: Member | None) -> TargetGroup | None:
        far = self.far(chain, target)
        tables = self.tables.get(far or "")
        if far is None or tables is None or member is None or member.edge != far:
            return None
        arrival = tables.arrival(target, chain.ip)
        sender = self.sender(member)
        if arrival is None or (arrival.port, arrival.nested) != member.place:
            return None
        if arrival.mac != member.own.mac or (sender and sender.zone != arrival.zone):
            return None
        wire = tables.cell("wire.segment", target.s_vid, target.c_vid)
        if far != chain.edge and wire != (self.vrf_id(member.vrf),):
            return None
        return TargetGroup(
            *(chain.edge, chain.vrf, target.destination, far, target.edge, target.lane),
            *(target.s_vid, member.key),
        )

    def check_origin(self, name: str, far: str) -> None:
        """Whether another edge knows an instance by the identity that its own gives it."""
        place = far, name
        member = self.members.by_name.get(name)
        sender = member and self.sender(member)
        if member is None or sender is None or far not in self.tables or member.edge == far:
            self.doubts.origins.pop(place, None)
            return
        tables = self.tables[far]
        vrfs = [v for v in self.members.vrfs_at(far) if self.is_owed(far, v, member.key)]
        right = all(
            tables.has("origin.address", self.vrf_id(vrf), sender.source, member.own.ip)
            for vrf in vrfs
        )
        _mark(self.doubts.origins, place, right)

    # Pairs of groups.

    def check_pair(self, pair: Pair) -> None:
        """What rows permit between two groups, and the ways there and back."""
        near = self.tables[pair.source.edge].permitted(pair.source.source, pair.target.destination)
        far = self.tables[pair.target.far].permitted(pair.source.source, pair.target.destination)
        claims = self.wanted.claims(pair.source.key, pair.target.key)
        if not (near or far or claims):
            self.forget_pair(pair)
            return
        found = compare(near, far, claims)
        if found.differences:
            self.doubts.pairs[pair] = found
        else:
            self.doubts.pairs.pop(pair, None)
        _mark(self.doubts.ways, pair, self.ways_hold(pair, found.classes))

    def forget_pair(self, pair: Pair) -> None:
        """Nothing is permitted nor wanted between two groups, or one of them is gone."""
        self.doubts.pairs.pop(pair, None)
        self.doubts.ways.pop(pair, None)

    def forget_dead_pairs(self) -> None:
        """Doubts about groups that have nobody left."""
        dead = [pair for pair in (*self.doubts.pairs, *self.doubts.ways) if not self._lives(pair)]
        for pair in dead:
            self.forget_pair(pair)

    def _lives(self, pair: Pair) -> bool:
        return pair.source in self.sources.members and pair.target in self.targets.members

    def pairs_from(self, source: SourceGroup) -> Iterator[Pair]:
        """Pairs of a group of senders of which something is permitted or wanted."""
        edge, vrf = source.edge, source.vrf
        opened = self.wanted.opened(source.key)
        for key in opened:
            yield from (Pair(source, group) for group in self.targets.keyed(edge, vrf, key))
        for number in self.tables[edge].partners(source.source):
            for group in self.targets.numbered(edge, vrf, number):
                if group.key not in opened:
                    yield Pair(source, group)

    def pairs_to(self, target: TargetGroup) -> Iterator[Pair]:
        """Pairs of a group of receivers with all that see it."""
        for source in self.sources.by_place.get((target.edge, target.vrf), ()):
            yield Pair(source, target)

    def pairs_answered(self, target: TargetGroup) -> Iterator[Pair]:
        """Pairs whose answers go to a group of receivers."""
        for source in self.sources.by_key.get(target.key, ()):
            if source.edge == target.far:
                every = self.pairs_from(source)
                yield from (pair for pair in every if pair.target.far == target.edge)

    def pairs_numbered(self, switch: str, source: int, destination: int) -> Iterator[Pair]:
        """Pairs that permit rows of two identity numbers at a switch judge, near or far."""
        for group in self.sources.by_number.get(source, ()):
            for target in self.targets.numbered(group.edge, group.vrf, destination):
                if switch in (group.edge, target.far):
                    yield Pair(group, target)

    def pairs_keyed(self, source: IdentityKey, destination: IdentityKey) -> Iterator[Pair]:
        """Pairs of two identities."""
        for group in self.sources.by_key.get(source, ()):
            for target in self.targets.keyed(group.edge, group.vrf, destination):
                yield Pair(group, target)

    def ways_hold(self, pair: Pair, classes: Iterable[int]) -> bool:
        """Whether packets get there in their classes, and answers back to all of the senders."""
        there, here = pair.target, pair.source
        answers = self.targets.keyed(there.far, there.key[0], here.key)
        ways = [way(there), *(way(group) for group in answers if group.far == here.edge)]
        return all(self.ways.holds(found, dscp) for found in ways for dscp in classes)


def way(group: TargetGroup) -> Way:
    """The way of frames to a group of receivers."""
    return Way(group.edge, group.far, group.number, group.lane, group.s_vid, group.key[0])


def _mark(names: dict, item: object, right: bool) -> None:  # type: ignore[type-arg]
    if right:
        names.pop(item, None)
    else:
        names[item] = None
