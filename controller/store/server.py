"""The store's own ovsdb-server, where the setting ``state`` names a file.

A server that an engine left behind when it was killed is ended before a new one opens the file: a
database file has one server at a time (ovsdb(7)), which it guards with a lock.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import signal
import struct
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final

from controller.errors import RemoteError
from controller.store.channel import DATABASE, listens

SCHEMA: Final = Path(__file__).with_name("bulkhead.ovsschema")
_START_S: Final = 10.0
_STOP_S: Final = 5.0
_POLL_S: Final = 0.005
_FLOCK: Final = struct.Struct("@hhlli0l")  # struct flock of fcntl(2)


class StoreServer:
    """ovsdb-server on a file, listening on a socket under ``run_dir``."""

    def __init__(self, file: Path, run_dir: Path) -> None:
        self.file = file
        self._socket = run_dir / "store.sock"
        self._control = run_dir / "store.ctl"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def remote(self) -> str:
        """The OVSDB remote to connect to."""
        return f"unix:{self._socket}"

    def start(self) -> None:
        """Create or convert the file where needed, and start. Raises RemoteError."""
        self.file.parent.mkdir(parents=True, exist_ok=True)
        self._socket.parent.mkdir(parents=True, exist_ok=True)
        self._end_left_over()
        if not self.file.exists():
            _create(self.file)
        elif _tool("needs-conversion", str(self.file), str(SCHEMA)) == "yes":
            _tool("convert", str(self.file), str(SCHEMA))
        self._socket.unlink(missing_ok=True)
        self._process = subprocess.Popen(
            [
                *("ovsdb-server", str(self.file), f"--remote=p{self.remote}"),
                *(f"--unixctl={self._control}", "-vconsole:warn", "-vsyslog:off"),
            ],
            process_group=0,
        )
        self._wait()

    def watch(self, ended: Callable[[], None]) -> None:
        """Call ``ended``, in the running loop, when the server ends without being told to."""
        assert self._process is not None, "the server has not been started"
        loop, end = asyncio.get_running_loop(), os.pidfd_open(self._process.pid)

        def once() -> None:
            loop.remove_reader(end)
            os.close(end)
            if self._process is not None:
                ended()

        loop.add_reader(end, once)

    def compact(self) -> None:
        """Write the file anew without what was overwritten. Raises RemoteError."""
        command = ["ovs-appctl", "-t", str(self._control), "ovsdb-server/compact", DATABASE]
        _run("ovsdb-server/compact", command)

    def stop(self) -> None:
        """End the server; what was acknowledged is on disk."""
        process, self._process = self._process, None
        if process is not None:
            process.terminate()
            try:
                process.wait(_STOP_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def _wait(self) -> None:
        assert self._process is not None
        deadline = time.monotonic() + _START_S
        while not listens(self.remote):
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise RemoteError(
                    f"ovsdb-server did not open {self.file}; its own message is above. Expected a"
                    " database made by this controller; move the file away to begin anew"
                )
            time.sleep(_POLL_S)

    def _end_left_over(self) -> None:
        pid = holder_of(self.file)
        if pid is None or not self._is_ours(pid):
            return
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGTERM)
        deadline = time.monotonic() + _STOP_S
        while holder_of(self.file) == pid and time.monotonic() < deadline:
            time.sleep(_POLL_S)

    def _is_ours(self, pid: int) -> bool:
        """Whether a process is a server on our file and our socket."""
        try:
            command = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        except OSError:
            return False
        return {str(self.file).encode(), f"--remote=p{self.remote}".encode()} <= set(command)


def holder_of(file: Path) -> int | None:
    """The process that has a database file open: it holds the lock of ovsdb/file.c on it.

    Asked of the kernel, since an engine may be killed before it has written down whom it started.
    """
    real = file.resolve()
    try:
        with real.with_name(f".{real.name}.~lock~").open("r+b") as lock:
            asked = _FLOCK.pack(fcntl.F_WRLCK, os.SEEK_SET, 0, 0, 0)
            kind, *_, pid = _FLOCK.unpack(fcntl.fcntl(lock, fcntl.F_GETLK, asked))
    except OSError:
        return None
    return None if kind == fcntl.F_UNLCK else pid


def _create(file: Path) -> None:
    """Make an empty database, whole or not at all, whenever this process is killed."""
    draft = file.with_name(f"{file.name}.new")
    draft.unlink(missing_ok=True)
    _tool("create", str(draft), str(SCHEMA))
    draft.rename(file)


def _tool(*arguments: str) -> str:
    return _run(f"ovsdb-tool {arguments[0]}", ["ovsdb-tool", *arguments])


def _run(what: str, command: list[str]) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RemoteError(f"{what}: {done.stderr.strip()}")
    return done.stdout.strip()
