"""Turns: requests begin one after the other, so that nothing else in the loop waits for many."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable


class Turns:
    """Begins one piece of work in each turn of the event loop, in order.

    All that is ready when a turn begins is done in it, and only then are sockets looked at again:
    where thirty requests come at once, an answer of a switch would wait for all of them. Its way
    through the engine takes several turns, too.
    """

    def __init__(self) -> None:
        self._waiting: deque[Callable[[], None]] = deque()

    def take(self, work: Callable[[], None]) -> None:
        """Do this when its turn has come."""
        self._waiting.append(work)
        if len(self._waiting) == 1:
            asyncio.get_running_loop().call_soon(self._next)

    def _next(self) -> None:
        work = self._waiting[0]
        try:
            work()
        finally:
            self._waiting.popleft()
            if self._waiting:
                asyncio.get_running_loop().call_soon(self._next)
