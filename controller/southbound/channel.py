"""The engine's side of the socket to the speaker: sessions, and requests that get their answers."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections.abc import AsyncGenerator, Callable, Iterable, Iterator
from typing import Final, Protocol

from controller.errors import BulkheadError, RemoteError, UnknownOutcome
from controller.southbound.frames import (
    ENGINE_XID,
    Frame,
    FrameReader,
    Kind,
    count_of,
    encode,
    taken,
)
from controller.southbound.openflow.messages import (
    Failure,
    Type,
    describe,
    failure,
    has_more,
    header,
)
from controller.southbound.window import SessionLost, Turns, Window

CHUNK: Final = 1 << 16
FIRST: Final = 1 << 15
_RECV: Final = 1 << 18

Session = tuple[int, int]
"""A switch's connection: datapath id, and the speaker's number for it."""


class RequestTimeout(UnknownOutcome):
    """The switch did not answer in time."""


class Refused(RemoteError):
    """The switch answered with an error message."""

    def __init__(self, reason: Failure) -> None:
        super().__init__(describe(reason))
        self.reason = reason


class Watcher(Protocol):
    """Who is told of sessions."""

    def switch_up(self, datapath_id: int, session: int) -> None:
        """A session has begun."""

    def switch_down(self, datapath_id: int, session: int) -> None:
        """A session has ended."""


class _Pending:
    """Requests that wait for their answers: the parts, and at their end None or an error."""

    def __init__(self, session: Session, count: int) -> None:
        self.session = session
        self.parts: asyncio.Queue[bytes | BulkheadError | None] = asyncio.Queue()
        self._left = count

    def take(self, data: bytes) -> None:
        """A part has come."""
        self.parts.put_nowait(data)
        if header(data).type != Type.MULTIPART_REPLY or not has_more(data):
            self._left -= 1
            if not self._left:
                self.parts.put_nowait(None)

    def fail(self, error: BulkheadError) -> None:
        """No further part will come."""
        self.parts.put_nowait(error)


class SpeakerChannel:
    """A connection to the speaker. ``on_end`` is called when the speaker is gone or says bye."""

    def __init__(self, on_end: Callable[[], None]) -> None:
        self._on_end = on_end
        # From anywhere: a late answer to an engine before us must not be taken for ours.
        self._next_xid = secrets.randbits(31)
        self._pending: dict[int, _Pending] = {}
        self._watched: dict[range, dict[int, Failure]] = {}
        self._live: dict[Session, Window] = {}
        self.on_packet: Callable[[Session, bytes], None] = _nobody
        """Takes packet-in messages."""
        self.turns = Turns()

    async def connect(self, path: str, watcher: Watcher) -> None:
        """Connect, tell ``watcher`` of sessions, and read until the speaker is gone."""
        self._watcher = watcher
        self._reader, self._writer = await asyncio.open_unix_connection(path, limit=_RECV)
        self._task = asyncio.get_running_loop().create_task(self._read())

    async def close(self) -> None:
        """End the connection; requests under way fail with SessionLost."""
        self._task.cancel()
        self._writer.close()
        for session in list(self._live):
            self._lost(session)

    def xid(self) -> int:
        """A transaction id that is the engine's."""
        return self.xids(1)[0]

    def xids(self, count: int) -> range:
        """As many transaction ids."""
        first = self._next_xid if self._next_xid + count <= ENGINE_XID else 0
        self._next_xid = first + count
        return range(ENGINE_XID | first, (ENGINE_XID | first) + count)

    async def send(
        self,
        session: Session,
        data: Iterable[bytes],
        progress: Callable[[], None] = lambda: None,
    ) -> None:
        """Send messages to a switch, in chunks, no faster than it takes them.

        What fits into one small chunk waits for this switch alone; the rest takes turns with what
        others send. ``progress`` is called with every chunk. Raises SessionLost.
        """
        pieces = chunks(data)
        chunk, more = next(pieces, (b"", False))
        while chunk:
            await self._window(session).take(len(chunk))
            self._writer.write(encode(Frame(Kind.SEND, *session, chunk)))
            progress()
            if not more:
                return
            async with self.turns:
                await self._writer.drain()
                chunk, more = next(pieces)

    async def request(
        self, session: Session, data: Iterable[bytes], xid: int, timeout_s: float
    ) -> list[bytes]:
        """Send messages of which the one with ``xid`` is answered; the answer's parts.

        Raises Refused, SessionLost, or RequestTimeout where nothing moves for ``timeout_s``.
        """
        answer = self.parts(session, data, range(xid, xid + 1), timeout_s)
        async with contextlib.aclosing(answer) as parts:
            return [part async for part in parts]

    async def parts(
        self, session: Session, data: Iterable[bytes], xids: range, timeout_s: float
    ) -> AsyncGenerator[bytes, None]:
        """The same of several messages, part by part as they come, no faster than asked for."""
        window = self._window(session)
        pending = _Pending(session, len(xids))
        self._pending |= dict.fromkeys(xids, pending)
        try:
            await self._send_in_time(session, data, timeout_s)
            while (part := await _next_in_time(pending, window, timeout_s)) is not None:
                yield part
                self._note_read(session, part)
        finally:
            for xid in xids:
                del self._pending[xid]
            while not pending.parts.empty():
                left = pending.parts.get_nowait()
                if isinstance(left, bytes):
                    self._note_read(session, left)

    def watch(self, xids: range) -> None:
        """Remember errors about these messages, which have no answer when all is well."""
        self._watched[xids] = {}

    def unwatch(self, xids: range) -> dict[int, Failure]:
        """Stop; the errors that came, by xid."""
        return self._watched.pop(xids, {})

    async def _send_in_time(
        self, session: Session, data: Iterable[bytes], timeout_s: float
    ) -> None:
        clock = asyncio.get_running_loop().time
        try:
            async with asyncio.timeout(timeout_s) as limit:
                await self.send(session, data, lambda: limit.reschedule(clock() + timeout_s))
        except TimeoutError:
            raise RequestTimeout(f"nothing taken within {timeout_s:g} s") from None

    def _window(self, session: Session) -> Window:
        window = self._live.get(session)
        if window is None:
            raise SessionLost("the switch is not connected")
        return window

    async def _read(self) -> None:
        frames = FrameReader()
        try:
            while data := await self._reader.read(_RECV):
                for frame in frames.feed(data):
                    self._take(frame)
        except ConnectionError:
            pass
        finally:
            self._on_end()

    def _take(self, frame: Frame) -> None:
        session = (frame.datapath_id, frame.session)
        match frame.kind:
            case Kind.SWITCH_UP:
                self._live[session] = Window()
                self._watcher.switch_up(*session)
            case Kind.SWITCH_DOWN:
                self._lost(session)
                self._watcher.switch_down(*session)
            case Kind.MESSAGE:
                self._answer(session, frame.payload)
            case Kind.TAKEN:
                if session in self._live:
                    self._live[session].give(count_of(frame))
            case Kind.BYE:
                self._on_end()
            case Kind.SEND | Kind.CLOSE:
                pass  # ours to say

    def _lost(self, session: Session) -> None:
        window = self._live.pop(session, None)
        if window is not None:
            window.close()
        for pending in self._pending.values():
            if pending.session == session:
                pending.fail(SessionLost("the switch's session ended"))

    def _answer(self, session: Session, data: bytes) -> None:
        head = header(data)
        if session in self._live:
            self._live[session].moves += 1  # answers come in order: ours may be the next
        pending = self._pending.get(head.xid)
        if head.type == Type.PACKET_IN:
            self.on_packet(session, data)
        elif head.type == Type.ERROR:
            self._error(head.xid, pending, failure(data))
        elif pending is not None:
            pending.take(data)
        else:
            self._note_read(session, data)

    def _error(self, xid: int, pending: _Pending | None, reason: Failure) -> None:
        if pending is not None:
            pending.fail(Refused(reason))
        for xids, errors in self._watched.items():
            if xid in xids:
                errors.setdefault(xid, reason)

    def _note_read(self, session: Session, data: bytes) -> None:
        """Parts of long answers are the speaker's to count, see ``frames``."""
        window = self._live.get(session)
        if window is None or header(data).type != Type.MULTIPART_REPLY:
            return
        if count := window.read(len(data)):
            self._writer.write(taken(*session, count))


def _nobody(_session: Session, _data: bytes) -> None:
    """Packets that nobody takes."""


async def _next_in_time(pending: _Pending, window: Window, timeout_s: float) -> bytes | None:
    """The next part, None behind the last. Raises what has ended the request."""
    while True:
        moves = window.moves
        try:
            async with asyncio.timeout(timeout_s):
                part = await pending.parts.get()
            break
        except TimeoutError:
            if window.moves == moves:
                raise RequestTimeout(f"no answer within {timeout_s:g} s") from None
    if isinstance(part, BulkheadError):
        raise part
    return part


def chunks(messages: Iterable[bytes]) -> Iterator[tuple[bytes, bool]]:
    """Messages joined up to 64 KiB, which Ryu's send queue of 16 takes well; whether more follow.

    The first is cut earlier, so that to begin costs little.
    """
    joined, most = bytearray(), FIRST
    for data in messages:
        if joined and len(joined) + len(data) > most:
            yield bytes(joined), True
            joined.clear()
            most = CHUNK
        joined += data
    if joined:
        yield bytes(joined), False
