"""The store's file is compacted in quiet moments, and says afterwards what it said before."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest

from controller.errors import RemoteError
from controller.store.compacting import compact_when_quiet
from controller.store.revisions import NewRevision, Store
from controller.store.server import StoreServer

_DEADLINE_S = 20.0


def test_a_file_that_has_grown_is_compacted_once_it_is_quiet(server: StoreServer) -> None:
    async def scenario() -> None:
        store = Store([server.remote], kept=5)
        work = asyncio.create_task(compact_when_quiet(server, grown_bytes=5000, quiet_s=0.05))
        await asyncio.sleep(0)  # so that it has seen how long the file is now
        inode = server.file.stat().st_ino
        for number in range(30):
            await store.commit(NewRevision({"rules/a": number}, "ann", "m"), expected=number)
        before = await store.latest()
        await _until_replaced(server.file, inode)
        assert await store.latest() == before
        await store.commit(NewRevision({"rules/b": 1}, "ann", "m"), expected=30)
        work.cancel()
        await store.close()
        server.stop()
        server.start()
        again = Store([server.remote], kept=5)
        latest = await again.latest()
        assert latest is not None
        assert latest.document == {"rules/a": 29, "rules/b": 1}
        await again.close()

    asyncio.run(scenario())


async def _until_replaced(file: Path, inode: int) -> None:
    """The server writes another file and gives it this one's name: looked for, none tells."""
    deadline_s = time.monotonic() + _DEADLINE_S
    while file.stat().st_ino == inode:
        assert time.monotonic() < deadline_s
        await asyncio.sleep(0.01)


def test_a_server_that_is_gone_is_said(server: StoreServer) -> None:
    server.stop()
    with pytest.raises(RemoteError, match="compact"):
        server.compact()
