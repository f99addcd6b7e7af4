"""Which rules are shared, and what pairs need entries of their own besides.

A rule that opens few pairs of identities is written pair by pair. One that opens many is *shared*:
an entry for each source, each destination and each block of ports
(:mod:`controller.compile.shares`). Entries of pairs come before those, so wherever shared rules
alone would decide wrongly of a pair, what decides is written out for that pair.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from controller.compile.grants import Grantable, width
from controller.model.intent import Rule
from controller.model.opening import Keys as Keys
from controller.model.opening import Opening as Opening
from controller.model.opening import Pair as Pair
from controller.model.opening import class_of as class_of
from controller.model.opening import collide, contested, overlap
from controller.model.opening import shared_rules as shared_rules


def collisions(
    name: str, openings: Mapping[str, Opening], shared: frozenset[str]
) -> Iterator[Pair]:
    """Pairs of which a shared rule and another say different classes for the same packets."""
    for other in shared - {name}:
        sources, destinations = contested(openings[name], openings[other])
        yield from ((source, destination) for source in sources for destination in destinations)


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
    return one.class_dscp != other.class_dscp and collide(one.rule, other.rule)


def _precedes(shared: Rule, own: Rule) -> bool:
    """Whether a shared rule decides for packets that entries of an own rule match."""
    if own.dscp is not None:
        return False
    return any(
        overlap(a, b) and (width(a), shared.name) < (width(b), own.name)
        for a in shared.allow
        for b in own.allow
    )
