"""Clients that do not read what they are sent: their connections end."""

from __future__ import annotations

import asyncio
from typing import Final

READ_S: Final = 30.0
READ_LEAST: Final = 1024
"""Bytes of what waits for a client that it has to take in each READ_S."""


class ReadWatch:
    """Looks at a connection while something waits to be sent on it."""

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._written = 0
        self._taken_before = 0
        self._timer: asyncio.TimerHandle | None = None

    def wrote(self, count: int) -> None:
        """So many bytes were written to the transport."""
        self._written += count
        if self._timer is None and self._transport.get_write_buffer_size():
            self._wait()

    def stop(self) -> None:
        """The connection is gone."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _wait(self) -> None:
        self._taken_before = self._taken()
        self._timer = asyncio.get_running_loop().call_later(READ_S, self._look)

    def _look(self) -> None:
        self._timer = None
        if not self._transport.get_write_buffer_size():
            return
        if self._taken() - self._taken_before < READ_LEAST:
            self._transport.abort()
        else:
            self._wait()

    def _taken(self) -> int:
        return self._written - self._transport.get_write_buffer_size()
