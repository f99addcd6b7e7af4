"""Shared rules as conjunctions, and what of them each edge switch holds.

A conjunction's id is made of the rule's name, its selectors and, where the rule leaves the class to
the destination, that class: an id that is there before and after a change means the same in both.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from controller.compile.sharing import Keys, Opening
from controller.dataplane.idset import ID_BITS
from controller.model.blocks import blocks
from controller.model.identity import IdentityKey
from controller.model.intent import Intent, Rule, Selector
from controller.model.numbers import stable_numbers
from controller.model.opening import NOBODY

ANY: Final = "any"
SOME: Final = "some"


class Block(NamedTuple):
    """A block of ports that shared rules allow; without ports for ICMP."""

    protocol: str
    port: int = 0
    mask: int = 0


class Share(NamedTuple):
    """A shared rule as far as it leads into one class.

    ``any_id`` and ``some_id`` are the ids of its conjunctions for any protocol and for ``blocks``;
    0 where it has none.
    """

    rule: str
    class_dscp: int
    sources: Keys
    destinations: Keys
    any_id: int
    some_id: int
    blocks: tuple[Block, ...]

    def is_like(self, other: Share) -> bool:
        """Whether another differs in nothing but who its sources and destinations are."""
        return self._replace(sources=NOBODY, destinations=NOBODY) == other._replace(
            sources=NOBODY, destinations=NOBODY
        )

    def id_of(self, kind: str) -> int:
        """The id of one of its conjunctions, 0 where it has none."""
        return self.any_id if kind == ANY else self.some_id


@dataclass(frozen=True, slots=True)
class Shares:
    """The shares of each shared rule, by its name."""

    by_rule: Mapping[str, tuple[Share, ...]] = field(default_factory=dict)


class Hold(NamedTuple):
    """A share as an edge holds it: whose entries it has besides those of its own instances.

    All sources are known where a destination is, and the other way round: they may meet.
    """

    share: Share
    sources: Keys
    destinations: Keys


Holds = Mapping[str, tuple[Hold, ...]]
"""What an edge switch holds of shared rules, by the rule's name; rules that concern it alone."""


def shares(
    before: Shares, intent: Intent, openings: Mapping[str, Opening], shared: Collection[str]
) -> Shares:
    """The shares of all shared rules; those that are what they were are the same objects."""
    texts = {
        (name, qos_class, kind): _text(openings[name].rule, qos_class, kind)
        for name in shared
        for qos_class in openings[name].by_class
        for kind in _kinds(openings[name].rule)
    }
    numbers = stable_numbers(texts.values(), ID_BITS)
    ids = {key: numbers[text] for key, text in texts.items()}
    found = {}
    for name in shared:
        made = tuple(
            _share(intent, openings[name], qos_class, ids) for qos_class in openings[name].by_class
        )
        known = before.by_rule.get(name)
        found[name] = known if known == made else made
    return before if found == before.by_rule else Shares(found)


def holds(before: Holds, now: Shares, here: Collection[IdentityKey]) -> Holds:
    """What an edge with some identities holds; the same objects where it can be."""
    found: dict[str, tuple[Hold, ...]] = {}
    mine = frozenset(here)
    for name, every in now.by_rule.items():
        made = tuple(filter(_concerns, (_hold(share, mine) for share in every)))
        if made:
            known = before.get(name)
            found[name] = known if known == made else made
    return before if found == before else found


def _hold(share: Share, here: Keys) -> Hold:
    sources, destinations = share.sources & here, share.destinations & here
    return Hold(
        share,
        share.sources if destinations else sources,
        share.destinations if sources else destinations,
    )


def _concerns(hold: Hold) -> bool:
    return bool(hold.sources or hold.destinations)


def _share(
    intent: Intent,
    opening: Opening,
    qos_class: str,
    ids: Mapping[tuple[str, str, str], int],
) -> Share:
    rule = opening.rule
    return Share(
        rule=rule.name,
        class_dscp=intent.classes[qos_class].dscp,
        sources=opening.sources,
        destinations=opening.by_class[qos_class],
        any_id=ids.get((rule.name, qos_class, ANY), 0),
        some_id=ids.get((rule.name, qos_class, SOME), 0),
        blocks=tuple(dict.fromkeys(_blocks(rule))),
    )


def _kinds(rule: Rule) -> Iterator[str]:
    protocols = {allow.protocol for allow in rule.allow}
    if "any" in protocols:
        yield ANY
    if protocols - {"any"}:
        yield SOME


def _blocks(rule: Rule) -> Iterator[Block]:
    for allow in rule.allow:
        if allow.protocol == "icmp":
            yield Block("icmp")
        elif allow.protocol != "any":
            for port, mask in blocks(allow.first, allow.last):
                yield Block(allow.protocol, port, mask)


def _text(rule: Rule, qos_class: str, kind: str) -> str:
    left = "" if rule.qos_class else qos_class
    return repr((rule.name, _selector(rule.source), _selector(rule.destination), left, kind))


def _selector(selector: Selector) -> list[tuple[str, tuple[str, ...]]]:
    return sorted((key, tuple(sorted(values))) for key, values in selector.labels.items())
