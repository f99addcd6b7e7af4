"""All pairs of groups at once, at the size of what rules and rows name, not of the pairs' number.

What rows say to a pair's packets, and what the intent says of them, follows from few things: the
conjunctions that each side belongs to, the rules of many that it is named by, its ways. Groups
alike in these are one class; of each pair of classes one pair speaks for all. Pairs that have rows
of their own, or a rule of few, are looked at one by one besides, and so is every pair of two
classes whose speaker is not as it must be.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from itertools import product
from typing import Final, NamedTuple

from controller.model.identity import CLASS_MARK
from controller.verify.conjunctions import Ids
from controller.verify.groups import Pair, SourceGroup, TargetGroup
from controller.verify.index import Index, way
from controller.verify.permits import compare
from controller.verify.wanted import NO_NAMES, Names
from controller.verify.ways import Way

MANY: Final = 256
"""From how many pairs of identities on a rule is one of many."""


class _SourceClass(NamedTuple):
    """What tells two groups of senders at one edge apart."""

    edge: str
    vrf: str
    names: Names
    ids: tuple[Ids, ...]
    answers: frozenset[Way]


class _TargetClass(NamedTuple):
    """What tells two groups of receivers, as seen from one edge, apart."""

    edge: str
    vrf: str
    names: Names
    ids: tuple[Ids, ...]
    way: Way
    qos_class: str


def check_pairs(index: Index) -> None:
    """Look at every pair of groups of which something is permitted or wanted."""
    wide = frozenset(
        name
        for name, ends in index.wanted.ends.items()
        if len(ends.sources) * len(ends.destinations) >= MANY
    )
    for pair in {*_single(index, wide), *_wrong(index, wide)}:
        index.check_pair(pair)
    for pair in (*index.doubts.pairs, *index.doubts.ways):
        index.check_pair(pair)


def _single(index: Index, wide: frozenset[str]) -> Iterator[Pair]:
    """Pairs with rows of their own at either edge, and those that a rule of few opens."""
    for source in index.sources.members:
        edge, vrf = source.edge, source.vrf
        for name in index.wanted.sending.get(source.key, NO_NAMES):
            if name not in wide:
                for key in index.wanted.ends[name].destinations:
                    yield from (Pair(source, g) for g in index.targets.keyed(edge, vrf, key))
        for judge in index.edges:
            for number in index.tables[judge].permits.get(source.source, ()):
                for group in index.targets.numbered(edge, vrf, number):
                    if judge in (edge, group.far):
                        yield Pair(source, group)


def _wrong(index: Index, wide: frozenset[str]) -> Iterator[Pair]:
    """Every pair of two classes of which one is not as it must be by rules of many alone."""
    sources: defaultdict[tuple[str, str], dict[_SourceClass, list[SourceGroup]]]
    sources = defaultdict(dict)
    targets: defaultdict[tuple[str, str], dict[_TargetClass, list[TargetGroup]]]
    targets = defaultdict(dict)
    for source in index.sources.members:
        kind = _source_class(index, wide, source)
        sources[source.edge, source.vrf].setdefault(kind, []).append(source)
    for target in index.targets.members:
        seen = _target_class(index, wide, target)
        targets[target.edge, target.vrf].setdefault(seen, []).append(target)
    for place, kinds in sources.items():
        for (one, senders), (other, receivers) in product(kinds.items(), targets[place].items()):
            if not _is_right(index, one, other, Pair(senders[0], receivers[0])):
                yield from (Pair(*two) for two in product(senders, receivers))


def _is_right(index: Index, one: _SourceClass, other: _TargetClass, pair: Pair) -> bool:
    numbers = pair.source.source, pair.target.destination
    near = index.tables[pair.source.edge].conjunctions.permitted(*numbers)
    far = index.tables[pair.target.far].conjunctions.permitted(*numbers)
    claims = index.wanted.claims_of(one.names, other.names, other.qos_class)
    if not (near or far or claims):
        return True
    found = compare(near, far, claims)
    return not found.differences and index.ways_hold(pair, found.classes)


def _source_class(index: Index, wide: frozenset[str], source: SourceGroup) -> _SourceClass:
    every = (index.tables[edge].conjunctions for edge in index.edges)
    return _SourceClass(
        source.edge,
        source.vrf,
        _of(index.wanted.sending.get(source.key, NO_NAMES), wide),
        tuple(ids for known in every for ids in known.of_source(source.source)),
        frozenset(
            way(group)
            for edge in index.edges
            for vrf in index.members.vrfs_at(edge)
            for group in index.targets.keyed(edge, vrf, source.key)
            if group.far == source.edge
        ),
    )


def _target_class(index: Index, wide: frozenset[str], target: TargetGroup) -> _TargetClass:
    every = (index.tables[edge].conjunctions for edge in (target.edge, target.far))
    return _TargetClass(
        target.edge,
        target.vrf,
        _of(index.wanted.receiving.get(target.key, NO_NAMES), wide),
        tuple(ids for known in every for ids in known.of_destination(target.destination)),
        way(target),
        dict(target.key[1])[CLASS_MARK],
    )


def _of(names: Names, wide: frozenset[str]) -> Names:
    return tuple(name for name in names if name in wide)
