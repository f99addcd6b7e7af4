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


@dataclass(frozen=True, slots=True)
class Said:
    """What a command printed, None where it could not; and why it could not, "" where it could."""

    text: str | None
    why: str = ""


def ask(*command: str) -> Said:
    """Run a command that says something of this machine within 5 s."""
    if shutil.which(command[0]) is None:
        return Said(None, f"{command[0]} is not installed")
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=5)
    except subprocess.TimeoutExpired:
        return Said(None, "no answer within 5 s")
    except OSError as error:
        return Said(None, str(error.strerror))
    return Said(done.stdout.strip()) if done.returncode == 0 else Said(None, _last(done.stderr))


def output_of(*command: str) -> str | None:
    """What a command prints, None where it is not there, fails or takes more than 5 s."""
    return ask(*command).text


def _last(printed: str) -> str:
    """The last line that says something; of Open vSwitch's log lines the text alone."""
    lines = [
        line for line in printed.splitlines() if "Alarm clock" not in line and "SIGALRM" not in line
    ]
    return lines[-1].rpartition("|")[2].strip() if lines else "no answer in time"
