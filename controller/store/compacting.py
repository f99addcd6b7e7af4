"""Compacts the store's file while nobody writes.

``ovsdb-server`` does it by itself once a file is above 10 MB and has doubled (ovsdb-server(1)), and
lets a commit wait meanwhile: 0.3 s at 10,000 services. Done earlier and in quiet moments, it is
hardly ever its turn.
"""

from __future__ import annotations

import asyncio
import logging
import time
from typing import Final

from controller.errors import RemoteError
from controller.store.server import StoreServer

log = logging.getLogger(__name__)

GROWN_BYTES: Final = 4 << 20
"""How much a file grows at least before it is compacted: some 4,000 commits."""

QUIET_S: Final = 10.0
"""For how long nothing has been written then."""


async def compact_when_quiet(
    server: StoreServer, *, grown_bytes: int = GROWN_BYTES, quiet_s: float = QUIET_S
) -> None:
    """Look now and then, without end, and compact where it is time."""
    compacted_bytes = server.file.stat().st_size
    while True:
        await asyncio.sleep(quiet_s)
        found = server.file.stat()
        grown = found.st_size - compacted_bytes
        if grown < max(grown_bytes, compacted_bytes) or time.time() < found.st_mtime + quiet_s:
            continue
        try:
            await asyncio.to_thread(server.compact)
        except RemoteError as error:
            log.warning("%s", error)
        compacted_bytes = server.file.stat().st_size
