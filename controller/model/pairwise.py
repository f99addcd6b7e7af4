"""What switches hold pair by pair of identities, and where that would be too much.

A rule of many pairs costs switches the sum of what it names (:mod:`controller.model.opening`). Not
so where it looks at marks, where another rule says another class for the same packets, and where
more such rules meet in one identity or port than an entry has room for: then every pair is written
out. How many these may be is bounded, so that no intent is stored that no switch could hold.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from functools import lru_cache
from typing import Final, NamedTuple

from controller.model.identity import IdentityKey, identity_labels
from controller.model.intent import Intent, Rule
from controller.model.opening import (
    MOST_SHARES,
    Keys,
    Opening,
    contested,
    shared_rules,
)
from controller.model.problems import Problems
from controller.model.same import Same
from controller.model.selection import LabelSets

MOST_PAIRS: Final = 40_000
"""Pairs that all rules together may have written out, as one between 200 services that all differ.

A pair takes an entry for each block of ports that its rules tell apart. With a rule of one block
that is some 120,000 entries an edge switch, and 5 s of compiling them all; where all of `tcp` and a
port of it have different classes, thirteen a pair: four times as many, and three times as long."""


class Cost(NamedTuple):
    """Pairs that are written out because of a rule."""

    pairs: int
    rule: str
    why: str


def is_too_much(intent: Intent, populated: Collection[IdentityKey]) -> bool:
    """Whether more pairs would be written out than may be; ``populated`` have an instance."""
    return sum(cost.pairs for cost in _costs(intent, populated)) > MOST_PAIRS


def check_pairs(intent: Intent, populated: Collection[IdentityKey], problems: Problems) -> None:
    """Reports the rules of most pairs, without which the rest is no more than there may be."""
    costs = sorted(_costs(intent, populated))
    every, total = sum(cost.pairs for cost in costs), 0
    for cost in costs:
        total += cost.pairs
        if total > MOST_PAIRS:
            problems.add(
                ("rules", cost.rule),
                f"{cost.why}: {cost.pairs:,} pairs of services with different labels; all such "
                f"rules together have {every:,} and may have {MOST_PAIRS:,}",
            )


def _costs(intent: Intent, populated: Collection[IdentityKey]) -> Iterator[Cost]:
    """What is written out pair by pair, unless it is plainly little."""
    every = len(populated) ** 2  # pairs that one rule can have
    if every * len(intent.rules) ** 2 <= MOST_PAIRS:
        return
    marked = [name for name, rule in intent.rules.items() if rule.dscp is not None]
    rivals = _rivals(Same(intent.rules))
    crowded = _is_crowded(intent)
    if not crowded and every * (len(marked) + len(rivals)) <= MOST_PAIRS:
        return
    names = {*marked, *(name for pair in rivals for name in pair)}
    openings = _openings(intent, intent.rules if crowded else names, frozenset(populated))
    shared = shared_rules(openings)
    for name in openings.keys() - shared:
        yield from _alone(openings[name])
    found: defaultdict[str, list[tuple[int, str]]] = defaultdict(list)
    for pair in rivals:
        if shared.issuperset(pair):
            less, more = sorted((openings[name] for name in pair), key=_rank)
            sources, destinations = contested(less, more)
            found[less.rule.name].append((len(sources) * len(destinations), more.rule.name))
    for name, others in found.items():
        yield from _beside(openings[name], others)


def _openings(intent: Intent, names: Collection[str], populated: Keys) -> Mapping[str, Opening]:
    index = _index(populated)
    found = {}
    for name in names:
        rule = intent.rules[name]
        ends = index.matching(rule.source), index.matching(rule.destination)
        found[name] = Opening(rule, *ends)
    return found


@lru_cache(maxsize=2)
def _index(populated: Keys) -> LabelSets[IdentityKey]:
    return LabelSets({key: identity_labels(key) for key in populated})


def _alone(opening: Opening) -> Iterator[Cost]:
    """A rule that is not shared, and not because it opens a few pairs alone."""
    if not opening.is_of_many():
        return
    if opening.rule.dscp is not None:
        why = "a rule with `dscp` is held pair by pair (name fewer services, or leave `dscp` out)"
    else:
        why = (
            f"more than {MOST_SHARES:,} rules of many services meet in one service or port, so "
            "this one is held pair by pair (make one rule of several that allow the same)"
        )
    yield Cost(opening.size(), opening.rule.name, why)


def _rank(opening: Opening) -> tuple[int, str]:
    return opening.size(), opening.rule.name


def _beside(opening: Opening, others: list[tuple[int, str]]) -> Iterator[Cost]:
    """A shared rule beside larger ones of other classes, each with the pairs of both."""
    pairs = min(opening.size(), sum(pairs for pairs, _ in others))
    if pairs:
        _, most = max(others)
        why = (
            f"has another class than `{most}` for the same packets, so what both allow is held "
            "pair by pair (give both one `class`, or name ports or services apart)"
        )
        yield Cost(pairs, opening.rule.name, why)


def _is_crowded(intent: Intent) -> bool:
    """Whether some shared rules may have to be held pair by pair for want of room."""
    rules = [rule for rule in intent.rules.values() if rule.dscp is None]
    return sum(1 if rule.qos_class else len(intent.classes) for rule in rules) > MOST_SHARES


@lru_cache(maxsize=4)
def _rivals(rules: Same[Mapping[str, Rule]]) -> frozenset[tuple[str, str]]:
    """Names of rules that may say different classes for one packet, were both shared."""
    found: set[tuple[str, str]] = set()
    for protocol in ("any", "icmp", "tcp", "udp"):
        ranges = sorted(
            (allow.first, allow.last, name, rule.qos_class or "")
            for name, rule in rules.value.items()
            if rule.dscp is None
            for allow in rule.allow
            if allow.protocol == protocol
        )
        found.update(_overlapping(ranges))
    return frozenset(found)


def _overlapping(ranges: list[tuple[int, int, str, str]]) -> Iterator[tuple[str, str]]:
    """Pairs of names of different classes whose ranges overlap; one sweep by the first port."""
    reach: list[tuple[int, int, str, str]] = []
    for first, last, name, qos_class in ranges:
        reach = [held for held in reach if held[1] >= first]
        for _, _, other, theirs in reach:
            if theirs != qos_class:
                yield (name, other) if name < other else (other, name)
        reach.append((first, last, name, qos_class))
