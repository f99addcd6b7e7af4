"""The speaker's queues: one for each switch's session, one towards the engine.

Everything runs in Ryu's green threads. A switch that takes nothing fills its own queue alone, of
which the engine never lets more than :data:`frames.WINDOW` be under way; an engine that is slow to
read a switch's long answer makes the speaker stop reading from that switch.
"""

from __future__ import annotations

from collections import deque
from typing import Any, Final

from ryu.lib import hub

from controller.southbound.frames import REPORT, WINDOW, Frame, Kind, encode, taken

_AT_ONCE: Final = 64
"""Short frames that are written together."""


class Outbox:
    """What is to be told to one engine: short things first, then parts of long answers."""

    def __init__(self) -> None:
        self.closed = False
        self._short: deque[bytes] = deque()
        self._long: deque[bytes] = deque()
        self._ready: Any = hub.Semaphore(0)

    def put(self, data: bytes) -> None:
        """Tell this soon, in order."""
        self._short.append(data)
        self._ready.release()

    def put_behind(self, data: bytes) -> None:
        """Tell this once nothing short is waiting."""
        self._long.append(data)
        self._ready.release()

    def get(self) -> bytes:
        """What to write next; waits for it."""
        self._ready.acquire()
        if not self._short:
            return self._long.popleft()
        found = [self._short.popleft()]
        while self._short and len(found) < _AT_ONCE:
            self._ready.acquire()  # there is one for each
            found.append(self._short.popleft())
        return b"".join(found)


class Session:
    """One switch's connection, with a queue of its own so that a slow switch delays no other."""

    def __init__(self, datapath: Any, number: int) -> None:
        self.datapath = datapath
        self.number = number
        self._queue: Any = hub.Queue()
        self._passed = 0
        self._engine: Outbox | None = None
        self._unread = 0
        self._reader: Outbox | None = None
        self._moved: Any = hub.Event()
        self._closed = False
        self._thread = hub.spawn(self._send)

    def say(self, engine: Outbox, data: bytes) -> None:
        """Send bytes to the switch; the engine is told as they are passed on."""
        self._queue.put((engine, data))

    def tell(self, engine: Outbox, data: bytes) -> None:
        """Tell the engine a message."""
        engine.put(self._framed(data))

    def tell_part(self, engine: Outbox, data: bytes) -> None:
        """Tell it a part of a long answer, once it has read enough of those before.

        Until then nothing more is read from this switch.
        """
        if engine is not self._reader:
            self._reader, self._unread = engine, 0
        while self._unread >= WINDOW and not (self._closed or engine.closed):
            self._moved.clear()
            self._moved.wait()
        if engine is self._reader:
            self._unread += len(data)
            engine.put_behind(self._framed(data))

    def read(self, count: int) -> None:
        """The engine has read so much of the parts."""
        self._unread -= count
        self._moved.set()

    def engine_gone(self) -> None:
        """Nobody reads any more: go on reading from the switch."""
        self._moved.set()

    def close(self) -> None:
        """Stop sending; nobody waits any longer."""
        hub.kill(self._thread)
        self._closed = True
        self._moved.set()

    def _framed(self, data: bytes) -> bytes:
        return encode(Frame(Kind.MESSAGE, self.datapath.id, self.number, data))

    def _send(self) -> None:
        while True:
            engine, data = self._queue.get()
            self.datapath.send(data)  # waits while Ryu's own queue is full
            self._count(engine, len(data))

    def _count(self, engine: Outbox, size: int) -> None:
        """Tell who sent it how much was passed on; what an engine before it sent is not its."""
        if engine is not self._engine:
            self._engine, self._passed = engine, 0
        self._passed += size
        if self._passed >= REPORT:
            engine.put(taken(self.datapath.id, self.number, self._passed))
            self._passed = 0
