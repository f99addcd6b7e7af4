"""What a check has found."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass
from enum import StrEnum


class Grade(StrEnum):
    """How bad it is: nothing, something to know, something that does not work."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at. ``mend``: what to do about it, "" where it is well."""

    name: str
    grade: Grade
    found: str
    mend: str = ""


def well(name: str, found: str) -> Check:
    """A check that is as it should be."""
    return Check(name, Grade.OK, found)


def warn(name: str, found: str, mend: str) -> Check:
    """Something to know of: it works, and might not as wanted."""
    return Check(name, Grade.WARN, found, mend)


def fail(name: str, found: str, mend: str) -> Check:
    """Something that does not work."""
    return Check(name, Grade.FAIL, found, mend)


def output_of(*command: str) -> str | None:
    """What a command prints, None where it is not there, fails or takes more than 5 s."""
    if shutil.which(command[0]) is None:
        return None
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=5)
    except (subprocess.SubprocessError, OSError):
        return None
    return done.stdout.strip()
