"""The examples of a page: its indented blocks, as they stand there."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from textwrap import dedent

DOCS = Path(__file__).parents[1] / "docs"


def blocks(name: str) -> Iterator[str]:
    """The indented blocks of a page in docs/."""
    block: list[str] = []
    for line in [*(DOCS / name).read_text().splitlines(), "the end"]:
        if line.startswith("    ") or (block and not line):
            block.append(line)
        elif block:
            yield dedent("\n".join(block)).strip()
            block = []
