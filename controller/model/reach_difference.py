"""What a change of intent gains, loses and carries otherwise, as sets of services times sets.

Services that no rule tells apart, before and after, stand together in an *atom*. What one pair of
two atoms gains every pair of theirs gains, so the difference is worked out once for two atoms, and
only for those that a changed rule or a changed service touches.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from controller.model.identity import CLASS_MARK, IdentityKey, identities, identity_labels
from controller.model.intent import Intent, PortRange, Rule
from controller.model.reach_items import ReachItem, RuleClaim, beyond, recarried
from controller.model.selection import selects


@dataclass(frozen=True, slots=True)
class ReachGroup:
    """What one rule opens from each of some services to each of others, but never to itself alone.

    ``allow`` is only the part that is new or gone. ``qos_class`` is the class it travels in; for
    what stays allowed and travels otherwise ``qos_class_before`` is the class until then.
    """

    sources: tuple[str, ...]
    destinations: tuple[str, ...]
    allow: tuple[PortRange, ...]
    rule: str
    qos_class: str
    dscp: int | None
    qos_class_before: str | None = None

    @property
    def pairs(self) -> int:
        """How many pairs of services these are."""
        return len(self.sources) * len(self.destinations)


@dataclass(frozen=True, slots=True)
class ReachDifference:
    """The groups that are gained, lost, and carried in another class."""

    gained: tuple[ReachGroup, ...]
    lost: tuple[ReachGroup, ...]
    changed: tuple[ReachGroup, ...]


Atom = tuple[IdentityKey | None, IdentityKey | None]
"""A service's identity before and after; None where there is no such service."""


def reach_difference(before: Intent, after: Intent) -> ReachDifference:
    """What services may open after and not before, before and not after, or in another class.

    A rule that another one takes the place of gains and loses nothing.
    """
    old, new = (_Side(intent, identities(intent)) for intent in (before, after))
    atoms = _atoms(old, new)
    found: dict[str, dict[ReachItem, set[tuple[Atom, Atom]]]] = {
        "gained": {},
        "lost": {},
        "changed": {},
    }
    for source, destination in _touched(atoms, old, new):
        was, now = old.claims(source[0], destination[0]), new.claims(source[1], destination[1])
        for kind, items in (
            ("gained", beyond(now, was)),
            ("lost", beyond(was, now)),
            ("changed", recarried(was, now)),
        ):
            for item in items:
                found[kind].setdefault(item, set()).add((source, destination))
    return ReachDifference(**{kind: _groups(items, atoms) for kind, items in found.items()})


@dataclass(frozen=True)
class _Side:
    """An intent by identity."""

    intent: Intent
    keys: Mapping[str, IdentityKey]

    @cached_property
    def _labels(self) -> Mapping[IdentityKey, Mapping[str, str]]:
        return {key: identity_labels(key) for key in set(self.keys.values())}

    @cached_property
    def _ends(self) -> dict[str, tuple[frozenset[IdentityKey], frozenset[IdentityKey]]]:
        return {}

    def ends(self, rule: Rule) -> tuple[frozenset[IdentityKey], frozenset[IdentityKey]]:
        """The identities that a rule of this side opens to each other."""
        if rule.name not in self._ends:
            labels = self._labels
            self._ends[rule.name] = (
                frozenset(key for key, has in labels.items() if selects(rule.source, has)),
                frozenset(key for key, has in labels.items() if selects(rule.destination, has)),
            )
        return self._ends[rule.name]

    def claims(
        self, source: IdentityKey | None, destination: IdentityKey | None
    ) -> tuple[RuleClaim, ...]:
        """The rules that open one identity to another, by name."""
        if source is None or destination is None:
            return ()
        return tuple(
            RuleClaim(rule.name, rule.allow, rule.dscp, rule.qos_class or _class_of(destination))
            for rule in self.intent.rules.values()
            if source in self.ends(rule)[0] and destination in self.ends(rule)[1]
        )


def _class_of(key: IdentityKey) -> str:
    return dict(key[1])[CLASS_MARK]


def _atoms(old: _Side, new: _Side) -> Mapping[Atom, tuple[str, ...]]:
    """Services by atom, names in order."""
    names = old.keys if old.keys is new.keys else {**old.keys, **new.keys}
    found: dict[Atom, list[str]] = {}
    for name in names:
        found.setdefault((old.keys.get(name), new.keys.get(name)), []).append(name)
    return {atom: tuple(sorted(members)) for atom, members in found.items()}


def _touched(
    atoms: Mapping[Atom, tuple[str, ...]], old: _Side, new: _Side
) -> Iterator[tuple[Atom, Atom]]:
    """Pairs of atoms of which something may differ: a rule of theirs, or one of them."""
    moved = {atom for atom in atoms if atom[0] != atom[1]}
    pairs: dict[tuple[Atom, Atom], None] = {}
    for side, number in ((old, 0), (new, 1)):
        by_key: dict[IdentityKey, list[Atom]] = {}
        for atom in atoms:
            key = atom[number]
            if key is not None:
                by_key.setdefault(key, []).append(atom)
        for rule in side.intent.rules.values():
            same = _same_rule(rule, old, new)
            if same and not moved:
                continue
            sources, destinations = (
                [atom for key in keys for atom in by_key.get(key, ())] for keys in side.ends(rule)
            )
            for source in sources:
                all_of_them = not same or source in moved
                every = destinations if all_of_them else moved.intersection(destinations)
                pairs |= dict.fromkeys((source, destination) for destination in every)
    yield from pairs


def _same_rule(rule: Rule, old: _Side, new: _Side) -> bool:
    return old.intent.rules.get(rule.name) == new.intent.rules.get(rule.name)


# From pairs of atoms to sets times sets.


def _groups(
    items: Mapping[ReachItem, set[tuple[Atom, Atom]]], atoms: Mapping[Atom, tuple[str, ...]]
) -> tuple[ReachGroup, ...]:
    found = [
        ReachGroup(
            _names(sources, atoms),
            _names(destinations, atoms),
            *(item.allow, item.rule, item.qos_class, item.dscp, item.qos_class_before),
        )
        for item, pairs in items.items()
        for sources, destinations in _products(pairs)
    ]
    return tuple(sorted(found, key=lambda g: (g.rule, g.sources, g.destinations, g.allow)))


def _products(
    pairs: Iterable[tuple[Atom, Atom]],
) -> Iterator[tuple[frozenset[Atom], frozenset[Atom]]]:
    """Pairs as few products: sources that share their destinations stand together."""
    by_source: dict[Atom, set[Atom]] = {}
    for source, destination in pairs:
        by_source.setdefault(source, set()).add(destination)
    alike: dict[frozenset[Atom], set[Atom]] = {}
    for source, destinations in by_source.items():
        alike.setdefault(frozenset(destinations), set()).add(source)
    for shared, sources in alike.items():
        yield frozenset(sources), shared


def _names(group: Iterable[Atom], atoms: Mapping[Atom, tuple[str, ...]]) -> tuple[str, ...]:
    return tuple(sorted(name for atom in group for name in atoms[atom]))
