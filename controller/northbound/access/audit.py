"""The audit log: a JSON object a line for every write and refusal, only ever appended to.

No secret comes into it: who made a request is told by name, never by token. Who is refused again
and again cannot fill the disk: a source's refusals are written one by one up to a number in a
minute, the others as one line with their count.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import re
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Final

from controller.northbound.access.limits import network_of
from controller.northbound.access.tokens import PREFIX

log = logging.getLogger(__name__)

INTERVAL_S: Final = 60.0
IN_FULL: Final = 20
"""Refusals of one source that are written one by one in an interval."""

_SOURCES_MOST: Final = 10_000
_LONGEST: Final = 500  # characters of a text: a path may have 64 KiB
_TOKEN: Final = re.compile(re.escape(PREFIX) + r"[A-Za-z0-9_-]{20,}")


class Outcome(StrEnum):
    """What became of a request."""

    DONE = "done"
    PLANNED = "planned"
    """A dry run: its plan was answered, nothing was changed."""
    REFUSED = "refused"
    FAILED = "failed"
    UNKNOWN = "unknown"
    """It is not known whether it was done."""


def outcome_of(status: int) -> Outcome:
    """What an HTTP status tells, also where another transport has its own."""
    if status < 400:
        return Outcome.DONE
    if status == 504:
        return Outcome.UNKNOWN
    return Outcome.FAILED if status >= 500 else Outcome.REFUSED


@dataclass(frozen=True, slots=True)
class Deed:
    """What somebody did or was refused. ``source`` is an address, ``what`` a call and its object.

    ``revision``: what a write made, 0 for none.
    """

    who: str
    role: str
    source: str
    what: str
    outcome: Outcome
    revision: int = 0
    detail: str = ""


_FIELDS: Final = tuple(field.name for field in fields(Deed))


@dataclass(slots=True)
class _Refusals:
    """Those of one source since a time; ``untold`` of them are not written yet."""

    until_s: float
    count: int = 0
    untold: int = 0
    last: Deed | None = None


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")


class AuditLog:
    """A file that is appended to; opened for each line, so that it may be rotated at any time.

    A line costs the event loop 7 us (median of 5,000 on ext4; 99 of 100 took less than 21 us), a
    thirtieth of what the smallest request does: no thread is worth a line that is lost in a crash.
    ``passed`` counts seconds.
    """

    def __init__(
        self,
        path: Path | None,
        clock: Callable[[], str] = _now,
        passed: Callable[[], float] = time.monotonic,
    ) -> None:
        self._path, self._clock, self._passed = path, clock, passed
        self._refusals: OrderedDict[tuple[str, str], _Refusals] = OrderedDict()  # by their time

    def record(self, deed: Deed) -> None:
        """Write a deed down, or count it. Where that fails the engine's log says so."""
        if self._path is None:
            return
        self._tell_what_is_over()
        deed = replace(deed, what=_short(deed.what), detail=_short(deed.detail))
        if deed.outcome is not Outcome.REFUSED or self._is_told_in_full(deed):
            self._append(self._path, deed)

    def close(self) -> None:
        """Write down what was only counted so far."""
        for refusals in self._refusals.values():
            self._tell(refusals)
        self._refusals.clear()

    def _is_told_in_full(self, deed: Deed) -> bool:
        key = network_of(deed.source), deed.who
        refusals = self._refusals.get(key)
        if refusals is None:
            refusals = self._refusals[key] = _Refusals(self._passed() + INTERVAL_S)
            if len(self._refusals) > _SOURCES_MOST:
                self._tell(self._refusals.popitem(last=False)[1])
        refusals.count += 1
        if refusals.count <= IN_FULL:
            return True
        if not refusals.untold:
            self._wake_up(refusals.until_s - self._passed())
        refusals.untold, refusals.last = refusals.untold + 1, deed
        return False

    def _wake_up(self, in_s: float) -> None:
        """Nobody may ask for long: then what was counted is told all the same."""
        with contextlib.suppress(RuntimeError):  # without a loop the next record tells it
            asyncio.get_running_loop().call_later(max(0.0, in_s), self._tell_what_is_over)

    def _tell_what_is_over(self) -> None:
        now_s = self._passed()
        while self._refusals:
            key, first = next(iter(self._refusals.items()))
            if first.until_s > now_s:
                return
            del self._refusals[key]
            self._tell(first)

    def _tell(self, refusals: _Refusals) -> None:
        if refusals.last is None or self._path is None:
            return
        detail = f"and {refusals.untold} more in {INTERVAL_S:g} s; the last: {refusals.last.detail}"
        self._append(self._path, replace(refusals.last, detail=detail))

    def _append(self, path: Path, deed: Deed) -> None:
        told = {"at": self._clock(), **{name: getattr(deed, name) for name in _FIELDS}}
        line = _TOKEN.sub(f"{PREFIX}...", json.dumps(told)) + "\n"
        try:
            handle = _opened(path)
            try:
                os.write(handle, line.encode())
            finally:
                os.close(handle)
        except OSError as error:
            log.error("the audit log %s cannot be written (%s): %s", path, error, line)


def _opened(path: Path) -> int:
    flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT
    try:
        return os.open(path, flags, 0o600)
    except FileNotFoundError:
        path.parent.mkdir(parents=True, exist_ok=True)
        return os.open(path, flags, 0o600)


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."
