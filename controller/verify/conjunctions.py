"""What rules of many identities permit between two of them, from the rows that say it in parts.

A row for each source, each destination and each block of ports says to which conjunctions that
belongs, and one more what a conjunction permits (ovs-actions(7), conjunction).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from controller.dataplane.idset import ids_of
from controller.dataplane.shapes import Row


class Permit(NamedTuple):
    """A permit row without its identities; ``far`` and ``dscp`` are None for unmarked ones.

    ``shared``: not a row but the conjunction of some, which yields to any row of the pair's own.
    """

    protocol: str
    far: int | None
    dscp: int | None
    port: int
    mask: int
    qos_class: int
    shared: bool = False


Permits = frozenset[Permit]
NO_PERMITS: Final[Permits] = frozenset()

Ids = frozenset[int]

_NONE: Final[Ids] = frozenset()
_KINDS: Final = ("any", "some")
_CLAUSES: Final = ("permit.from_", "permit.to_", "permit.at_", "permit.shared_")


def is_clause(shape: str) -> bool:
    """Whether rows of a shape are parts of conjunctions."""
    return shape.startswith(_CLAUSES)


@dataclass(slots=True)
class Conjunctions:
    """A switch's clauses by what they are about.

    ``sources`` and ``destinations`` are by kind ("any" for any protocol, "some" for blocks of
    ports) and identity, ``blocks`` by protocol, port and mask, ``classes`` by kind and id.
    """

    sources: dict[str, dict[int, Ids]] = field(default_factory=lambda: {k: {} for k in _KINDS})
    destinations: dict[str, dict[int, Ids]] = field(default_factory=lambda: {k: {} for k in _KINDS})
    blocks: dict[tuple[str, int, int], Ids] = field(default_factory=dict)
    classes: dict[tuple[str, int], int] = field(default_factory=dict)
    _known: dict[tuple[Ids, ...], Permits] = field(default_factory=dict)

    def put(self, row: Row) -> None:
        """File a clause; it takes the place of one of its key."""
        self._known.clear()
        part, kind = part_of(row)
        match part:
            case "from":
                self.sources[kind][row.match[0]] = ids_of(row.args[0])
            case "to":
                self.destinations[kind][row.match[0]] = ids_of(row.args[0])
            case "at":
                self.blocks[_block(kind, row)] = ids_of(row.args[0])
            case _:
                self.classes[kind, row.match[0]] = row.args[0]

    def drop(self, row: Row) -> None:
        """Take a clause out."""
        self._known.clear()
        part, kind = part_of(row)
        match part:
            case "from":
                self.sources[kind].pop(row.match[0], None)
            case "to":
                self.destinations[kind].pop(row.match[0], None)
            case "at":
                self.blocks.pop(_block(kind, row), None)
            case _:
                self.classes.pop((kind, row.match[0]), None)

    def permitted(self, source: int, destination: int) -> Permits:
        """What conjunctions permit between two identities."""
        if not self.classes:
            return NO_PERMITS
        common = tuple(
            self.sources[kind].get(source, _NONE) & self.destinations[kind].get(destination, _NONE)
            for kind in _KINDS
        )
        if not any(common):
            return NO_PERMITS
        if common not in self._known:
            self._known[common] = frozenset(self._permits(*common))
        return self._known[common]

    def of_source(self, source: int) -> tuple[Ids, ...]:
        """The conjunctions that an identity is a source of, by kind."""
        return tuple(self.sources[kind].get(source, _NONE) for kind in _KINDS)

    def of_destination(self, destination: int) -> tuple[Ids, ...]:
        """The conjunctions that an identity is a destination of, by kind."""
        return tuple(self.destinations[kind].get(destination, _NONE) for kind in _KINDS)

    def partners(self, source: int) -> Iterator[int]:
        """The identities with which one shares a conjunction as its source."""
        for kind in _KINDS:
            mine = self.sources[kind].get(source, _NONE)
            if mine:
                for destination, ids in self.destinations[kind].items():
                    if not mine.isdisjoint(ids):
                        yield destination

    def sources_of(self, ids: Ids) -> Iterator[int]:
        """The identities that are sources of some conjunctions."""
        for kind in _KINDS:
            for source, mine in self.sources[kind].items():
                if not mine.isdisjoint(ids):
                    yield source

    def _permits(self, of_any: Ids, of_some: Ids) -> Iterator[Permit]:
        for number in of_any:
            if ("any", number) in self.classes:
                dscp = self.classes["any", number]
                yield Permit("any", None, None, 0, 0, dscp, shared=True)
        for (protocol, port, mask), ids in self.blocks.items():
            for number in ids & of_some:
                if ("some", number) in self.classes:
                    dscp = self.classes["some", number]
                    yield Permit(protocol, None, None, port, mask, dscp, shared=True)


def part_of(row: Row) -> tuple[str, str]:
    """Which part of conjunctions a clause is, and of which kind, or protocol, it is."""
    part, _, kind = row.shape.partition(".")[2].partition("_")
    return part, kind


def _block(protocol: str, row: Row) -> tuple[str, int, int]:
    port, mask = row.match or (0, 0)
    return protocol, port, mask
