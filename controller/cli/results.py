"""What a command answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from controller.cli.exits import Exit


@dataclass(frozen=True, slots=True)
class Result:
    """A command's answer as JSON and as text, and its exit code."""

    answer: Any
    text: str
    code: Exit = Exit.OK
