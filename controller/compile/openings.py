"""Which identities the rules open to each other."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from controller.compile.grants import Grantable
from controller.model.identity import CLASS_MARK, IdentityKey, identity_labels
from controller.model.intent import Intent, Labels, Rule
from controller.model.meaning import selects

Pair = tuple[IdentityKey, IdentityKey]
Keys = frozenset[IdentityKey]


class Opening(NamedTuple):
    """A rule, and the identities it opens to each other: every source to every destination."""

    rule: Rule
    sources: Keys
    destinations: Keys

    def pairs(self) -> set[Pair]:
        """Every source with every destination."""
        return {(one, other) for one in self.sources for other in self.destinations}

    def concerns(self, key: IdentityKey) -> bool:
        """Whether it opens something to an identity or from it."""
        return key in self.sources or key in self.destinations


@dataclass(frozen=True, slots=True)
class Openings:
    """The openings of an intent by rule, and the rules of each pair in the order of their names.

    ``known`` are the identities that have an instance; others open nothing.
    """

    known: Keys = frozenset()
    by_rule: Mapping[str, Opening] = field(default_factory=dict)
    pairs: Mapping[Pair, tuple[Grantable, ...]] = field(default_factory=dict)

    def of_key(self, key: IdentityKey) -> Iterator[Pair]:
        """The pairs that an identity is one of."""
        for opening in self.by_rule.values():
            if key in opening.sources:
                yield from ((key, other) for other in opening.destinations)
            if key in opening.destinations:
                yield from ((other, key) for other in opening.sources)


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
    touched = _touched(before.by_rule, by_rule, rules)
    pairs = dict(before.pairs)
    for pair in touched:
        found = _granted(intent, by_rule, rules, pair, before.pairs.get(pair, ()))
        if found:
            pairs[pair] = found
        else:
            pairs.pop(pair, None)
    return Reopened(Openings(populated, by_rule, pairs), frozenset(rules), frozenset(touched))


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


def _granted(
    intent: Intent,
    by_rule: Mapping[str, Opening],
    rules: Collection[str],
    pair: Pair,
    before: tuple[Grantable, ...],
) -> tuple[Grantable, ...]:
    """The rules of a pair, where those of some names may not be what they were."""
    kept = [known for known in before if known.rule.name not in rules]
    more = [
        _grantable(intent, by_rule[name].rule, pair[1])
        for name in rules
        if _opens(by_rule, name, pair)
    ]
    return tuple(sorted((*kept, *more), key=lambda grantable: grantable.rule.name))


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


def _touched(
    before: Mapping[str, Opening], after: Mapping[str, Opening], rules: Collection[str]
) -> set[Pair]:
    """The pairs of which a rule came, went or differs."""
    found: set[Pair] = set()
    for name in rules:
        old, new = before.get(name), after.get(name)
        was, now = old.pairs() if old else set(), new.pairs() if new else set()
        found |= was ^ now if old and new and old.rule == new.rule else was | now
    return found


def _opens(by_rule: Mapping[str, Opening], name: str, pair: Pair) -> bool:
    opening = by_rule.get(name)
    return opening is not None and pair[0] in opening.sources and pair[1] in opening.destinations


def _grantable(intent: Intent, rule: Rule, destination: IdentityKey) -> Grantable:
    name = rule.qos_class or dict(destination[1])[CLASS_MARK]
    return Grantable(rule, intent.classes[name].dscp)
