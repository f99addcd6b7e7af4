"""The difference of reachability pair by pair: slow, plain, and what the fast way must equal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from controller.model.intent import Intent, PortRange, Rule
from controller.model.reach import Reach
from controller.model.selection import LabelIndex, class_of


def gained_lost(before: Intent, after: Intent) -> tuple[tuple[Reach, ...], tuple[Reach, ...]]:
    """What services may open after and not before, and what before and not after.

    ``allow`` of each is only the part that is new or gone, so a rule that another one takes the
    place of gains and loses nothing.
    """
    old, new = _Openings(before), _Openings(after)
    return _sorted(new.beyond(old)), _sorted(old.beyond(new))


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


class _Openings:
    """The openings of an intent, by rule and by source."""

    def __init__(self, intent: Intent) -> None:
        self._intent = intent
        self._by_rule = _openings(intent)
        self._by_source: dict[str, list[_Opening]] = {}
        for opening in self._by_rule.values():
            for source in opening.sources:
                self._by_source.setdefault(source, []).append(opening)

    def beyond(self, other: _Openings) -> Iterator[Reach]:
        """What these open that the other ones do not."""
        for name, opening in self._by_rule.items():
            for source, destination in _new_pairs(opening, other._by_rule.get(name)):
                covered = other._covering(source, destination, opening.rule.dscp)
                left = _subtract(opening.rule.allow, covered)
                if left:
                    yield _reach(self._intent, opening.rule, source, destination, left)

    def _covering(self, source: str, destination: str, dscp: int | None) -> list[PortRange]:
        return [
            ports
            for opening in self._by_source.get(source, ())
            if destination in opening.destinations and opening.rule.dscp in (None, dscp)
            for ports in opening.rule.allow
        ]


def _new_pairs(opening: _Opening, before: _Opening | None) -> Iterator[tuple[str, str]]:
    """The pairs of an opening, without those it had with the same ports and DSCP before."""
    rule = opening.rule
    same = before and (before.rule.allow, before.rule.dscp) == (rule.allow, rule.dscp)
    for source in opening.sources:
        known = before.destinations if before and same and source in before.sources else ()
        for destination in opening.destinations.difference(known):
            yield source, destination


def _subtract(allow: Iterable[PortRange], covered: Iterable[PortRange]) -> tuple[PortRange, ...]:
    """The parts of ``allow`` outside ``covered``. A part of `any` counts as all of it."""
    left = list(allow)
    for cover in covered:
        left = [part for ports in left for part in _without(ports, cover)]
    return tuple(sorted(left))


def _without(ports: PortRange, cover: PortRange) -> Iterator[PortRange]:
    if cover.protocol == "any":
        return
    if cover.protocol != ports.protocol or cover.last < ports.first or ports.last < cover.first:
        yield ports
        return
    if ports.first < cover.first:
        yield PortRange(ports.protocol, ports.first, cover.first - 1)
    if cover.last < ports.last:
        yield PortRange(ports.protocol, cover.last + 1, ports.last)


def _reach(
    intent: Intent, rule: Rule, source: str, destination: str, allow: tuple[PortRange, ...]
) -> Reach:
    qos_class = class_of(intent, rule, destination)
    return Reach(source, destination, allow, rule.name, qos_class, rule.dscp)


def _sorted(found: Iterable[Reach]) -> tuple[Reach, ...]:
    return tuple(sorted(found, key=lambda r: (r.source, r.destination, r.rule)))
