"""What the intent means between identities: the rules that open one to another.

An identity stands for services that no rule tells apart, so what holds for one pair of services
holds for every pair of theirs.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple

from controller.model.identity import (
    CLASS_MARK,
    IdentityKey,
    identities,
    identity_labels,
    same_identities,
)
from controller.model.intent import Intent, Labels, PortRange, Rule
from controller.model.meaning import narrowest, selects


class Claim(NamedTuple):
    """What one rule says of a pair: what it allows, and the DSCP of the class it leads into."""

    name: str
    allow: tuple[PortRange, ...]
    dscp: int | None
    class_dscp: int


Claims = tuple[Claim, ...]
NO_CLAIMS: Final[Claims] = ()


class Ends(NamedTuple):
    """A rule, and the identities it opens to each other: every source to every destination."""

    rule: Rule
    sources: tuple[IdentityKey, ...]
    destinations: tuple[IdentityKey, ...]


@dataclass(frozen=True, slots=True)
class Wanted:
    """An intent by identity.

    ``keys``: service to identity; ``opened``: what each may open to whom; ``openers``: who may open
    something to each.
    """

    keys: Mapping[str, IdentityKey]
    ends: Mapping[str, Ends]
    opened: Mapping[IdentityKey, Mapping[IdentityKey, Claims]]
    openers: Mapping[IdentityKey, Mapping[IdentityKey, None]]

    @staticmethod
    def of(intent: Intent, before: tuple[Intent, Wanted] | None = None) -> Wanted:
        """The meaning of an intent between identities.

        ``before`` is another intent with its meaning: what is the same in both is taken from it.
        """
        known: Mapping[str, Ends] = {}
        if before is not None and same_identities(before[0], intent):
            keys, known = before[1].keys, before[1].ends
        else:
            keys = identities(intent)
        labels = {key: identity_labels(key) for key in set(keys.values())}
        ends = {
            name: known[name] if name in known and known[name].rule == rule else _ends(rule, labels)
            for name, rule in sorted(intent.rules.items())
        }
        return Wanted(keys, ends, *_opened(intent, ends))

    def leaks(self, populated: frozenset[IdentityKey]) -> Mapping[str, frozenset[IdentityKey]]:
        """VRF to identities of other VRFs it can resolve: some rule pairs them, either way.

        Only identities that have an instance count.
        """
        found: dict[str, set[IdentityKey]] = {}
        for source, mine in self.opened.items():
            for destination in mine:
                if source[0] != destination[0] and {source, destination} <= populated:
                    found.setdefault(source[0], set()).add(destination)
                    found.setdefault(destination[0], set()).add(source)
        return {vrf: frozenset(keys) for vrf, keys in found.items()}

    def partners(self, key: IdentityKey) -> Iterator[IdentityKey]:
        """Whom an identity may reach, and whom it may be reached from."""
        yield from self.opened.get(key, ())
        yield from self.openers.get(key, ())

    def claims(self, source: IdentityKey, destination: IdentityKey) -> Claims:
        """The rules that open one identity to another, by name."""
        return self.opened.get(source, {}).get(destination, NO_CLAIMS)


def decide(claims: Claims, protocol: int, port: int, dscp: int) -> int | None:
    """The DSCP of the class a packet is allowed in, None where it is denied.

    A rule that looks at the DSCP comes first, then the fewest ports, then the smallest name.
    """
    matching = [
        (claim.dscp is None, width, claim.name, claim.class_dscp)
        for claim in claims
        if claim.dscp in (None, dscp)
        if (width := narrowest(claim.allow, protocol, port)) is not None
    ]
    return min(matching)[3] if matching else None


def _ends(rule: Rule, labels: Mapping[IdentityKey, Labels]) -> Ends:
    return Ends(
        rule,
        tuple(sorted(key for key, has in labels.items() if selects(rule.source, has))),
        tuple(sorted(key for key, has in labels.items() if selects(rule.destination, has))),
    )


def _opened(
    intent: Intent, ends: Mapping[str, Ends]
) -> tuple[
    Mapping[IdentityKey, Mapping[IdentityKey, Claims]],
    Mapping[IdentityKey, Mapping[IdentityKey, None]],
]:
    """What each may open to whom, and who to each."""
    found: dict[IdentityKey, dict[IdentityKey, Claims]] = {}
    openers: dict[IdentityKey, dict[IdentityKey, None]] = {}
    for rule, sources, destinations in ends.values():
        claims = {key: (_claim(intent, rule, key),) for key in destinations}
        every = dict.fromkeys(sources)
        for destination in destinations:
            openers.setdefault(destination, {}).update(every)
        for source in sources:
            mine = found.setdefault(source, {})
            for destination, claim in claims.items():
                mine[destination] = mine.get(destination, NO_CLAIMS) + claim
    return found, openers


def _claim(intent: Intent, rule: Rule, destination: IdentityKey) -> Claim:
    name = rule.qos_class or dict(destination[1])[CLASS_MARK]
    return Claim(rule.name, rule.allow, rule.dscp, intent.classes[name].dscp)
