"""What has happened, as events that people and programs can follow: the newest, in memory.

A restarted controller begins a journal of its own; revisions are what lasts. Its ids begin where
the time is, so that who comes back with an id of the journal before is told all that is new, and
that something may be missing: a ``gap`` stands where events are no longer kept.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from itertools import islice
from typing import Any, Final

from controller.northbound.ports import GAP, JournalEvent

KEPT: Final = 1000


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")


class Journal:
    """Events with ids that count on from ``last``; the last 1,000 are kept."""

    def __init__(self, last: int = 0, clock: Callable[[], str] = _now) -> None:
        self._clock = clock
        self._events: deque[JournalEvent] = deque(maxlen=KEPT)
        self._last = last
        self._forgotten = last
        self._more = asyncio.Event()
        self._closed = False
        self.on_record: Callable[[str, Mapping[str, Any]], None] = lambda _kind, _data: None
        """Called with the kind and the data of each event."""

    def close(self) -> None:
        """Whoever waits for more gets nothing, and knows that nothing will come."""
        self._closed = True
        self._more.set()

    @property
    def forgotten(self) -> int:
        """The id of the last event that is no longer kept."""
        return self._forgotten

    def record(self, kind: str, **data: Any) -> None:
        """Add an event. ``data`` is JSON-able."""
        self._last += 1
        if len(self._events) == KEPT:
            self._forgotten = self._events[0].id
        self._events.append(JournalEvent(self._last, self._clock(), kind, data))
        self._more.set()
        self._more = asyncio.Event()
        self.on_record(kind, data)

    def since(self, number: int) -> list[JournalEvent]:
        """The kept events after the one with this id, oldest first; all of them after 0.

        A ``gap`` is the first of them where events after that one are no longer kept, or where no
        event of this journal has such an id: what was built upon events is to be read anew.
        """
        if number and not self._forgotten <= number <= self._last:
            return [self._gap(number), *self._events]
        known = max(0, len(self._events) - (self._last - number))  # ids count on by one
        return list(islice(self._events, known, None))

    def _gap(self, after: int) -> JournalEvent:
        return JournalEvent(self._forgotten, self._clock(), GAP, {"after": after})

    async def more(self, number: int) -> list[JournalEvent]:
        """The same, once there is one; none when the journal is closed."""
        while not (found := self.since(number)) and not self._closed:
            await self._more.wait()
        return found
