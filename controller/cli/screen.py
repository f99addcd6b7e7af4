"""Text to people: with colours on a terminal that wants them, plain everywhere else."""

from __future__ import annotations

import os
import sys
from typing import TextIO


def on_terminal(stream: TextIO) -> bool:
    """Whether a person sees this stream, on a terminal that can move its cursor."""
    return stream.isatty() and os.environ.get("TERM") != "dumb"


def coloured(stream: TextIO) -> bool:
    """Whether colours are wanted there (https://no-color.org)."""
    return on_terminal(stream) and not os.environ.get("NO_COLOR")


def show(text: str, stream: TextIO | None = None) -> None:
    """Print a command's text."""
    stream = stream or sys.stdout
    if not coloured(stream):
        print(text, file=stream)
        return
    from controller.cli.colours import console  # rich takes 50 ms to load, which scripts need not

    console(stream).print(text, soft_wrap=True)
