"""The store on a RAFT cluster of three servers: through followers, and past a leader's end."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from controller.errors import Conflict, RemoteError, UnknownOutcome
from controller.store.channel import DATABASE
from controller.store.revisions import NewRevision, Store
from controller.store.server import SCHEMA
from labkit.ledger import Ledger

_SERVERS = 3
_DEADLINE_S = 30
_COMMITS = 30


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
        wanted = ["wait", self.remote, DATABASE, "connected"]
        subprocess.run(["ovsdb-client", f"--timeout={_DEADLINE_S}", *wanted], check=True)

    def status(self) -> str:
        """What it says of its part in the cluster, "" where it says nothing."""
        asked = ["ovs-appctl", "-t", f"{self.folder}/ctl", "cluster/status", DATABASE]
        return subprocess.run(asked, capture_output=True, text=True, check=False).stdout


def test_commits_go_on_when_the_leader_is_killed(tmp_path: Path) -> None:
    """A commit is tried again where it is known not to have happened; each happens once."""
    with _cluster(tmp_path) as members:
        asyncio.run(_play(members))


async def _play(members: Sequence[Member]) -> None:
    leader = next(one for one in members if "Role: leader" in one.status())
    followers = [one for one in members if one is not leader]
    # The leader's remote is the first, so that its end is seen.
    store = Store([leader.remote, *(one.remote for one in followers)], kept=5)
    through = Store([followers[0].remote], kept=5)
    for number in range(_COMMITS):
        if number == _COMMITS // 2:
            os.kill(leader.process.pid, signal.SIGKILL)
        await _commit([store, through][number % 2], number, followers[0])
    for one in (store, through):
        latest = await one.latest()
        assert latest is not None
        assert latest.head.number == _COMMITS
        assert latest.document == {f"rules/{n % 7}": _last(n % 7) for n in range(7)}
        await one.close()


def _last(rest: int) -> int:
    return max(number for number in range(_COMMITS) if number % 7 == rest)


async def _commit(store: Store, number: int, follower: Member) -> None:
    new = NewRevision({f"rules/{number % 7}": number}, "ann", str(number))
    deadline_s = time.monotonic() + _DEADLINE_S
    while time.monotonic() < deadline_s:
        try:
            await store.commit(new, expected=number)
        except (RemoteError, UnknownOutcome):
            await asyncio.to_thread(follower.wait_connected)  # an election is under way
        except Conflict:
            break  # the attempt before, of which it was not known, has happened
        else:
            return
    found = await store.get(number + 1)
    assert found.head.message == str(number)


@contextmanager
def _cluster(folder: Path) -> Iterator[Sequence[Member]]:
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
