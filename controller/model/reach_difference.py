"""What a change of intent gains, loses and carries otherwise, as sets of services times sets.

Services that the same rules are from, before and after, stand together in a *bloc* of senders;
those that the same rules lead to, with the same class, in a bloc of receivers. What one pair of two
blocs gains every pair of theirs gains, so the difference is worked out once for two blocs, and only
for those that a changed rule or a changed service touches.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
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
    found: dict[str, dict[ReachItem, _Pairs]] = {"gained": {}, "lost": {}, "changed": {}}
    known: dict[_Bloc, tuple[tuple[str, ReachItem], ...]] = {}
    leading = [(frozenset(bloc.before), frozenset(bloc.after)) for bloc in receivers.blocs]
    for source, destinations in _touched(changed, senders.blocs, receivers.blocs).items():
        sender = senders.blocs[source]
        for destination in destinations:
            was, now = leading[destination]
            receiver = receivers.blocs[destination]
            between = receiver._replace(
                before=tuple(name for name in sender.before if name in was),
                after=tuple(name for name in sender.after if name in now),
            )
            if between not in known:
                known[between] = tuple(_items(before, after, between))
            for kind, item in known[between]:
                found[kind].setdefault(item, {}).setdefault(source, set()).add(destination)
    return ReachDifference(
        **{kind: _groups(items, senders, receivers) for kind, items in found.items()}
    )


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


class _Blocs(NamedTuple):
    """Blocs, and the services of each; a bloc is known by its place."""

    blocs: tuple[_Bloc, ...]
    services: tuple[list[str], ...]


_Pairs = dict[int, set[int]]
"""Places of blocs of receivers by the place of one of senders."""


def _blocs(
    before: Intent, after: Intent, atoms: Mapping[_Atom, tuple[str, ...]]
) -> tuple[_Blocs, _Blocs]:
    old = _Ends.of(before, {atom[0] for atom in atoms})
    new = _Ends.of(after, {atom[1] for atom in atoms})
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
    return (
        _Blocs(tuple(senders), tuple(senders.values())),
        _Blocs(tuple(receivers), tuple(receivers.values())),
    )


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


def _items(before: Intent, after: Intent, between: _Bloc) -> Iterator[tuple[str, ReachItem]]:
    """What differs for a pair of blocs that these rules lie between, with its kind."""
    was = _claims(before, between.before, between.class_before)
    now = _claims(after, between.after, between.class_after)
    for kind, items in (
        ("gained", beyond(now, was)),
        ("lost", beyond(was, now)),
        ("changed", recarried(was, now)),
    ):
        yield from ((kind, item) for item in items)


def _claims(intent: Intent, names: Iterable[str], qos_class: str) -> tuple[RuleClaim, ...]:
    """What rules say, by name, of receivers of a class."""
    rules: Iterator[Rule] = (intent.rules[name] for name in names)
    return tuple(
        RuleClaim(rule.name, rule.allow, rule.dscp, rule.qos_class or qos_class) for rule in rules
    )


def _touched(
    changed: frozenset[str], senders: Sequence[_Bloc], receivers: Sequence[_Bloc]
) -> _Pairs:
    """Pairs of blocs of which something may differ: a rule of theirs, or one of them."""
    sending, receiving = _by_rule(senders), _by_rule(receivers)
    pairs: _Pairs = {}
    for rule, sources in sending.items():
        destinations = receiving.get(rule, [])
        moved = [place for place in destinations if receivers[place].is_moved]
        for source in sources:
            every = destinations if rule in changed or senders[source].is_moved else moved
            if every:
                pairs.setdefault(source, set()).update(every)
    return pairs


def _by_rule(blocs: Iterable[_Bloc]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for place, bloc in enumerate(blocs):
        for rule in dict.fromkeys(chain(bloc.before, bloc.after)):
            found.setdefault(rule, []).append(place)
    return found


# From pairs of blocs to sets times sets.


def _groups(
    items: Mapping[ReachItem, _Pairs], senders: _Blocs, receivers: _Blocs
) -> tuple[ReachGroup, ...]:
    found = [
        ReachGroup(
            _names(sources, senders),
            _names(destinations, receivers),
            *(item.allow, item.rule, item.qos_class, item.dscp, item.qos_class_before),
        )
        for item, pairs in items.items()
        for sources, destinations in _products(pairs)
    ]
    return tuple(sorted(found, key=lambda g: (g.rule, g.sources, g.destinations, g.allow)))


def _products(pairs: _Pairs) -> Iterator[tuple[list[int], frozenset[int]]]:
    """Pairs as few products: sources that share their destinations stand together."""
    alike: dict[frozenset[int], list[int]] = {}
    for source, destinations in pairs.items():
        alike.setdefault(frozenset(destinations), []).append(source)
    for shared, sources in alike.items():
        yield sources, shared


def _names(places: Iterable[int], blocs: _Blocs) -> tuple[str, ...]:
    return tuple(sorted(name for place in places for name in blocs.services[place]))
