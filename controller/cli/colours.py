"""What is coloured, and how: signs of a difference, verdicts, headings."""

from __future__ import annotations

from typing import ClassVar, Final, TextIO

from rich.console import Console
from rich.highlighter import RegexHighlighter
from rich.theme import Theme

_STYLES: Final = {
    "bulkhead.good": "green",
    "bulkhead.middling": "yellow",
    "bulkhead.bad": "bold red",
    "bulkhead.heading": "bold",
}


class Marks(RegexHighlighter):
    """Colours what the text of every command has in common."""

    base_style = "bulkhead."
    highlights: ClassVar[list[str]] = [
        r"(?m)^ +(?P<good>\+ .*)$",
        r"(?m)^ +(?P<middling>~ .*)$",
        r"(?m)^ +(?P<bad>- .*)$",
        r"(?m)^(?P<good>ok)\b",
        r"(?m)^(?P<middling>warn)\b",
        r"(?m)^(?P<bad>FAIL)\b",
        r"(?m): (?P<good>allowed|applied|holds)\b",
        r"(?m)^(?P<good>ready)\b",
        r"\b(?P<bad>DENIED|NOT READY|FAILS|DOES NOT HOLD|NOT PROVED)\b",
        r"(?m)^(?P<heading>[A-Z][A-Z ]+  [A-Z ]+)$",
    ]


def console(stream: TextIO) -> Console:
    """A console on a terminal that colours nothing but our marks."""
    return Console(
        file=stream,
        force_terminal=True,
        markup=False,
        emoji=False,
        highlighter=Marks(),
        theme=Theme(_STYLES),
    )
