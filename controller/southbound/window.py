"""What may be under way to one session, and turns for work that would hold the loop."""

from __future__ import annotations

import asyncio
from types import TracebackType

from controller.errors import UnknownOutcome
from controller.southbound.frames import REPORT, WINDOW


class SessionLost(UnknownOutcome):
    """The switch's session ended before it answered."""


class Window:
    """The bytes that may still be said for a session, and those of its answers that were read.

    ``moves`` counts how often the other side has passed something on, or the switch has answered.
    """

    def __init__(self, size: int = WINDOW) -> None:
        self._size = size
        self._room = size
        self._read = 0
        self.moves = 0
        self._order = asyncio.Lock()
        self._changed = asyncio.Event()
        self._closed = False

    async def take(self, count: int) -> None:
        """Wait for room, in the order of those who ask. Raises SessionLost."""
        async with self._order:
            while self._room < min(count, self._size) and not self._closed:
                self._changed.clear()
                await self._changed.wait()
            if self._closed:
                raise SessionLost("the switch's session ended")
            self._room -= count

    def give(self, count: int) -> None:
        """The other side has passed so much on."""
        self._room += count
        self.moves += 1
        self._changed.set()

    def close(self) -> None:
        """The session is over: nobody waits any longer."""
        self._closed = True
        self._changed.set()

    def read(self, count: int) -> int:
        """Note what was read; what is to be said of that now, mostly nothing."""
        self._read += count
        if self._read < REPORT:
            return 0
        told, self._read = self._read, 0
        return told


class Turns:
    """``async with turns:`` lets one slice of work into each round of the loop, in order.

    So what takes a millisecond a slice, for a hundred switches, delays nobody's answer by more.
    """

    def __init__(self) -> None:
        self._order = asyncio.Lock()

    async def __aenter__(self) -> None:
        await self._order.acquire()

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._order.release()
        await asyncio.sleep(0)
