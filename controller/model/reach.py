"""Which services may reach which, and what a change of intent gains and loses."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from controller.model.intent import Intent, PortRange, Rule
from controller.model.reach_difference import ReachGroup, reach_difference
from controller.model.selection import LabelIndex, class_of


@dataclass(frozen=True, slots=True)
class Reach:
    """What one rule lets instances of one service open to instances of another.

    ``dscp`` None is any marking, else only packets that the sender marked so; ``qos_class`` is the
    class the packets travel in.
    """

    source: str
    destination: str
    allow: tuple[PortRange, ...]
    rule: str
    qos_class: str
    dscp: int | None


def reachability(intent: Intent) -> tuple[Reach, ...]:
    """All pairs of services that a rule opens, by source, destination and rule."""
    found = [
        _reach(intent, opening.rule, source, destination, opening.rule.allow)
        for opening in _openings(intent).values()
        for source in opening.sources
        for destination in opening.destinations
    ]
    return _sorted(found)


def gained_lost(before: Intent, after: Intent) -> tuple[tuple[Reach, ...], tuple[Reach, ...]]:
    """What services may open after and not before, and what before and not after, pair by pair.

    ``allow`` of each is only the part that is new or gone, so a rule that another one takes the
    place of gains and loses nothing. Pairs are many: the difference itself is
    :func:`controller.model.reach_difference.reach_difference`.
    """
    found = reach_difference(before, after)
    return _sorted(pairs_of(found.gained)), _sorted(pairs_of(found.lost))


def pairs_of(groups: Iterable[ReachGroup]) -> Iterator[Reach]:
    """Groups pair by pair."""
    for group in groups:
        for source in group.sources:
            for destination in group.destinations:
                yield Reach(
                    *(source, destination, group.allow),
                    *(group.rule, group.qos_class, group.dscp),
                )


@dataclass(frozen=True, slots=True)
class _Opening:
    """A rule and the services it opens to each other: every source to every destination."""

    rule: Rule
    sources: frozenset[str]
    destinations: frozenset[str]


def _openings(intent: Intent) -> dict[str, _Opening]:
    index = LabelIndex(intent)
    return {
        name: _Opening(rule, index.services(rule.source), index.services(rule.destination))
        for name, rule in intent.rules.items()
    }


def _reach(
    intent: Intent, rule: Rule, source: str, destination: str, allow: tuple[PortRange, ...]
) -> Reach:
    qos_class = class_of(intent, rule, destination)
    return Reach(source, destination, allow, rule.name, qos_class, rule.dscp)


def _sorted(found: Iterable[Reach]) -> tuple[Reach, ...]:
    return tuple(sorted(found, key=lambda r: (r.source, r.destination, r.rule)))
