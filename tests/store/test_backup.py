"""The backup that docs/operations.md tells of: taken while revisions are stored, it is a store."""

from __future__ import annotations

import asyncio
from pathlib import Path

from controller.store.revisions import NewRevision, Store
from controller.store.server import StoreServer

COMMITS = 60


def test_a_backup_under_writes_is_a_store(server: StoreServer, tmp_path: Path) -> None:
    backup = tmp_path / "backup" / "state.db"
    backup.parent.mkdir()

    async def take(taken: asyncio.Event) -> None:
        with backup.open("wb") as file:
            process = await asyncio.create_subprocess_exec(
                *("ovsdb-client", "backup", server.remote, "Bulkhead"), stdout=file
            )
            assert await process.wait() == 0
        taken.set()

    async def scenario() -> int:
        store, taken = Store([server.remote]), asyncio.Event()
        await store.commit(NewRevision({"v": 0}, "test", "write 0"), expected=0)
        writing = asyncio.create_task(write_on(store, taken))
        await take(taken)
        last = await writing
        await store.close()
        return last

    async def write_on(store: Store, taken: asyncio.Event) -> int:
        number = 1
        while number < COMMITS or not taken.is_set():
            head = await store.commit(
                NewRevision({"v": number}, "test", f"write {number}"), expected=number
            )
            number = head.number
        return number

    last = asyncio.run(scenario())
    restored = StoreServer(backup, tmp_path / "restored")
    restored.start()

    async def read() -> None:
        store = Store([restored.remote])
        latest = await store.latest()
        assert latest is not None
        number = latest.head.number
        assert 1 <= number <= last
        assert latest.document == {"v": number - 1}
        assert latest.head.message == f"write {number - 1}"
        made = await store.commit(NewRevision({"v": "on"}, "test", "on"), expected=number)
        assert made.number == number + 1
        await store.close()

    try:
        asyncio.run(read())
    finally:
        restored.stop()
