"""What can go wrong: the caller's mistake, the remote's mistake, an unknown outcome."""

from __future__ import annotations

from dataclasses import dataclass


class BulkheadError(Exception):
    """Any error of Bulkhead's own."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong in a document: its path there, and its file and line (from 1) when known."""

    path: str
    message: str
    file: str | None = None
    line: int | None = None

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}: " if self.file and self.line else ""
        place = place or (f"{self.file}: " if self.file else "")
        return f"{place}{self.path}: {self.message}"


class Invalid(BulkheadError):
    """The caller's mistake: what was given is not valid, with every problem."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = problems


class NotFound(BulkheadError):
    """The caller named something that is not there."""


class Conflict(BulkheadError):
    """The caller's change was made against a revision that is no longer the latest."""


class RemoteError(BulkheadError):
    """The remote's mistake: a switch or server refused what it was asked."""


class UnknownOutcome(BulkheadError):
    """A timeout or a lost session: it is not known whether the remote did what it was asked."""
