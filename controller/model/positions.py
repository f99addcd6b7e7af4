"""Where a document says something: from a path in its tree to a file and a line."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final, NamedTuple

from controller.errors import Problem

Path = tuple[str | int, ...]
"""A way into a document's tree: mapping keys and list indices, outermost first."""


class Place(NamedTuple):
    """A line (from 1) of a file, as the reader named it."""

    file: str
    line: int


@dataclass(frozen=True, slots=True)
class Positions:
    """The known places of a document's nodes. A tree that came without text has none.

    ``problems`` are what the reader found and a tree cannot show (a key given twice): who decodes
    the tree reports them with its own, so that all come at once.
    """

    places: Mapping[Path, Place] = field(default_factory=lambda: MappingProxyType({}))
    problems: tuple[Problem, ...] = ()

    def find(self, path: Path) -> Place | None:
        """The place of the node at ``path``, else of its nearest known ancestor, else None."""
        for length in range(len(path), -1, -1):
            place = self.places.get(path[:length])
            if place is not None:
                return place
        return None


NO_POSITIONS: Final = Positions()


def rule_places(document: object, positions: Positions) -> Mapping[str, Place]:
    """Where each rule of an intent document was written, by rule name.

    Read this while the text is at hand: a stored intent carries no lines.
    """
    rules = document.get("rules") if isinstance(document, Mapping) else None
    keyed: list[tuple[object, str | int]] = []
    if isinstance(rules, list):
        keyed = [(r.get("name"), i) for i, r in enumerate(rules) if isinstance(r, Mapping)]
    elif isinstance(rules, Mapping):
        keyed = [(name, name) for name in rules]
    found = {name: positions.find(("rules", key)) for name, key in keyed if isinstance(name, str)}
    return {name: place for name, place in found.items() if place is not None}
