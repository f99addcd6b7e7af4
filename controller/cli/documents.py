"""The operator's files: read with positions, so that the server's problems name file and line."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from controller.cli.exits import Exit, Stop
from controller.errors import Invalid, Problem
from controller.model.positions import Place, Positions
from controller.model.problems import path_text
from controller.northbound.documents import load_yaml
from controller.northbound.origins import origins_of


@dataclass(frozen=True, slots=True)
class Document:
    """An intent document, as it goes to the server; ``places`` are the lines of its paths."""

    tree: object
    origins: dict[str, tuple[str, int]]
    places: dict[str, Place]

    def body(self, message: str) -> dict[str, Any]:
        """The body of ``apply`` and ``plan``."""
        return {"document": self.tree, "origins": self.origins, "message": message}

    def locate(self, problem: Problem) -> Problem:
        """The problem with the line its path has here, or that of the nearest one around it."""
        path = problem.path
        while path:
            if path in self.places:
                return Problem(problem.path, problem.message, *self.places[path])
            path = path[: max(path.rfind("."), path.rfind("["), 0)]
        return problem


def read(path: str) -> Document:
    """Reads a file or a directory. Raises Stop."""
    try:
        tree, positions = load_yaml(Path(path))
    except OSError as error:
        raise Stop(Exit.INVALID, f"{path}: {error.strerror}") from None
    except Invalid as error:
        raise Stop(Exit.INVALID, str(error)) from None
    if positions.problems:
        raise Stop(Exit.INVALID, "\n".join(map(str, positions.problems)))
    return Document(tree, origins_of(tree, positions), _places(tree, positions))


def _places(tree: object, positions: Positions) -> dict[str, Place]:
    """Lines by the path the server writes: rules by name, though they stand in a list."""
    rules = tree.get("rules") if isinstance(tree, dict) else None
    listed = rules if isinstance(rules, list) else []
    names = {i: rule.get("name") for i, rule in enumerate(listed) if isinstance(rule, dict)}
    found: dict[str, Place] = {}
    for path, place in positions.places.items():
        if path[:1] == ("rules",) and len(path) > 1:
            name = names.get(path[1]) if isinstance(path[1], int) else None
            path = ("rules", name if isinstance(name, str) else path[1], *path[2:])
        found[path_text(path)] = place
    return found
