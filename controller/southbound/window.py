"""What may be under way to one session, and turns for work that would hold the loop."""

from __future__ import annotations

import asyncio
from time import perf_counter
from types import TracebackType
from typing import Final

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


_BUSY_S: Final = 0.00005
"""A round of the loop that takes longer has work of others in it."""

_ROUNDS: Final = 3


class Turns:
    """``async with turns:`` lets slices of work into rounds of the loop, one at a time, in order.

    So what takes a millisecond a slice, for a hundred switches, delays nobody's answer by more.
    While others have work in each round, a slice has one round in three: a request for each slice
    would be fewer than come.
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
        try:
            for _ in range(_ROUNDS):
                began_s = perf_counter()
                await asyncio.sleep(0)
                if perf_counter() - began_s < _BUSY_S:
                    return
        finally:
            self._order.release()
