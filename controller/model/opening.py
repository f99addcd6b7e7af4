"""What a rule opens, and which rules are shared: held by switches as the sum of what they name.

A shared rule costs switches an entry for each of its sources, each of its destinations and each
block of ports. What else a rule opens is held pair by pair (:mod:`controller.model.pairwise` says
how much that may be). Which is which follows from an intent alone.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from controller.model.blocks import blocks
from controller.model.identity import CLASS_MARK, IdentityKey
from controller.model.intent import PortRange, Rule

Keys = frozenset[IdentityKey]
Pair = tuple[IdentityKey, IdentityKey]

LEAST_PAIRS: Final = 64
"""From how many pairs on a rule is shared."""

MOST_SHARES: Final = 2040
"""Shared rules, each once for every class it leads into, that one identity or port may be in. Half
of what one flow message holds: amid a change an entry says both what it said and what it will."""

NOBODY: Final[Keys] = frozenset()


@dataclass(frozen=True)
class Opening:
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

    def is_of_many(self) -> bool:
        """Whether there are so many that they are not held pair by pair if it can be."""
        return self.size() >= LEAST_PAIRS

    def concerns(self, key: IdentityKey) -> bool:
        """Whether it opens something to an identity or from it."""
        return key in self.sources or key in self.destinations

    def opens(self, pair: Pair) -> bool:
        """Whether it opens a pair."""
        return pair[0] in self.sources and pair[1] in self.destinations

    @cached_property
    def by_class(self) -> Mapping[str, Keys]:
        """The destinations by the name of the class that the rule leads into for them."""
        if self.rule.qos_class is not None:
            return {self.rule.qos_class: self.destinations}
        found: defaultdict[str, set[IdentityKey]] = defaultdict(set)
        for key in self.destinations:
            found[class_of(self.rule, key)].add(key)
        if len(found) == 1:
            return dict.fromkeys(found, self.destinations)
        return {name: frozenset(found[name]) for name in sorted(found)}


def class_of(rule: Rule, destination: IdentityKey) -> str:
    """The class that a rule leads into."""
    return rule.qos_class or dict(destination[1])[CLASS_MARK]


def shared_rules(openings: Mapping[str, Opening]) -> frozenset[str]:
    """The rules that are shared: those of many pairs that do not look at marks.

    Where more of them meet in one identity or block of ports than an entry has room for, those of
    the most pairs come first.
    """
    sizes = {
        name: opening.size()
        for name, opening in openings.items()
        if opening.rule.dscp is None and opening.is_of_many()
    }
    if sum(len(openings[name].by_class) for name in sizes) <= MOST_SHARES:
        return frozenset(sizes)
    # By powers of two, so that somebody who comes or goes rarely changes which they are.
    ranked = sorted(sizes, key=lambda name: (-sizes[name].bit_length(), name))
    taken: defaultdict[object, Counter[object]] = defaultdict(Counter)
    return frozenset(name for name in ranked if _takes_room(openings[name], taken))


def _takes_room(opening: Opening, taken: Mapping[object, Counter[object]]) -> bool:
    """Takes a rule's room in every entry that would name it, if there is in all of them."""
    needs = list(_needs(opening))
    for relation, entries, times in needs:
        if any(taken[relation][entry] + times > MOST_SHARES for entry in entries):
            return False
    for relation, entries, times in needs:
        for entry in entries:
            taken[relation][entry] += times
    return True


def _needs(opening: Opening) -> Iterator[tuple[object, Collection[object], int]]:
    """Entries that would name a rule, by what they are of, and how often: once for each class."""
    classes = len(opening.by_class)
    for is_any in {allow.protocol == "any" for allow in opening.rule.allow}:
        yield ("from", is_any), opening.sources, classes
        yield ("to", is_any), opening.destinations, 1
    ports: defaultdict[object, set[object]] = defaultdict(set)
    for allow in opening.rule.allow:
        if allow.protocol != "any":
            ports[allow.protocol].update(blocks(allow.first, allow.last))
    yield from ((protocol, found, classes) for protocol, found in ports.items())


def contested(mine: Opening, yours: Opening) -> tuple[Keys, Keys]:
    """Sources and destinations between which two shared rules say other classes for one packet."""
    if mine.rule.qos_class == yours.rule.qos_class or not collide(mine.rule, yours.rule):
        return NOBODY, NOBODY
    sources = mine.sources & yours.sources
    if not sources:
        return NOBODY, NOBODY
    different = (
        ours & theirs
        for one, ours in mine.by_class.items()
        for other, theirs in yours.by_class.items()
        if one != other
    )
    return sources, NOBODY.union(*different)


def collide(one: Rule, other: Rule) -> bool:
    """Whether entries of two shared rules match the same packets at one priority."""
    return any(
        (a.protocol == "any") == (b.protocol == "any") and overlap(a, b)
        for a in one.allow
        for b in other.allow
    )


def overlap(one: PortRange, other: PortRange) -> bool:
    """Whether some packet is in both ranges."""
    if "any" in (one.protocol, other.protocol):
        return True
    if one.protocol != other.protocol:
        return False
    return one.protocol == "icmp" or (one.first <= other.last and other.first <= one.last)
