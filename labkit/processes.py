"""Processes of others than this one's own: who started whom, and killing a whole family."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from labkit.ledger import start_time

_GONE_S = 10.0
_POLL_S = 0.002
_AUTOGROUP: Final = Path("/proc/self/autogroup")
_FIRST: Final = -20

DATAPATH: Final = -15
CONTROLLER: Final = -10
AGENT: Final = -5
"""How nice, of nice(1): ahead of those that probe them on the same cores, and all ahead of the rest
of the machine. A packet that waits too long for a core is lost, which says nothing of a network."""


def put_ahead(pid: int, nice: int) -> None:
    """Let a process that was just started, and all that it starts, go before others; as root."""
    if os.geteuid() == 0:
        os.setpriority(os.PRIO_PROCESS, pid, nice)


@contextmanager
def session_ahead() -> Iterator[None]:
    """Let this session go before all others, as root, where Linux keeps sessions apart.

    There nice values count within a session alone (sched(7), autogroup).
    """
    before = session_nice() if os.geteuid() == 0 else None
    if before is None:
        yield
        return
    _AUTOGROUP.write_text(str(_FIRST))
    try:
        yield
    finally:
        _AUTOGROUP.write_text(str(before))


def session_nice() -> int | None:
    """How nice this session is to others; None where the kernel does not keep it apart from them.

    Without autogroups there is no such file. It is empty where no group was made for the session:
    it is that of the machine's first process, or began before autogroups were turned on.
    """
    try:
        text = _AUTOGROUP.read_text()
    except FileNotFoundError:
        return None
    return int(text.split()[-1]) if text.strip() else None


def children(pid: int) -> list[int]:
    """The processes that a process has started and that still run."""
    found = subprocess.run(
        ["pgrep", "--parent", str(pid)], capture_output=True, text=True, check=False
    )
    return [int(line) for line in found.stdout.split()]


def family(pid: int) -> list[int]:
    """A process and all that descend from it, parents first."""
    found = [pid]
    for child in children(pid):
        found += family(child)
    return found


def name_of(pid: int) -> str:
    """The name of what a process runs, "" when it is gone (proc(5), comm)."""
    try:
        return Path(f"/proc/{pid}/comm").read_text().rstrip("\n")
    except OSError:
        return ""


def cpu_s(pid: int) -> float:
    """What a process has computed so far, in seconds of a core; 0 when it is gone (proc(5))."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def kill(pids: Iterable[int]) -> None:
    """SIGKILL to all, at once; those already gone are passed over."""
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def until_gone(pids: Iterable[int]) -> None:
    """Wait until none of them runs. Raises RuntimeError after ten seconds."""
    for pid in pids:
        eventually(lambda pid=pid: start_time(pid) is None, f"end of process {pid}", _GONE_S)  # type: ignore[misc]


def eventually(is_so: Callable[[], bool], what: str, patience_s: float = 30.0) -> None:
    """Wait for what other processes do and announce to nobody. Raises RuntimeError."""
    deadline = time.monotonic() + patience_s
    while not is_so():
        if time.monotonic() > deadline:
            raise RuntimeError(f"within {patience_s:g} s not seen: {what}")
        time.sleep(_POLL_S)
