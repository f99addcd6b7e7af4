"""What the intent means between identities: the rules that open one to another.

An identity stands for services that no rule tells apart, so what holds for one pair of services
holds for every pair of theirs.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Set
from dataclasses import dataclass, field
from itertools import product
from typing import Final, NamedTuple

from controller.model.counts import recounted
from controller.model.differences import different
from controller.model.identity import (
    CLASS_MARK,
    IdentityKey,
    identities,
    identity_labels,
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
Keys = frozenset[IdentityKey]
NOBODY: Final[Keys] = frozenset()
Names = tuple[str, ...]
NO_NAMES: Final[Names] = ()
Named = tuple[Names, Names]


class Ends(NamedTuple):
    """A rule, and the identities it opens to each other: every source to every destination."""

    rule: Rule
    sources: Keys
    destinations: Keys

    def pairs(self) -> Iterator[tuple[IdentityKey, IdentityKey]]:
        """Every source with every destination."""
        return product(self.sources, self.destinations)


@dataclass(frozen=True, slots=True)
class Wanted:
    """An intent by identity, at the size of what rules name and not of the pairs they open.

    ``keys``: service to identity; ``used``: how many services are of each; ``ends``: whom each rule
    opens to whom; ``sending`` and ``receiving``: the names, in order, of the rules that each
    identity is a source of, and a destination of; ``dscps``: those of the classes.
    """

    keys: Mapping[str, IdentityKey]
    used: Mapping[IdentityKey, int]
    ends: Mapping[str, Ends]
    sending: Mapping[IdentityKey, Names]
    receiving: Mapping[IdentityKey, Names]
    dscps: Mapping[str, int]
    _claims: dict[tuple[Names, Names, str], Claims] = field(default_factory=dict)
    _partners: dict[tuple[Names, Names], Keys] = field(default_factory=dict)

    @staticmethod
    def of(intent: Intent, before: tuple[Intent, Wanted] | None = None) -> Wanted:
        """The meaning of an intent between identities.

        ``before`` is another intent with its meaning: what is the same in both is taken from it.
        """
        old = before[1] if before is not None else _NOTHING
        keys = identities(intent)
        used = _used(old, keys)
        ends = dict(_ends(old, intent, used.keys()))
        dscps = {name: qos.dscp for name, qos in intent.classes.items()}
        gone, come = old.ends, ends
        return Wanted(
            keys,
            used,
            ends,
            _filed(old.sending, gone, come, lambda found: found.sources),
            _filed(old.receiving, gone, come, lambda found: found.destinations),
            dscps,
        )

    def leaks(self, populated: Keys) -> Mapping[str, Keys]:
        """VRF to identities of other VRFs it can resolve: some rule pairs them, either way.

        Only identities that have an instance count.
        """
        found: dict[str, set[IdentityKey]] = {}
        for ends in self.ends.values():
            sources, destinations = (
                _by_vrf(ends.sources, populated),
                _by_vrf(ends.destinations, populated),
            )
            for one, senders in sources.items():
                for other, receivers in destinations.items():
                    if one != other:
                        found.setdefault(one, set()).update(receivers)
                        found.setdefault(other, set()).update(senders)
        return {vrf: frozenset(keys) for vrf, keys in found.items()}

    def opened(self, key: IdentityKey) -> Keys:
        """Whom an identity may open something to."""
        return self._union(self.sending.get(key, NO_NAMES), NO_NAMES)

    def partners(self, key: IdentityKey) -> Keys:
        """Whom an identity may reach, and whom it may be reached from."""
        return self._union(*self.named(key))

    def named(self, key: IdentityKey) -> Named:
        """The rules that an identity is a source of, and those that it is a destination of."""
        return self.sending.get(key, NO_NAMES), self.receiving.get(key, NO_NAMES)

    def owes(self, here: Container[IdentityKey], vrf: str, key: IdentityKey) -> bool:
        """Whether somebody of a VRF, of those here, may reach an identity or be reached by it."""
        return any(other[0] == vrf and other in here for other in self.partners(key))

    def claims(self, source: IdentityKey, destination: IdentityKey) -> Claims:
        """The rules that open one identity to another, by name."""
        sent = self.sending.get(source, NO_NAMES)
        received = self.receiving.get(destination, NO_NAMES)
        if not (sent and received):
            return NO_CLAIMS
        return self.claims_of(sent, received, dict(destination[1])[CLASS_MARK])

    def claims_of(self, sent: Names, received: Names, qos_class: str) -> Claims:
        """The rules that are among both sides' names, for a destination of some class."""
        key = sent, received, qos_class
        if key not in self._claims:
            both = set(received)
            rules = (self.ends[name].rule for name in sent if name in both)
            self._claims[key] = tuple(
                Claim(rule.name, rule.allow, rule.dscp, self.dscps[rule.qos_class or qos_class])
                for rule in rules
            )
        return self._claims[key]

    def pairs(self) -> int:
        """How many pairs of identities some rule opens."""
        alike = Counter(self.sending.values())
        return sum(len(self._union(names, NO_NAMES)) * count for names, count in alike.items())

    def _union(self, sent: Names, received: Names) -> Keys:
        if (sent, received) not in self._partners:
            there = (self.ends[name].destinations for name in sent)
            back = (self.ends[name].sources for name in received)
            self._partners[sent, received] = frozenset().union(*there, *back)
        return self._partners[sent, received]


_NOTHING: Final = Wanted({}, {}, {}, {}, {}, {})


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


def _used(before: Wanted, keys: Mapping[str, IdentityKey]) -> Mapping[IdentityKey, int]:
    """How many services are of each identity: counted anew only for those that have another."""
    names, old = different(before.keys, keys), before.keys
    gone = (old[name] for name in names if name in old)
    return recounted(before.used, gone, (keys[name] for name in names if name in keys))


def _ends(before: Wanted, intent: Intent, now: Set[IdentityKey]) -> Iterator[tuple[str, Ends]]:
    """Each rule with those it speaks of; the same objects where nothing came or went."""
    was = before.used.keys()
    come, gone = _labels(now - was), frozenset(was - now)
    every: Mapping[IdentityKey, Labels] | None = None
    for name, rule in sorted(intent.rules.items()):
        known = before.ends.get(name)
        if known is not None and known.rule == rule:
            yield name, _followed(known, come, gone)
            continue
        every = _labels(now) if every is None else every
        yield name, _chosen(rule, every)


def _labels(keys: Iterable[IdentityKey]) -> Mapping[IdentityKey, Labels]:
    return {key: identity_labels(key) for key in keys}


def _chosen(rule: Rule, labels: Mapping[IdentityKey, Labels]) -> Ends:
    return Ends(
        rule,
        frozenset(key for key, has in labels.items() if selects(rule.source, has)),
        frozenset(key for key, has in labels.items() if selects(rule.destination, has)),
    )


def _followed(known: Ends, come: Mapping[IdentityKey, Labels], gone: Keys) -> Ends:
    more = _chosen(known.rule, come)
    sources = known.sources - gone | more.sources
    destinations = known.destinations - gone | more.destinations
    if sources == known.sources and destinations == known.destinations:
        return known
    return Ends(known.rule, sources, destinations)


def _filed(
    before: Mapping[IdentityKey, Names],
    gone: Mapping[str, Ends],
    come: Mapping[str, Ends],
    side: Callable[[Ends], Keys],
) -> Mapping[IdentityKey, Names]:
    """The rules of each identity on one side, from those of before."""
    changes: dict[IdentityKey, tuple[set[str], set[str]]] = {}
    for name in gone.keys() | come.keys():
        old, new = gone.get(name), come.get(name)
        if old is new:
            continue
        was, now = side(old) if old else NOBODY, side(new) if new else NOBODY
        for key in was - now:
            changes.setdefault(key, (set(), set()))[0].add(name)
        for key in now - was:
            changes.setdefault(key, (set(), set()))[1].add(name)
    found = dict(before)
    for key, (lost, won) in changes.items():
        names = tuple(sorted({*found.get(key, NO_NAMES)} - lost | won))
        if names:
            found[key] = names
        else:
            found.pop(key, None)
    return found


def _by_vrf(keys: Keys, populated: Keys) -> Mapping[str, set[IdentityKey]]:
    found: dict[str, set[IdentityKey]] = {}
    for key in keys & populated:
        found.setdefault(key[0], set()).add(key)
    return found
