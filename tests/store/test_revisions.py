"""Revisions in a real ovsdb-server: order, conflicts, and what a killed server keeps."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path

import pytest

from controller.errors import Conflict, NotFound, RemoteError, UnknownOutcome
from controller.store.revisions import KEPT, NewRevision, Store
from controller.store.server import StoreServer, holder_of


async def commit(store: Store, expected: int, value: int) -> int:
    head = await store.commit(NewRevision({"v": value}, "test", "m"), expected=expected)
    return head.number


def test_an_empty_store_has_no_revision(server: StoreServer) -> None:
    async def scenario() -> None:
        store = Store([server.remote])
        assert await store.latest() is None
        with pytest.raises(NotFound):
            await store.get(1)
        await store.close()

    asyncio.run(scenario())


def test_revisions_follow_each_other(server: StoreServer) -> None:
    async def scenario() -> None:
        store = Store([server.remote])
        assert [await commit(store, n, n * 10) for n in range(3)] == [1, 2, 3]
        latest = await store.latest()
        assert latest is not None
        assert (latest.head.number, latest.document) == (3, {"v": 20})
        assert (await store.get(2)).document == {"v": 10}
        assert [head.number for head in await store.heads(2)] == [3, 2]
        await store.close()

    asyncio.run(scenario())


@pytest.mark.parametrize("expected", [0, 1, 5])
def test_a_writer_that_expects_another_revision_is_refused(
    server: StoreServer, expected: int
) -> None:
    async def scenario() -> None:
        store = Store([server.remote])
        await commit(store, 0, 1)
        await commit(store, 1, 2)
        with pytest.raises(Conflict):
            await commit(store, expected, 3)
        latest = await store.latest()
        assert latest is not None
        assert latest.document == {"v": 2}
        await store.close()

    asyncio.run(scenario())


def test_of_many_writers_one_wins_each_round(server: StoreServer) -> None:
    async def scenario() -> None:
        stores = [Store([server.remote]) for _ in range(8)]
        for number in range(8):
            tries = [commit(store, number, who) for who, store in enumerate(stores)]
            outcomes = await asyncio.gather(*tries, return_exceptions=True)
            assert sorted(type(o).__name__ for o in outcomes) == ["Conflict"] * 7 + ["int"]
        for store in stores:
            await store.close()

    asyncio.run(scenario())


def test_only_so_many_revisions_are_kept(server: StoreServer) -> None:
    async def scenario() -> None:
        store = Store([server.remote])
        for number in range(KEPT + 3):
            await commit(store, number, number)
        assert len(await store.heads(KEPT * 2)) == KEPT + 3  # the notes of more
        with pytest.raises(NotFound):
            await store.get(3)
        assert (await store.get(4)).document == {"v": 3}
        await store.close()

    asyncio.run(scenario())


def test_a_killed_server_keeps_what_it_acknowledged(tmp_path: Path) -> None:
    """And the next start ends a server that was left behind, though nobody told it to."""
    first = StoreServer(tmp_path / "state.db", tmp_path / "run")
    first.start()
    pid = holder_of(tmp_path / "state.db")
    assert pid is not None

    async def write() -> None:
        store = Store([first.remote])
        for number in range(20):
            await commit(store, number, number)
        os.kill(pid, signal.SIGKILL)
        with pytest.raises((RemoteError, UnknownOutcome)):
            await commit(store, 20, 20)
        await store.close()

    asyncio.run(write())
    first.stop()
    second = StoreServer(tmp_path / "state.db", tmp_path / "run")
    second.start()

    async def read() -> None:
        store = Store([second.remote])
        latest = await store.latest()
        assert latest is not None
        assert latest.head.number == 20
        await store.close()

    asyncio.run(read())
    second.stop()


def test_a_server_left_behind_is_replaced(tmp_path: Path) -> None:
    left = StoreServer(tmp_path / "state.db", tmp_path / "run")
    left.start()
    pid = holder_of(tmp_path / "state.db")
    own = StoreServer(tmp_path / "state.db", tmp_path / "run")
    own.start()
    assert holder_of(tmp_path / "state.db") != pid
    own.stop()
    left.stop()


def test_a_file_that_is_no_store_is_refused(tmp_path: Path) -> None:
    (tmp_path / "state.db").write_text("not a database")
    with pytest.raises(RemoteError, match=r"state\.db|ovsdb-tool"):
        StoreServer(tmp_path / "state.db", tmp_path / "run").start()
    assert (tmp_path / "state.db").read_text() == "not a database"


def test_a_revision_keeps_what_changed_and_the_key_of_its_write(server: StoreServer) -> None:
    async def scenario() -> None:
        store = Store([server.remote])
        changes = {"added": ["rules/ping"], "changed": [], "removed": []}
        for number, key in enumerate(("one", "", "two")):
            new = NewRevision({}, "ann", "why", changes, key, f"digest of {number}")
            await store.commit(new, expected=number)
        again = Store([server.remote])
        found = await again.with_key("two")
        assert found is not None
        assert (found.number, found.request, found.changes) == (3, "digest of 2", changes)
        assert await again.with_key("three") is None
        await store.close()
        await again.close()

    asyncio.run(scenario())
