"""``bulkhead doctor``: what a controller needs of this machine, and how to mend what it lacks."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable, Iterator, Sequence
from typing import Final

from controller.cli.client import Client
from controller.cli.doctor.checks import Check, Grade
from controller.cli.doctor.engine import engine
from controller.cli.doctor.machine import clock, datapaths, mtu, versions
from controller.cli.doctor.settings import settings_of
from controller.cli.doctor.store import store
from controller.cli.doctor.switch import open_vswitch
from controller.cli.exits import Exit
from controller.cli.results import Result
from controller.settings import Settings

Doctor = Callable[[Settings, Client], Iterator[Check]]

DOCTORS: Final[Sequence[Doctor]] = (versions, clock, open_vswitch, datapaths, mtu, store, engine)
_MARKS: Final = {Grade.OK: "ok  ", Grade.WARN: "warn", Grade.FAIL: "FAIL"}


def doctor(options: Namespace, client: Client) -> Result:
    """Look at everything, whatever is wrong with some of it."""
    settings, found = settings_of(options.config_file)
    for look in DOCTORS:
        found += look(settings, client)
    answer = [
        {"check": c.name, "grade": str(c.grade), "found": c.found, "mend": c.mend} for c in found
    ]
    bad = any(check.grade is Grade.FAIL for check in found)
    return Result(answer, "\n".join(map(_line, found)), Exit.NO if bad else Exit.OK)


def _line(check: Check) -> str:
    mend = f"\n       {check.mend}" if check.mend else ""
    return f"{_MARKS[check.grade]} {check.name}: {check.found}{mend}"
