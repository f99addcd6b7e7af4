"""What every module of the controller imports, read from its source."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
CONTROLLER = ROOT / "controller"


class Import(NamedTuple):
    """An absolute import of a module that is not the controller's own."""

    place: str  # the importing file below controller/, with the line
    room: str  # the first part of that path: `northbound`, `app.py`
    library: str  # the first part of the imported name


def sources(*rooms: str) -> Iterator[Path]:
    """The source files of these rooms, or of all."""
    for path in sorted(CONTROLLER.rglob("*.py")):
        if not rooms or path.relative_to(CONTROLLER).parts[0] in rooms:
            yield path


def imports(*rooms: str) -> Iterator[Import]:
    """Their imports of anything but the controller itself, also those inside functions."""
    for path in sources(*rooms):
        below = path.relative_to(CONTROLLER)
        for node in ast.walk(ast.parse(path.read_text(), str(path))):
            for name in _names(node):
                library = name.partition(".")[0]
                if library != "controller":
                    yield Import(f"{below}:{node.lineno}", below.parts[0], library)  # type: ignore[attr-defined]


def _names(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom) and node.module and not node.level:
        return [node.module]
    return []
