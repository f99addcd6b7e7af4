"""Exit codes, and the errors that end a command with one."""

from __future__ import annotations

from enum import IntEnum


class Exit(IntEnum):
    """What a command's exit code says."""

    OK = 0
    NO = 1  # denied, or not applied on every switch
    INVALID = 2  # usage, or what was asked for is not valid
    UNREACHABLE = 3  # no controller answers, or it failed
    CONFLICT = 4  # somebody else changed the network in between


class Stop(Exception):
    """Ends a command: the message for people, and the exit code."""

    def __init__(self, code: Exit, message: str) -> None:
        super().__init__(message)
        self.code = code
