"""Which identities the rules open to each other."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from controller.compile.grants import Grantable
from controller.compile.sharing import (
    Keys,
    Opening,
    Pair,
    class_of,
    collisions,
    own_rules,
    shared_rules,
)
from controller.model.identity import IdentityKey, identity_labels
from controller.model.intent import Intent, Labels, Rule
from controller.model.meaning import selects


@dataclass(frozen=True, slots=True)
class Openings:
    """The openings of an intent by rule, and the pairs that have entries of their own.

    ``known`` are the identities that have an instance; others open nothing. ``pairs`` holds all
    rules of such a pair in the order of their names, the shared ones too.
    """

    known: Keys = frozenset()
    by_rule: Mapping[str, Opening] = field(default_factory=dict)
    shared: frozenset[str] = frozenset()
    pairs: Mapping[Pair, tuple[Grantable, ...]] = field(default_factory=dict)

    def own(self, pair: Pair) -> tuple[Grantable, ...]:
        """The rules that a pair has entries of its own for."""
        return own_rules(self.pairs.get(pair, ()), self.shared)

    def of_rule(self, name: str) -> Iterable[Pair]:
        """The pairs with entries of their own that a rule opens."""
        opening = self.by_rule[name]
        if name not in self.shared:
            return opening.pairs()
        return (pair for pair in self.pairs if opening.opens(pair))

    def of_key(self, key: IdentityKey) -> Iterator[Pair]:
        """The pairs with entries of their own that an identity is one of."""
        for opening in self.by_rule.values():
            if key in opening.sources:
                yield from self._known((key, other) for other in opening.destinations)
            if key in opening.destinations:
                yield from self._known((other, key) for other in opening.sources)

    def _known(self, pairs: Iterable[Pair]) -> Iterator[Pair]:
        return (pair for pair in pairs if pair in self.pairs)


class Reopened(NamedTuple):
    """Openings, and what differs from those before: rules, and pairs with rules that do."""

    openings: Openings
    rules: frozenset[str]
    pairs: frozenset[Pair]


def reopened(before: Openings, intent: Intent, known: Collection[IdentityKey]) -> Reopened:
    """The openings of an intent of the same classes; rules that are the same are taken over."""
    populated = frozenset(known)
    by_rule = dict(_by_rule(before, intent, populated))
    names = by_rule.keys() | before.by_rule.keys()
    rules = {name for name in names if by_rule.get(name) is not before.by_rule.get(name)}
    now = Openings(populated, by_rule, shared_rules(by_rule))
    # Before the first there was nothing that could have been shared.
    rules |= now.shared ^ before.shared
    touched = _touched(before, now, rules)
    pairs = dict(before.pairs)
    for pair, wrote in touched.items():
        found = _granted(intent, now, wrote & by_rule.keys(), pair, before.pairs.get(pair), rules)
        if own_rules(found, now.shared):
            pairs[pair] = found
        else:
            pairs.pop(pair, None)
    openings = Openings(populated, by_rule, now.shared, pairs)
    return Reopened(openings, frozenset(rules), frozenset(touched))


def _by_rule(before: Openings, intent: Intent, populated: Keys) -> Iterator[tuple[str, Opening]]:
    come = {key: identity_labels(key) for key in populated - before.known}
    gone = before.known - populated
    every: Mapping[IdentityKey, Labels] | None = None
    for name, rule in intent.rules.items():
        old = before.by_rule.get(name)
        if old is not None and (old.rule is rule or old.rule == rule):
            yield name, _followed(old, come, gone)
            continue
        if every is None:
            every = {key: identity_labels(key) for key in populated}
        yield name, _opening(rule, every)


def _opening(rule: Rule, labels: Mapping[IdentityKey, Labels]) -> Opening:
    return Opening(
        rule,
        frozenset(key for key, has in labels.items() if selects(rule.source, has)),
        frozenset(key for key, has in labels.items() if selects(rule.destination, has)),
    )


def _followed(old: Opening, come: Mapping[IdentityKey, Labels], gone: Keys) -> Opening:
    """The opening of a rule that stays while identities come and go; the same object if it can."""
    if not come and not gone:
        return old
    more = _opening(old.rule, come)
    lost = not (gone.isdisjoint(old.sources) and gone.isdisjoint(old.destinations))
    if not (more.sources or more.destinations or lost):
        return old
    return Opening(
        old.rule, old.sources - gone | more.sources, old.destinations - gone | more.destinations
    )


def _touched(before: Openings, after: Openings, rules: Collection[str]) -> Mapping[Pair, set[str]]:
    """Pairs whose entries may differ, each with the rules for it that came or differ."""
    found: dict[Pair, set[str]] = defaultdict(set)
    for name in rules:
        for pair in _touched_by(before, after, name):
            found[pair].add(name)
    return found


def _touched_by(before: Openings, after: Openings, name: str) -> Iterable[Pair]:
    """The pairs whose entries may differ because of one rule."""
    old, new = before.by_rule.get(name), after.by_rule.get(name)
    follows = old is not None and new is not None and old.rule == new.rule
    was, now = name in before.shared, name in after.shared
    if follows and not was and not now:
        return _pairs(old) ^ _pairs(new)
    found: set[Pair] = set()
    if follows and was and now:
        # Only who came or went; pairs of others are what they were.
        moved = before.known ^ after.known
        found.update(_of(moved, collisions(name, before.by_rule, before.shared)))
        found.update(_of(moved, collisions(name, after.by_rule, after.shared)))
        return found
    for world, opening, is_shared in ((before, old, was), (after, new, now)):
        if opening is None:
            continue
        if is_shared:
            found.update(collisions(name, world.by_rule, world.shared))
        else:
            found |= opening.pairs()
        found.update(pair for pair in before.pairs if opening.opens(pair))
    return found


def _pairs(opening: Opening | None) -> set[Pair]:
    return opening.pairs() if opening else set()


def _of(keys: Keys, pairs: Iterable[Pair]) -> Iterator[Pair]:
    return (pair for pair in pairs if pair[0] in keys or pair[1] in keys)


def _granted(
    intent: Intent,
    now: Openings,
    wrote: Collection[str],
    pair: Pair,
    before: tuple[Grantable, ...] | None,
    rules: Collection[str],
) -> tuple[Grantable, ...]:
    """The rules of a pair; ``wrote`` are those of the changed ``rules`` that may be new for it."""
    kept = [known for known in before or () if known.rule.name not in rules]
    names = {*wrote, *(known.rule.name for known in before or () if known.rule.name in rules)}
    if before is None:
        names |= now.shared
    more = [
        _grantable(intent, now.by_rule[name].rule, pair[1])
        for name in names
        if name in now.by_rule and now.by_rule[name].opens(pair)
    ]
    return tuple(sorted((*kept, *more), key=lambda grantable: grantable.rule.name))


def _grantable(intent: Intent, rule: Rule, destination: IdentityKey) -> Grantable:
    return Grantable(rule, intent.classes[class_of(rule, destination)].dscp)
