"""What every feature needs to know of a network, brought up to date change by change.

A context is a value: the one of the network before stays as it is, and shares with the next
whatever a change has not touched. How it came about decides nothing: the context of a network is
the same whatever it was made from.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from controller.compile.numbering import Numbering
from controller.compile.openings import Openings, reopened
from controller.compile.people import People, Placed
from controller.compile.shares import Holds, Shares, holds, shares
from controller.compile.sharing import Pair
from controller.compile.sight import BLIND, Sight, resighted
from controller.model.differences import different
from controller.model.identity import IdentityKey, identities
from controller.model.intent import Intent, Metric, Segment
from controller.model.network import Network, Switch
from controller.model.numbers import stable_numbers
from controller.model.touched import touched_instances
from controller.model.wire import WireTag, wire_tag
from controller.topology.graph import NO_LANE
from controller.topology.routes import Routes

PLANES: Final[Mapping[Metric, int]] = {"cost": 0, "latency": 1}
"""The plane that serves each routing metric."""

RULE_BITS: Final = 32  # a cookie's object


@dataclass(frozen=True)
class Context:
    """A network with its numbers, its people, what rules open to them, and its routes.

    ``sight`` is whom each edge's instances may meet, ``held`` what each edge holds of shared rules.
    """

    network: Network
    routes: Routes
    numbering: Numbering
    rule_numbers: Mapping[str, int]
    edges: Mapping[str, Switch]
    people: People = field(default_factory=People)
    openings: Openings = field(default_factory=Openings)
    sight: Mapping[str, Sight] = field(default_factory=dict)
    shares: Shares = field(default_factory=Shares)
    held: Mapping[str, Holds] = field(default_factory=dict)

    @property
    def intent(self) -> Intent:
        """The network's intent."""
        return self.network.intent

    @property
    def keys(self) -> Mapping[str, IdentityKey]:
        """Each service's identity."""
        return self.numbering.keys

    @property
    def numbers(self) -> Mapping[IdentityKey, int]:
        """Each identity's number."""
        return self.numbering.numbers

    def tag(self, segment: Segment) -> WireTag:
        """A segment's wire tag."""
        return wire_tag(self.intent.vrfs[segment.vrf].id, segment.vlan)

    def sees(self, edge: str, vrf: str, key: IdentityKey) -> bool:
        """Whether instances of a VRF on an edge may meet those of an identity."""
        return key in self.seen(edge, vrf)

    def holds(self, edge: str) -> Holds:
        """What an edge holds of shared rules."""
        return self.held.get(edge, _NO_HOLDS)

    def seen(self, edge: str, vrf: str) -> Mapping[IdentityKey, int]:
        """The identities that instances of a VRF on an edge may meet."""
        return self.sight.get(edge, BLIND).get(vrf, {})


_NO_HOLDS: Final[Holds] = {}


class Touched(NamedTuple):
    """What is not in a context as it was in the one before: names of instances, and the rest.

    ``keys`` is, by edge, the identities that came to it or left it; ``renumbered`` are those that
    stay and have another number; ``ways`` is, by switch, the edges it takes another step to.
    """

    before: Context
    instances: frozenset[str]
    segments: frozenset[str]
    pairs: frozenset[Pair]
    keys: Mapping[str, frozenset[IdentityKey]]
    renumbered: frozenset[IdentityKey]
    ways: Mapping[str, Set[str]]


def context_of(network: Network) -> Context:
    """The context of a network."""
    return _filled(_empty(network)).context


class Next(NamedTuple):
    """A context, and what it does not share with the one before it; None: nothing is shared."""

    context: Context
    touched: Touched | None


def next_context(before: Context, network: Network) -> Next:
    """The context of a network that comes after another."""
    if not _same_ground(before.network, network):
        return Next(context_of(network), None)
    return _filled(_moved(before, network), before)


def _same_ground(old: Network, new: Network) -> bool:
    """Whether switches, links, VRFs and classes are the same."""
    return (
        _same(old.topology, new.topology)
        and _same(old.intent.vrfs, new.intent.vrfs)
        and _same(old.intent.classes, new.intent.classes)
    )


def _same(one: object, other: object) -> bool:
    return one is other or one == other


def _empty(network: Network) -> Context:
    switches = network.topology.switches.values()
    return Context(
        network=network,
        routes=Routes.of(network),
        numbering=Numbering.of(identities(network.intent)),
        rule_numbers=stable_numbers(network.intent.rules, RULE_BITS),
        edges={switch.host: switch for switch in switches if switch.role == "edge"},
    )


def _moved(before: Context, network: Network) -> Context:
    """The context of a network but for its people and what follows from them."""
    old, intent = before.network, network.intent
    links = _same(old.facts.down_links, network.facts.down_links)
    rules = intent.rules.keys() == before.rule_numbers.keys()
    return Context(
        network=network,
        routes=before.routes if links else Routes.of(network, before.routes),
        numbering=before.numbering.after(identities(intent)),
        rule_numbers=before.rule_numbers if rules else stable_numbers(intent.rules, RULE_BITS),
        edges=before.edges,
        people=before.people,
        openings=before.openings,
        sight=before.sight,
        shares=before.shares,
        held=before.held,
    )


def _filled(context: Context, before: Context | None = None) -> Next:
    """Bring people, openings and sight up to date."""
    names = context.intent.instances if before is None else _suspects(before, context)
    changes = dict(_changes(context, names))
    people = context.people.changed(changes) if changes else context.people
    opened = reopened(context.openings, context.intent, people.by_key)
    renumbered = _renumbered(before, context, people) if before else frozenset()
    moved = {
        edge: frozenset(was.keys() ^ now.keys())
        for edge in people.present.keys() | context.people.present.keys()
        if (was := context.people.keys(edge)) is not (now := people.keys(edge))
    }
    rules_shared = opened.rules & (opened.openings.shared | context.openings.shared)
    shared = context.shares
    if rules_shared:
        openings = opened.openings
        shared = shares(shared, context.intent, openings.by_rule, openings.shared)
    found = Context(
        network=context.network,
        routes=context.routes,
        numbering=context.numbering,
        rule_numbers=context.rule_numbers,
        edges=context.edges,
        people=people,
        openings=opened.openings,
        sight=_sight(context, people, opened.openings, opened.rules, moved),
        shares=shared,
        held=_held(context, people, shared, moved),
    )
    if before is None:
        return Next(found, None)
    segments = different(before.intent.segments, context.intent.segments)
    touched = Touched(
        before,
        instances=frozenset(changes),
        segments=frozenset(segments),
        pairs=opened.pairs | _of_numbers(before, context, opened.openings, renumbered),
        keys=moved,
        renumbered=renumbered,
        ways=context.routes.moved(before.routes) if context.routes is not before.routes else {},
    )
    return Next(found, touched)


def _suspects(before: Context, after: Context) -> set[str]:
    """Names of instances whose rows may be made of something else now."""
    found = touched_instances(before.network, after.network, (before.keys, after.keys))
    if before.numbers is not after.numbers:
        for key, number in before.numbers.items():
            if after.numbers.get(key, number) != number:
                found.update(before.people.of_key(key))
    return found


def _changes(context: Context, names: Iterable[str]) -> Iterator[tuple[str, Placed | None]]:
    """Of some instances, those that are placed otherwise than in the context."""
    lanes: dict[str, int] = dict(context.routes.lanes)
    for name in names:
        placed = _placed(context, name, lanes)
        if placed != context.people.by_name.get(name):
            yield name, placed


def _placed(context: Context, name: str, lanes: Mapping[str, int]) -> Placed | None:
    intent = context.intent
    instance = intent.instances.get(name)
    if instance is None:
        return None
    segment = intent.segment_of(instance)
    key = context.keys[instance.service]
    edge = context.edges.get(instance.host)
    return Placed(
        instance=instance,
        segment=segment,
        key=key,
        identity=context.numbers[key],
        vrf_id=intent.vrfs[segment.vrf].id,
        tag=context.tag(segment).number,
        edge=edge.name if edge else "",
        number=edge.number if edge else 0,
        port=context.network.port_number(edge.name, instance.port) if edge else None,
        lane=lanes.get(segment.vrf, NO_LANE),
    )


def _renumbered(before: Context, after: Context, people: People) -> frozenset[IdentityKey]:
    """Identities that stay and have another number now."""
    if before.numbers is after.numbers:
        return frozenset()
    return frozenset(
        key
        for key in people.by_key.keys() & before.numbers.keys()
        if before.numbers[key] != after.numbers[key]
    )


def _of_numbers(
    before: Context, after: Context, openings: Openings, renumbered: Iterable[IdentityKey]
) -> set[Pair]:
    """Pairs whose rows carry a number that is another now: an identity's, or a rule's."""
    found = {pair for key in renumbered for pair in openings.of_key(key)}
    if before.rule_numbers is not after.rule_numbers:
        for name, number in before.rule_numbers.items():
            if after.rule_numbers.get(name, number) != number:
                found.update(openings.of_rule(name))
    return found


def _held(
    context: Context, people: People, now: Shares, moved: Mapping[str, frozenset[IdentityKey]]
) -> Mapping[str, Holds]:
    """What each edge holds of shared rules."""
    every = now is not context.shares
    names = [edge.name for edge in context.edges.values() if every or moved.get(edge.name)]
    if not names or not (now.by_rule or context.held):
        return context.held
    found = dict(context.held)
    for name in names:
        found[name] = holds(context.holds(name), now, people.keys(name))
    return found


def _sight(
    context: Context,
    people: People,
    openings: Openings,
    rules: frozenset[str],
    moved: Mapping[str, frozenset[IdentityKey]],
) -> Mapping[str, Sight]:
    if not rules and not moved:
        return context.sight
    old, new = context.openings.by_rule, openings.by_rule
    found = dict(context.sight)
    for edge in context.edges.values():
        keys = moved.get(edge.name, frozenset())
        concerned = {
            name for name, opening in new.items() if any(opening.concerns(key) for key in keys)
        }
        found[edge.name] = resighted(
            found.get(edge.name, BLIND),
            [(old.get(name), new.get(name)) for name in rules | concerned],
            frozenset(context.people.keys(edge.name)),
            frozenset(people.keys(edge.name)),
        )
    return found
