"""What a change of intent gains, loses and carries otherwise, as sets of services times sets.

Services that the same rules are from, before and after, stand together in a *bloc* of senders;
those that the same rules lead to, with the same class, in a bloc of receivers. What one pair of two
blocs gains every pair of theirs gains, so the difference is worked out once for two blocs, and only
for those that a changed rule or a changed service touches.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from typing import NamedTuple

from controller.model.identity import CLASS_MARK, IdentityKey, identities, identity_labels
from controller.model.intent import Intent, PortRange, Rule
from controller.model.reach_items import ReachItem, RuleClaim, beyond, recarried
from controller.model.same import Same
from controller.model.selection import LabelSets


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


def reach_difference(before: Intent, after: Intent) -> ReachDifference:
    """What services may open after and not before, before and not after, or in another class.

    A rule that another one takes the place of gains and loses nothing.
    """
    old, new = identities(before), identities(after)
    changed = _changed_rules(before, after)
    if old is new and not changed:
        return ReachDifference((), (), ())
    atoms = _atoms(old, new)
    senders, receivers = _blocs(before, after, atoms)
    found: dict[str, dict[ReachItem, set[tuple[_Bloc, _Bloc]]]] = {
        "gained": {},
        "lost": {},
        "changed": {},
    }
    for source, destination in _touched(changed, senders, receivers):
        was = _claims(before, source.before, destination.before, destination.class_before)
        now = _claims(after, source.after, destination.after, destination.class_after)
        for kind, items in (
            ("gained", beyond(now, was)),
            ("lost", beyond(was, now)),
            ("changed", recarried(was, now)),
        ):
            for item in items:
                found[kind].setdefault(item, set()).add((source, destination))
    blocs = _Services(senders, receivers)
    return ReachDifference(**{kind: _groups(items, blocs) for kind, items in found.items()})


def _changed_rules(before: Intent, after: Intent) -> frozenset[str]:
    if before.rules is after.rules:
        return frozenset()
    return frozenset(
        name
        for name in {*before.rules, *after.rules}
        if (old := before.rules.get(name)) is not (new := after.rules.get(name)) and old != new
    )


_Atom = tuple[IdentityKey | None, IdentityKey | None]
"""A service's identity before and after; None where there is no such service."""

_Keys = Mapping[str, IdentityKey]


def _atoms(old: _Keys, new: _Keys) -> Mapping[_Atom, tuple[str, ...]]:
    """Services by atom."""
    if old is new:
        return {(key, key): names for key, names in _members(Same(old)).items()}
    found: dict[_Atom, list[str]] = {}
    for name in {**old, **new}:
        found.setdefault((old.get(name), new.get(name)), []).append(name)
    return {atom: tuple(names) for atom, names in found.items()}


@lru_cache(maxsize=4)
def _members(keys: Same[_Keys]) -> Mapping[IdentityKey, tuple[str, ...]]:
    found: dict[IdentityKey, list[str]] = {}
    for name, key in keys.value.items():
        found.setdefault(key, []).append(name)
    return {key: tuple(names) for key, names in found.items()}


# Blocs: by the rules of either side, not by what makes a rule match.


class _Bloc(NamedTuple):
    """Services that no rule of either intent tells apart, as senders or as receivers."""

    before: tuple[str, ...]
    after: tuple[str, ...]
    class_before: str = ""
    class_after: str = ""

    @property
    def is_moved(self) -> bool:
        """Whether the services differ for a rule, or carry what leads to them otherwise."""
        return (self.before, self.class_before) != (self.after, self.class_after)


_Blocs = Mapping[_Bloc, list[str]]
"""The services of each bloc."""


class _Services(NamedTuple):
    senders: _Blocs
    receivers: _Blocs


def _blocs(
    before: Intent, after: Intent, atoms: Mapping[_Atom, tuple[str, ...]]
) -> tuple[_Blocs, _Blocs]:
    old = _Ends.of(before, {atom[0] for atom in atoms} - {None})
    new = _Ends.of(after, {atom[1] for atom in atoms} - {None})
    senders: dict[_Bloc, list[str]] = {}
    receivers: dict[_Bloc, list[str]] = {}
    for (was, now), names in atoms.items():
        sender = _Bloc(tuple(old.sent.get(was, ())), tuple(new.sent.get(now, ())))
        receiver = _Bloc(
            *(tuple(old.received.get(was, ())), tuple(new.received.get(now, ()))),
            *(_class_of(was), _class_of(now)),
        )
        senders.setdefault(sender, []).extend(names)
        receivers.setdefault(receiver, []).extend(names)
    return senders, receivers


class _Ends(NamedTuple):
    """The names of the rules from and to each identity, in the order of rules."""

    sent: dict[IdentityKey | None, list[str]]
    received: dict[IdentityKey | None, list[str]]

    @classmethod
    def of(cls, intent: Intent, keys: Iterable[IdentityKey | None]) -> _Ends:
        index = LabelSets({key: identity_labels(key) for key in keys if key is not None})
        ends = cls({}, {})
        for name, rule in intent.rules.items():
            for key in index.matching(rule.source):
                ends.sent.setdefault(key, []).append(name)
            for key in index.matching(rule.destination):
                ends.received.setdefault(key, []).append(name)
        return ends


def _class_of(key: IdentityKey | None) -> str:
    return dict(key[1])[CLASS_MARK] if key is not None else ""


def _claims(
    intent: Intent, sent: tuple[str, ...], received: tuple[str, ...], qos_class: str
) -> tuple[RuleClaim, ...]:
    """What the rules from one bloc that lead to another say, by name."""
    leading = frozenset(received)
    rules: Iterator[Rule] = (intent.rules[name] for name in sent if name in leading)
    return tuple(
        RuleClaim(rule.name, rule.allow, rule.dscp, rule.qos_class or qos_class) for rule in rules
    )


def _touched(
    changed: frozenset[str], senders: Iterable[_Bloc], receivers: Iterable[_Bloc]
) -> Iterable[tuple[_Bloc, _Bloc]]:
    """Pairs of blocs of which something may differ: a rule of theirs, or one of them."""
    sending, receiving = _by_rule(senders), _by_rule(receivers)
    pairs: dict[tuple[_Bloc, _Bloc], None] = {}
    for rule, sources in sending.items():
        destinations = receiving.get(rule, ())
        moved = [bloc for bloc in destinations if bloc.is_moved]
        for source in sources:
            every = destinations if rule in changed or source.is_moved else moved
            pairs |= dict.fromkeys((source, destination) for destination in every)
    return pairs


def _by_rule(blocs: Iterable[_Bloc]) -> dict[str, list[_Bloc]]:
    found: dict[str, list[_Bloc]] = {}
    for bloc in blocs:
        for rule in dict.fromkeys(chain(bloc.before, bloc.after)):
            found.setdefault(rule, []).append(bloc)
    return found


# From pairs of blocs to sets times sets.


def _groups(
    items: Mapping[ReachItem, set[tuple[_Bloc, _Bloc]]], services: _Services
) -> tuple[ReachGroup, ...]:
    found = [
        ReachGroup(
            _names(sources, services.senders),
            _names(destinations, services.receivers),
            *(item.allow, item.rule, item.qos_class, item.dscp, item.qos_class_before),
        )
        for item, pairs in items.items()
        for sources, destinations in _products(pairs)
    ]
    return tuple(sorted(found, key=lambda g: (g.rule, g.sources, g.destinations, g.allow)))


def _products(
    pairs: Iterable[tuple[_Bloc, _Bloc]],
) -> Iterator[tuple[frozenset[_Bloc], frozenset[_Bloc]]]:
    """Pairs as few products: sources that share their destinations stand together."""
    by_source: dict[_Bloc, set[_Bloc]] = {}
    for source, destination in pairs:
        by_source.setdefault(source, set()).add(destination)
    alike: dict[frozenset[_Bloc], set[_Bloc]] = {}
    for source, destinations in by_source.items():
        alike.setdefault(frozenset(destinations), set()).add(source)
    for shared, sources in alike.items():
        yield frozenset(sources), shared


def _names(group: Iterable[_Bloc], services: _Blocs) -> tuple[str, ...]:
    return tuple(sorted(name for bloc in group for name in services[bloc]))
