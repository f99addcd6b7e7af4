"""Exit codes, and the errors that end a command with one."""

from __future__ import annotations

from enum import IntEnum
from typing import Final


class Exit(IntEnum):
    """What a command's exit code says."""

    OK = 0
    NO = 1
    INVALID = 2
    UNREACHABLE = 3
    CONFLICT = 4
    DECLINED = 5
    INTERRUPTED = 130  # 128 + SIGINT, as shells say it


MEANINGS: Final = {
    Exit.OK: "done (explain: allowed; verify: all holds; status: ready; doctor: nothing fails)",
    Exit.NO: "explain: denied; verify, status, doctor: something is not as it should be; "
    "writes: stored, but not on every switch yet",
    Exit.INVALID: "wrong usage, or a document or name that is not valid: nothing was changed",
    Exit.UNREACHABLE: "no controller answers at the URL, or it failed",
    Exit.CONFLICT: "somebody else changed the network in between: look at the plan again",
    Exit.DECLINED: "apply, put, delete: the answer at the prompt was no: nothing was changed",
    Exit.INTERRUPTED: "interrupted by Ctrl-C; a write that was sent goes on",
}
"""For `bulkhead --help` and docs/cli.md; a test holds the page to it."""


class Stop(Exception):
    """Ends a command: the message for people, and the exit code."""

    def __init__(self, code: Exit, message: str) -> None:
        super().__init__(message)
        self.code = code
