"""Revisions in a real ovsdb-server: order, conflicts, and what a killed server keeps."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from controller.errors import Conflict, NotFound, RemoteError, UnknownOutcome
from controller.store.revisions import KEPT, Store
from controller.store.server import SCHEMA, StoreServer, holder_of


@pytest.fixture
def server(tmp_path: Path) -> Iterator[StoreServer]:
    found = StoreServer(tmp_path / "state.db", tmp_path / "run")
    found.start()
    yield found
    found.stop()


async def commit(store: Store, expected: int, value: int) -> int:
    stored = await store.commit({"v": value}, expected=expected, author="test", message="m")
    return stored.head.number


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
        assert len(await store.heads(KEPT * 2)) == KEPT
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
            await store.commit(
                {},
                expected=number,
                author="ann",
                message="why",
                changes=changes,
                key=key,
                request=f"digest of {number}",
            )
        again = Store([server.remote])
        found = await again.with_key("two")
        assert found is not None
        assert (found.number, found.request, found.changes) == (3, "digest of 2", changes)
        assert await again.with_key("three") is None
        await store.close()
        await again.close()

    asyncio.run(scenario())


def test_a_file_of_the_schema_before_is_converted(tmp_path: Path) -> None:
    schema = json.loads(SCHEMA.read_text())
    columns = schema["tables"]["Revision"]["columns"]
    for name in ("changes", "key", "request"):
        del columns[name]
    schema["version"] = "1.0.0"
    (tmp_path / "old.ovsschema").write_text(json.dumps(schema))
    file = tmp_path / "state.db"
    row = {"number": 1, "document": '{"v": 7}', "author": "ann", "message": "m", "created_at": "t"}
    rows = [
        {"op": "insert", "table": "Revision", "row": row},
        {"op": "insert", "table": "Head", "row": {"number": 1}},
    ]
    _ovsdb_tool("create", str(file), str(tmp_path / "old.ovsschema"))
    _ovsdb_tool("transact", str(file), json.dumps(["Bulkhead", *rows]))
    server = StoreServer(file, tmp_path / "run")
    server.start()

    async def scenario() -> None:
        store = Store([server.remote])
        latest = await store.latest()
        assert latest is not None
        assert latest.document == {"v": 7}
        assert (latest.head.author, latest.head.changes, latest.head.key) == ("ann", {}, "")
        assert await commit(store, 1, 8) == 2
        await store.close()

    asyncio.run(scenario())
    server.stop()


def _ovsdb_tool(*arguments: str) -> None:
    subprocess.run(["ovsdb-tool", *arguments], check=True, capture_output=True)
