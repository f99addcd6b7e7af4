"""What has happened, as events that people and programs can follow: the newest, in memory.

A restarted controller begins a journal of its own; revisions are what lasts. Its ids begin where
the time is, so that who comes back with an id of the journal before is told all that is new.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from controller.northbound.ports import JournalEvent

KEPT: Final = 1000


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")


class Journal:
    """Events with ids that count on from ``last``; the last 1,000 are kept."""

    def __init__(self, last: int = 0, clock: Callable[[], str] = _now) -> None:
        self._clock = clock
        self._events: deque[JournalEvent] = deque(maxlen=KEPT)
        self._last = last
        self._more = asyncio.Event()
        self._closed = False
        self.on_record: Callable[[str, Mapping[str, Any]], None] = lambda _kind, _data: None
        """Called with the kind and the data of each event."""

    def close(self) -> None:
        """Whoever waits for more gets nothing, and knows that nothing will come."""
        self._closed = True
        self._more.set()

    def record(self, kind: str, **data: Any) -> None:
        """Add an event. ``data`` is JSON-able."""
        self._last += 1
        self._events.append(JournalEvent(self._last, self._clock(), kind, data))
        self._more.set()
        self._more = asyncio.Event()
        self.on_record(kind, data)

    def since(self, number: int) -> list[JournalEvent]:
        """The kept events after the one with this id, oldest first."""
        return [event for event in self._events if event.id > number]

    async def more(self, number: int) -> list[JournalEvent]:
        """The same, once there is one; none when the journal is closed."""
        while not (found := self.since(number)) and not self._closed:
            await self._more.wait()
        return found
