"""The store on a RAFT cluster of three servers: through followers, and past a leader's end."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import Sequence
from pathlib import Path

from controller.errors import Conflict, RemoteError, UnknownOutcome
from controller.store.revisions import NewRevision, Store
from tests.store.clusters import Member, cluster

_DEADLINE_S = 30
_COMMITS = 30


def test_commits_go_on_when_the_leader_is_killed(tmp_path: Path) -> None:
    """A commit is tried again where it is known not to have happened; each happens once."""
    with cluster(tmp_path) as members:
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
