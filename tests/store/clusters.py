"""A RAFT cluster of three servers of the store, for tests."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from controller.store.channel import DATABASE
from controller.store.server import SCHEMA
from labkit.ledger import Ledger

_SERVERS = 3
_DEADLINE_S = 30


@dataclass(frozen=True, slots=True)
class Member:
    """One server of the cluster."""

    folder: Path
    process: subprocess.Popen[bytes]

    @property
    def remote(self) -> str:
        return f"unix:{self.folder}/db.sock"

    def wait_connected(self) -> None:
        """Wait until it is in touch with a leader (ovsdb-client(1), wait)."""
        self._wait("connected")

    def wait_disconnected(self) -> None:
        """Wait until it knows that it is in touch with no leader (ovsdb-server(7), _Server)."""
        select = {"op": "select", "table": "Database", "where": [["name", "==", DATABASE]]}
        asked = ["ovsdb-client", "query", self.remote, json.dumps(["_Server", select])]
        deadline_s = time.monotonic() + _DEADLINE_S
        while '"connected":false' not in (
            said := subprocess.run(asked, capture_output=True, text=True, check=True).stdout
        ):
            assert time.monotonic() < deadline_s, said
            time.sleep(0.05)

    def kill(self) -> None:
        """End it as a crash does."""
        self.process.kill()
        self.process.wait()

    def _wait(self, state: str) -> None:
        wanted = ["wait", self.remote, DATABASE, state]
        subprocess.run(["ovsdb-client", f"--timeout={_DEADLINE_S}", *wanted], check=True)

    def status(self) -> str:
        """What it says of its part in the cluster, "" where it says nothing."""
        asked = ["ovs-appctl", "-t", f"{self.folder}/ctl", "cluster/status", DATABASE]
        return subprocess.run(asked, capture_output=True, text=True, check=False).stdout


@contextmanager
def cluster(folder: Path) -> Iterator[Sequence[Member]]:
    """Three servers in a folder, each in touch with a leader; all are gone afterwards."""
    ledger = Ledger.create("cluster")
    try:
        first = _member(ledger, folder / "0", None)
        rest = [_member(ledger, folder / str(n), folder / "0") for n in range(1, _SERVERS)]
        members = [first, *rest]
        for member in members:
            member.wait_connected()
        yield members
    finally:
        ledger.clean()


def _member(ledger: Ledger, folder: Path, joins: Path | None) -> Member:
    folder.mkdir()
    address = f"unix:{folder}/raft.sock"
    if joins is None:
        _tool("create-cluster", f"{folder}/db", str(SCHEMA), address)
    else:
        _tool("join-cluster", f"{folder}/db", DATABASE, address, f"unix:{joins}/raft.sock")
    options = [f"--remote=punix:{folder}/db.sock", f"--unixctl={folder}/ctl"]
    process = subprocess.Popen(["ovsdb-server", f"{folder}/db", *options, "-vconsole:off"])
    ledger.add_process(process.pid)
    return Member(folder, process)


def _tool(*arguments: str) -> None:
    subprocess.run(["ovsdb-tool", *arguments], check=True, capture_output=True)
