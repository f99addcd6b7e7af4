"""One site at a time: bridges, links and instances have the same names in every lab."""

from __future__ import annotations

import fcntl
import time
from collections.abc import Iterator
from contextlib import contextmanager

from labkit.ledger import ROOT, clean_abandoned

_POLL_S = 0.2


@contextmanager
def only_site(wait_s: float = 0.0) -> Iterator[None]:
    """Hold the machine's only site. Raises RuntimeError if another is still there after a wait.

    The kernel gives the lock up with the process; what a crashed run has left is removed here.
    """
    ROOT.mkdir(parents=True, exist_ok=True)
    with (ROOT / "site.lock").open("w") as file:
        deadline = time.monotonic() + wait_s
        while not _taken(file.fileno()):
            if time.monotonic() > deadline:
                raise RuntimeError(
                    "another lab or its tests are running on this machine, and names would clash;"
                    " end them first (make clean ends what a crash has left)"
                )
            time.sleep(_POLL_S)
        clean_abandoned()
        yield


def _taken(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
