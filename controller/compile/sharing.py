"""Which rules are shared, and what pairs need entries of their own besides.

A rule that opens few pairs of identities is written pair by pair. One that opens many is *shared*:
an entry for each source, each destination and each block of ports
(:mod:`controller.compile.shares`). Entries of pairs come before those, so wherever shared rules
alone would decide wrongly of a pair, what decides is written out for that pair.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from controller.compile.grants import Grantable, width
from controller.model.identity import CLASS_MARK, IdentityKey
from controller.model.intent import PortRange, Rule

Keys = frozenset[IdentityKey]
Pair = tuple[IdentityKey, IdentityKey]

LEAST_PAIRS: Final = 64
"""From how many pairs on a rule is shared."""

MOST_SHARED: Final = 4000
"""Shared rules at most: one flow message holds 4,090 conjunctions (ovs-actions(7))."""


class Opening(NamedTuple):
    """A rule, and the identities it opens to each other: every source to every destination."""

    rule: Rule
    sources: Keys
    destinations: Keys

    def pairs(self) -> set[Pair]:
        """Every source with every destination."""
        return {(one, other) for one in self.sources for other in self.destinations}

    def size(self) -> int:
        """How many pairs these are."""
        return len(self.sources) * len(self.destinations)

    def concerns(self, key: IdentityKey) -> bool:
        """Whether it opens something to an identity or from it."""
        return key in self.sources or key in self.destinations

    def opens(self, pair: Pair) -> bool:
        """Whether it opens a pair."""
        return pair[0] in self.sources and pair[1] in self.destinations


def shared_rules(openings: Mapping[str, Opening]) -> frozenset[str]:
    """The rules that are shared: those of many pairs that do not look at marks."""
    sizes = {
        name: opening.size()
        for name, opening in openings.items()
        if opening.rule.dscp is None and opening.size() >= LEAST_PAIRS
    }
    if len(sizes) <= MOST_SHARED:
        return frozenset(sizes)
    # By powers of two, so that somebody who comes or goes rarely changes which they are.
    ranked = sorted(sizes, key=lambda name: (-sizes[name].bit_length(), name))
    return frozenset(ranked[:MOST_SHARED])


def collisions(
    name: str, openings: Mapping[str, Opening], shared: frozenset[str]
) -> Iterator[Pair]:
    """Pairs of which a shared rule and another say different classes for the same packets."""
    mine = openings[name]
    for other in shared - {name}:
        yours = openings[other]
        if not _may_differ(mine.rule, yours.rule) or not _collide(mine.rule, yours.rule):
            continue
        sources = mine.sources & yours.sources
        for destination in mine.destinations & yours.destinations if sources else ():
            if class_of(mine.rule, destination) != class_of(yours.rule, destination):
                yield from ((source, destination) for source in sources)


def class_of(rule: Rule, destination: IdentityKey) -> str:
    """The class that a rule leads into."""
    return rule.qos_class or dict(destination[1])[CLASS_MARK]


def own_rules(rules: Sequence[Grantable], shared: frozenset[str]) -> tuple[Grantable, ...]:
    """The rules that a pair needs entries of its own for; none where shared ones are enough.

    These are its rules that are not shared, shared ones that say different classes for the same
    packets, and shared ones that come before any of these for some packet.
    """
    common = [found for found in rules if found.rule.name in shared]
    if not common:
        return tuple(rules)
    own = [found for found in rules if found.rule.name not in shared]
    own += [one for one in common if any(_differ(one, other) for other in common)]
    rest = [found for found in common if found not in own]
    while more := [found for found in rest if any(_precedes(found.rule, o.rule) for o in own)]:
        own += more
        rest = [found for found in rest if found not in more]
    return tuple(sorted(own, key=lambda found: found.rule.name))


def _differ(one: Grantable, other: Grantable) -> bool:
    return one.class_dscp != other.class_dscp and _collide(one.rule, other.rule)


def _may_differ(one: Rule, other: Rule) -> bool:
    return one.qos_class != other.qos_class


def _collide(one: Rule, other: Rule) -> bool:
    """Whether entries of two shared rules match the same packets at one priority."""
    return any(
        (a.protocol == "any") == (b.protocol == "any") and _overlap(a, b)
        for a in one.allow
        for b in other.allow
    )


def _precedes(shared: Rule, own: Rule) -> bool:
    """Whether a shared rule decides for packets that entries of an own rule match."""
    if own.dscp is not None:
        return False
    return any(
        _overlap(a, b) and (width(a), shared.name) < (width(b), own.name)
        for a in shared.allow
        for b in own.allow
    )


def _overlap(one: PortRange, other: PortRange) -> bool:
    if "any" in (one.protocol, other.protocol):
        return True
    if one.protocol != other.protocol:
        return False
    return one.protocol == "icmp" or (one.first <= other.last and other.first <= one.last)
