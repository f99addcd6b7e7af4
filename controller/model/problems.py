"""Collects every problem of a document, each with its path and, where known, file and line."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

from controller.errors import Invalid, Problem
from controller.model.positions import NO_POSITIONS, Path, Positions


def path_text(path: Path) -> str:
    """A path as people write it: ``segments.orders.vlan``, ``rules[web-to-api].allow[0]``."""
    text = ""
    for depth, part in enumerate(path):
        bracketed = isinstance(part, int) or (depth == 1 and path[0] in ("rules", "links"))
        text += f"[{part}]" if bracketed else f".{part}" if text else f"{part}"
    return text or "document"


def closest(word: str, known: Iterable[str]) -> str:
    """`` (did you mean `x`?)`` when a known word is near, else nothing."""
    near = get_close_matches(word, sorted(known), n=1)
    return f" (did you mean `{near[0]}`?)" if near else ""


class Problems:
    """The problems found so far, the reader's first.

    Paths go by object name, whatever shape the document has.
    """

    __slots__ = ("_found", "_places", "_positions")

    def __init__(self, positions: Positions = NO_POSITIONS) -> None:
        self._positions = positions
        self._found: list[Problem] = list(positions.problems)
        self._places: dict[Path, Path] = {}

    def place(self, path: Path, where: Path) -> None:
        """Says that the object known by ``path`` stands at ``where`` in the document's tree."""
        self._places[path] = where

    def add(self, path: Path, message: str) -> None:
        """Records a problem at a path."""
        where = self._places.get(path[:2], path[:2]) + path[2:]
        file, line = self._positions.find(where) or (None, None)
        self._found.append(Problem(path_text(path), message, file, line))

    def __len__(self) -> int:
        return len(self._found)

    def raise_if_any(self) -> None:
        """Raises :class:`errors.Invalid` with all problems, in the order of the files' lines."""
        if self._found:
            raise Invalid(tuple(sorted(self._found, key=lambda p: (p.file or "", p.line or 0))))
