"""Aligned tables for people."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any


def table(headings: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """Rows under headings, each column as wide as its widest cell."""
    cells = [[*headings], *([text(value) for value in row] for row in rows)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(headings))]
    lines = (
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        for row in cells
    )
    return "\n".join(line.rstrip() for line in lines)


def objects(items: Sequence[Mapping[str, Any]], keys: Sequence[str]) -> str:
    """Objects as a table with the keys as columns."""
    headings = [key.upper().replace("_", " ") for key in keys]
    return table(headings, [[item.get(key) for key in keys] for item in items])


def details(item: Mapping[str, Any]) -> str:
    """One object, a key a line."""
    width = max((len(key) for key in item), default=0)
    return "\n".join(f"{key.ljust(width)}  {text(value)}" for key, value in item.items())


def text(value: Any) -> str:
    """A JSON value as people read it."""
    match value:
        case None | "" | {}:
            return "-"
        case bool():
            return "yes" if value else "no"
        case Mapping():
            return " ".join(f"{key}={text(inner)}" for key, inner in value.items())
        case list():
            return ",".join(map(text, value)) or "-"
        case _:
            return str(value)
