"""The audit log: one JSON object a line for every write and every refusal, only ever appended to.

No secret comes into it: who made a request is told by name, never by token.
"""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Deed:
    """What somebody did or was refused. ``source`` is an address, ``what`` a call and its object.

    ``outcome``: done, refused or failed; ``revision``: what a write made, 0 for none.
    """

    who: str
    role: str
    source: str
    what: str
    outcome: str
    revision: int = 0
    detail: str = ""


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")


class AuditLog:
    """A file that is appended to; opened for each line, so that it may be rotated at any time."""

    def __init__(self, path: Path | None, clock: Callable[[], str] = _now) -> None:
        self._path, self._clock = path, clock

    def record(self, deed: Deed) -> None:
        """Append a deed. Where that fails the log of the engine says so: the network goes on."""
        if self._path is None:
            return
        line = json.dumps({"at": self._clock(), **asdict(deed)}) + "\n"
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            handle = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
            try:
                os.write(handle, line.encode())
            finally:
                os.close(handle)
        except OSError as error:
            log.error("the audit log %s cannot be written (%s): %s", self._path, error, line)
