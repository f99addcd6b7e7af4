"""A change proved at its own size: only links of chains that it touches are looked at again.

Rows that came or went, and objects of the intent that differ, say which links those are. Where a
change touches everything (links, classes, VRFs, switches that come or go) everything is looked at.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass, field
from itertools import product
from typing import Final

from controller.dataplane.idset import ids_of
from controller.dataplane.program import Program, differences
from controller.dataplane.shapes import Row, RowKey, relation
from controller.model.identity import IdentityKey
from controller.model.network import Network
from controller.model.touched import touched_instances
from controller.verify.classes import check_pairs
from controller.verify.conjunctions import is_clause, part_of
from controller.verify.groups import Chain, Pair, SourceGroup, TargetGroup
from controller.verify.index import Index
from controller.verify.members import Member, Members, member
from controller.verify.proof import Ground, survey
from controller.verify.tables import Place, place_of
from controller.verify.wanted import Keys, Named, Wanted
from controller.verify.ways import Ways

_WAYS = ("admit.fabric", "admit.transit", "wire.", "class.", "deliver.")
MOST_GROUPS: Final = 64
"""Up to how many groups of instances are looked at pair by pair."""

MOST_PAIRS: Final = 4096
"""Up to how many pairs of identities a rule's change is looked at pair by pair."""

_SEGMENT = ("answer.echo", "answer.dhcp")


def advance(ground: Ground, network: Network, held: Mapping[str, Program]) -> Ground:
    """The ground of another network, and of what switches hold now, from the one before.

    The ground before is used up.
    """
    if not _alike(ground, network, held):
        return survey(network, held)
    touched = _Touched(ground.index, network)
    touched.rows(ground.held, held)
    touched.intent()
    touched.look()
    return Ground(network, held, ground.index)


def _alike(ground: Ground, network: Network, held: Mapping[str, Program]) -> bool:
    """Whether only tenants, segments, services, instances, rules, ports and rows may differ."""
    old = ground.network
    return (
        ground.held.keys() == held.keys()
        and old.topology == network.topology
        and old.facts.down_links == network.facts.down_links
        and old.intent.vrfs == network.intent.vrfs
        and old.intent.classes == network.intent.classes
        and _links(old) == _links(network)
    )


def _links(network: Network) -> list[int | None]:
    ends = (end for link in network.topology.links.values() for end in (link.a, link.b))
    return [network.port_number(end.switch, end.port) for end in ends]


@dataclass
class _Touched:
    """What a change touches, of an index that it brings up to date."""

    index: Index
    network: Network
    switches: set[str] = field(default_factory=set)
    senders: set[str] = field(default_factory=set)
    places: set[tuple[str, Place]] = field(default_factory=set)
    chains: set[Chain] = field(default_factory=set)
    origins: set[tuple[str, str]] = field(default_factory=set)
    numbers: set[tuple[str, int, int]] = field(default_factory=set)
    keys: set[tuple[IdentityKey, IdentityKey]] = field(default_factory=set)
    sources: set[SourceGroup] = field(default_factory=set)
    targets: set[TargetGroup] = field(default_factory=set)
    joined: dict[str, set[int]] = field(default_factory=dict)
    blocks: dict[tuple[str, RowKey], frozenset[int]] = field(default_factory=dict)
    every_way: bool = False
    wide: bool = False

    # Rows.

    def rows(self, before: Mapping[str, Program], after: Mapping[str, Program]) -> None:
        """Rows that came or went."""
        for switch, old in before.items():
            if old is after[switch]:
                continue
            found = differences(old, after[switch])
            gone = [*found.removed, *(was for was, _ in found.changed)]
            come = [*found.added, *(now for _, now in found.changed)]
            self.index.tables[switch].remove(gone)
            self.index.tables[switch].add(come)
            for row in (*gone, *come):
                self._row(switch, row)

    def _row(self, switch: str, row: Row) -> None:
        kind = relation(row.shape)
        if not row.match or kind == "answer.arp":
            self.switches.add(switch)
        if kind.startswith(_WAYS):
            self.every_way = True
        if is_clause(row.shape):
            self._clause(switch, row)
        elif kind.startswith("permit.") and row.match:
            self.numbers.add((switch, row.match[0], row.match[1]))
        elif kind.startswith("admit.") and kind not in _WAYS and row.match:
            place, _own = place_of(row)
            self.places.add((switch, place))
            self._member(self.index.members.placed(switch, place))
        elif kind == "resolve.receiver":
            self._resolves(switch, *row.match)
        elif kind == "arrive.instance":
            self._addressed(row.match[2])
        elif kind == "origin.address":
            self.origins.update((switch, name) for name in self._named(row.match[2]))
        elif kind in _SEGMENT:
            for place in self.index.tables[switch].homes.get(row.match[0], ()):
                self._member(self.index.members.placed(switch, place))
        elif kind == "wire.segment":
            self._tagged(switch, row.match[0] << 12 | row.match[1])

    def _clause(self, switch: str, row: Row) -> None:
        """Groups of senders whose pairs a part of conjunctions speaks of, before or after."""
        part, _ = part_of(row)
        if part == "from":
            self.sources.update(self.index.sources.by_number.get(row.match[0], ()))
        elif part == "to":
            for edge in self.index.edges:
                for vrf in self.index.members.vrfs_at(edge):
                    self.targets.update(self.index.targets.numbered(edge, vrf, row.match[0]))
        elif part == "at":
            # What stays in a block when others come or go is not touched.
            known = self.blocks.get((switch, row.key), frozenset())
            self.blocks[switch, row.key] = known ^ ids_of(row.args[0])
        else:
            self.joined.setdefault(switch, set()).add(row.match[0])

    def _resolves(self, switch: str, number: int, ip: int) -> None:
        for vrf in self.index.members.vrfs_at(switch):
            if self.index.vrf_id(vrf) == number:
                self.chains.add(Chain(switch, vrf, ip))

    def _addressed(self, ip: int) -> None:
        for edge in self.index.edges:
            self.chains.update(Chain(edge, vrf, ip) for vrf in self.index.members.vrfs_at(edge))

    def _named(self, ip: int) -> Iterator[str]:
        for vrf in self.index.network.intent.vrfs:
            name = self.index.members.by_address.get((vrf, ip))
            if name is not None:
                yield name

    def _tagged(self, switch: str, tag: int) -> None:
        """Chains that lead to a switch in a tag."""
        self.chains.update(self.index.tagged.get((switch, tag), ()))
        self.chains.update(self.index.doubts.chains)

    # Objects of the intent.

    def intent(self) -> None:
        """Rules and instances that differ; the index speaks of the new network from here on."""
        index, old = self.index, self.index.network
        wanted = Wanted.of(self.network.intent, before=(old.intent, index.wanted))
        vrfs = {edge: set(index.members.vrfs_at(edge)) for edge in index.edges}
        present = {edge: frozenset(index.members.keys_at(edge)) for edge in index.edges}
        owing = _Owing(index.wanted, wanted, present, index.members)
        changed = list(_changed(index, self.network, wanted))
        for name, found in changed:
            self._leave(name, index)
            if found is not None:
                index.members.put(found)
        for edge, was in present.items():
            self._come_or_gone(owing, edge, was.symmetric_difference(index.members.keys_at(edge)))
        for sources, destinations in _reopened(index.wanted, wanted):
            self._reopen(owing, sources, destinations)
        leaks = wanted.leaks(index.members.populated())
        released = _released(index.leaks, leaks)
        index.network, index.wanted, index.leaks = self.network, wanted, leaks
        index.ways = Ways(self.network, index.tables) if self.every_way else index.ways
        index.ways.network = self.network
        for _, found in changed:
            self._member(found)
        for vrf, key in released:
            self._leaked(vrf, key)
        for edge, known in vrfs.items():
            for vrf in known.symmetric_difference(index.members.vrfs_at(edge)):
                self._place(edge, vrf)

    def _leave(self, name: str, index: Index) -> None:
        known = index.members.by_name.get(name)
        if known is not None:
            self._member(known)
            index.members.drop(name)

    def _member(self, found: Member | None) -> None:
        """All links that speak of an instance."""
        if found is not None:
            self.senders.add(found.name)
            self._port(found)
            self._addressed(found.own.ip)
            self.origins.update((edge, found.name) for edge in self.index.edges)

    def _port(self, found: Member) -> None:
        """Every place at an instance's port: whether somebody is there decides for all tags."""
        if found.edge in self.index.tables:
            self.places.add((found.edge, found.place))
            nested = self.index.tables[found.edge].tags_at(found.place.port)
            self.places.update((found.edge, Place(found.place.port, tag)) for tag in nested)

    def _leaked(self, vrf: str, key: IdentityKey) -> None:
        """An identity that a VRF can resolve now and could not before, or the other way round."""
        for edge in self.index.edges:
            if vrf in self.index.members.vrfs_at(edge):
                self._look_for(edge, vrf, key)

    def _reopen(self, owing: _Owing, sources: Keys, destinations: Keys) -> None:
        """Identities that may be opened something else to, or may meet now and might not before."""
        if len(sources) * len(destinations) > MOST_PAIRS:
            self.wide = True
            self._meet(owing, sources, destinations)
            self._meet(owing, destinations, sources)
            return
        for pair in product(sources, destinations):
            was, now = owing.before.claims(*pair), owing.wanted.claims(*pair)
            if was != now:
                self.keys.add(pair)
                if not (was and now):
                    self._meet(owing, {pair[0]}, {pair[1]})
                    self._meet(owing, {pair[1]}, {pair[0]})

    def _meet(self, owing: _Owing, here: Set[IdentityKey], there: Set[IdentityKey]) -> None:
        """What some identities' VRFs have to resolve wherever one of them is."""
        for edge in self.index.edges:
            for vrf in {key[0] for key in here & self.index.members.keys_at(edge).keys()}:
                for key in there:
                    self._owe(owing, edge, vrf, key)

    def _come_or_gone(self, owing: _Owing, edge: str, keys: Set[IdentityKey]) -> None:
        """Whom an edge has to resolve for identities that came there, or had to for some gone."""
        partners: dict[str, set[IdentityKey]] = {}
        for key in keys:
            found = partners.setdefault(key[0], set())
            found.update(owing.before.partners(key), owing.wanted.partners(key))
        for vrf, others in partners.items():
            for other in others:
                self._owe(owing, edge, vrf, other)

    def _owe(self, owing: _Owing, edge: str, vrf: str, key: IdentityKey) -> None:
        """What a VRF at an edge has to resolve now, and had not to before, or the other way round.

        Where somebody else there may reach the same, nothing is asked of its links that was not.
        """
        if owing.differs(edge, vrf, key):
            self._look_for(edge, vrf, key)

    def _look_for(self, edge: str, vrf: str, key: IdentityKey) -> None:
        """All of an identity, as a VRF at an edge sees them."""
        for found in self.index.members.of_key(key):
            self.chains.add(Chain(edge, vrf, found.own.ip))
            self.origins.add((edge, found.name))

    def _place(self, edge: str, vrf: str) -> None:
        """A VRF that has instances at an edge now and had none, or the other way round."""
        self.chains.update(Chain(edge, vrf, ip) for ip in self.index.addresses(edge, vrf))
        known = (*self.index.targets.group_of, *self.index.doubts.chains)
        self.chains.update(c for c in known if (c.edge, c.vrf) == (edge, vrf))
        self.origins.update((edge, name) for name in self.index.members.by_name)

    # What is touched is looked at.

    def look(self) -> None:
        """Look at every touched link, then at the pairs of groups that these make or change."""
        index = self.index
        for switch in self.switches:
            index.check_switch(switch)
        for name in self.senders:
            index.check_sender(name)
        for edge, place in self.places:
            index.check_place(edge, place)
        for chain in self.chains:
            index.check_chain(chain)
        for far, name in self.origins:
            index.check_origin(name, far)
        (sources, _), (targets, gone) = index.sources.news(), index.targets.news()
        index.forget_dead_pairs()
        self._find_joined()
        groups = len(sources) + len(targets) + len(gone) + len(self.sources) + len(self.targets)
        if self.every_way or self.wide or groups > MOST_GROUPS:
            check_pairs(index)
            return
        pairs: dict[Pair, None] = {}
        for source in sources:
            pairs |= dict.fromkeys(index.pairs_from(source))
        for target in targets:
            pairs |= dict.fromkeys(index.pairs_to(target))
        for target in (*targets, *gone):
            pairs |= dict.fromkeys(index.pairs_answered(target))
        for number in self.numbers:
            pairs |= dict.fromkeys(index.pairs_numbered(*number))
        for key in self.keys:
            pairs |= dict.fromkeys(index.pairs_keyed(*key))
        pairs |= dict.fromkeys(self._of_clauses())
        for pair in pairs:
            index.check_pair(pair)

    def _find_joined(self) -> None:
        """Groups of senders whose conjunctions judge otherwise now, or may."""
        index = self.index
        for (switch, _), changed in self.blocks.items():
            self.joined.setdefault(switch, set()).update(changed)
        for switch, ids in self.joined.items():
            for number in index.tables[switch].conjunctions.sources_of(frozenset(ids)):
                self.sources.update(index.sources.by_number.get(number, ()))

    def _of_clauses(self) -> Iterator[Pair]:
        """Pairs that conjunctions judge otherwise now, or may."""
        index = self.index
        for source in self.sources & index.sources.members.keys():
            yield from index.pairs_from(source)
        for target in self.targets & index.targets.members.keys():
            yield from index.pairs_to(target)
        if self.sources or self.targets:
            yield from (*index.doubts.pairs, *index.doubts.ways)


@dataclass(frozen=True, slots=True)
class _Owing:
    """Whom VRFs at edges must be able to resolve: before a change, and as it is with it.

    ``before`` and ``present``: what was wanted, and the identities that were at each edge.
    ``known``: answers, which are the same for all that the same rules name.
    """

    before: Wanted
    wanted: Wanted
    present: Mapping[str, Keys]
    members: Members
    known: dict[tuple[str, str, Named, Named], bool] = field(default_factory=dict)

    def differs(self, edge: str, vrf: str, key: IdentityKey) -> bool:
        """Whether an identity need be resolved only before the change, or only with it."""
        place = edge, vrf, self.before.named(key), self.wanted.named(key)
        if place not in self.known:
            was = self.before.owes(self.present[edge], vrf, key)
            self.known[place] = was != self.wanted.owes(self.members.keys_at(edge), vrf, key)
        return self.known[place]


def _changed(index: Index, network: Network, wanted: Wanted) -> Iterator[tuple[str, Member | None]]:
    """Instances that are new, differ, or are gone."""
    old, new = index.network, network
    known = index.members.by_name
    for name in touched_instances(old, new, (index.wanted.keys, wanted.keys)):
        instance = new.intent.instances.get(name)
        found = None if instance is None else member(network, wanted, instance)
        if known.get(name) != found:
            yield name, found


def _reopened(before: Wanted, after: Wanted) -> Iterator[tuple[Keys, Keys]]:
    """Sources and destinations of which a rule may say something else now, each with each."""
    for name in before.ends.keys() | after.ends.keys():
        old, new = before.ends.get(name), after.ends.get(name)
        if old is new:
            continue
        if old is None or new is None or old.rule != new.rule:
            yield from ((ends.sources, ends.destinations) for ends in (old, new) if ends)
            continue
        for one, other in ((old, new), (new, old)):
            yield one.sources - other.sources, one.destinations
            yield one.sources, one.destinations - other.destinations


def _released(
    before: Mapping[str, frozenset[IdentityKey]], after: Mapping[str, frozenset[IdentityKey]]
) -> Iterator[tuple[str, IdentityKey]]:
    for vrf in before.keys() | after.keys():
        for key in before.get(vrf, frozenset()) ^ after.get(vrf, frozenset()):
            yield vrf, key
