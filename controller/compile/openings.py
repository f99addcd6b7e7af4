"""Which identities the rules open to each other, and so whom a VRF can resolve."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from controller.compile.grants import Grantable
from controller.model.identity import CLASS_MARK, IdentityKey, identity_labels
from controller.model.intent import Intent, Labels, Rule
from controller.model.meaning import selects

Pair = tuple[IdentityKey, IdentityKey]


class Opening(NamedTuple):
    """A rule, and the identities it opens to each other: every source to every destination."""

    rule: Rule
    sources: tuple[IdentityKey, ...]
    destinations: tuple[IdentityKey, ...]


@dataclass(frozen=True, slots=True)
class Openings:
    """The openings of an intent by rule, the rules of each pair, and what leaks between VRFs.

    ``known`` are the identities that have an instance; others open nothing. ``leaked`` is VRF to
    the identities of other VRFs that it can resolve: some rule pairs them, either way.
    """

    known: frozenset[IdentityKey]
    by_rule: Mapping[str, Opening]
    pairs: Mapping[Pair, tuple[Grantable, ...]]
    leaked: Mapping[str, frozenset[IdentityKey]]

    @staticmethod
    def of(
        intent: Intent, keys: Mapping[str, IdentityKey], before: Openings | None = None
    ) -> Openings:
        """The openings of an intent; rules that are the same are taken over from before."""
        known = frozenset(keys[name] for name in {i.service for i in intent.instances.values()})
        labels = {key: identity_labels(key) for key in known}
        old = before.by_rule if before is not None and before.known == known else {}
        by_rule = {
            name: old[name] if name in old and old[name].rule == rule else _opening(rule, labels)
            for name, rule in intent.rules.items()
        }
        return Openings(known, by_rule, _pairs(intent, by_rule), _leaked(by_rule))


def _opening(rule: Rule, labels: Mapping[IdentityKey, Labels]) -> Opening:
    return Opening(
        rule,
        tuple(key for key, has in labels.items() if selects(rule.source, has)),
        tuple(key for key, has in labels.items() if selects(rule.destination, has)),
    )


def _pairs(intent: Intent, by_rule: Mapping[str, Opening]) -> Mapping[Pair, tuple[Grantable, ...]]:
    found: dict[Pair, tuple[Grantable, ...]] = {}
    for rule, sources, destinations in by_rule.values():
        grantable = [(key, (_grantable(intent, rule, key),)) for key in destinations]
        for source in sources:
            for destination, more in grantable:
                pair = source, destination
                found[pair] = found.get(pair, ()) + more
    return found


def _grantable(intent: Intent, rule: Rule, destination: IdentityKey) -> Grantable:
    name = rule.qos_class or dict(destination[1])[CLASS_MARK]
    return Grantable(rule, intent.classes[name].dscp)


def _leaked(by_rule: Mapping[str, Opening]) -> Mapping[str, frozenset[IdentityKey]]:
    found: dict[str, set[IdentityKey]] = {}
    for source, destination in _across(by_rule):
        found.setdefault(source[0], set()).add(destination)
        found.setdefault(destination[0], set()).add(source)
    return {vrf: frozenset(keys) for vrf, keys in found.items()}


def _across(by_rule: Mapping[str, Opening]) -> Iterator[Pair]:
    """Pairs of identities in two VRFs."""
    for _, sources, destinations in by_rule.values():
        for source in sources:
            yield from ((source, other) for other in destinations if other[0] != source[0])
