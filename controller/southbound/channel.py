"""The engine's side of the socket to the speaker: sessions, and requests that get their answers."""

from __future__ import annotations

import asyncio
import itertools
import secrets
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final, Protocol

from controller.errors import RemoteError, UnknownOutcome
from controller.southbound.frames import ENGINE_XID, Frame, FrameReader, Kind, encode
from controller.southbound.openflow.messages import (
    Failure,
    Type,
    describe,
    failure,
    has_more,
    header,
)

CHUNK: Final = 1 << 16
_RECV: Final = 1 << 18


class SessionLost(UnknownOutcome):
    """The switch's session ended before it answered."""


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


@dataclass
class _Pending:
    """A request that waits for its answer."""

    session: tuple[int, int]
    answer: asyncio.Future[list[bytes]]
    parts: list[bytes] = field(default_factory=list)


class SpeakerChannel:
    """A connection to the speaker. ``on_end`` is called when the speaker is gone or says bye."""

    def __init__(self, on_end: Callable[[], None]) -> None:
        self._on_end = on_end
        # From anywhere: a late answer to an engine before us must not be taken for ours.
        count = itertools.count(secrets.randbits(31))
        self._xids = (ENGINE_XID | n % ENGINE_XID for n in count)
        self._pending: dict[int, _Pending] = {}
        self._errors: dict[int, Failure] = {}
        self._watched: set[int] = set()
        self._live: set[tuple[int, int]] = set()

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
        return next(self._xids)

    def xids(self, count: int) -> list[int]:
        """As many transaction ids."""
        return list(itertools.islice(self._xids, count))

    async def send(self, session: tuple[int, int], data: Iterable[bytes]) -> None:
        """Send messages to a switch, in chunks, no faster than the speaker takes them."""
        if session not in self._live:
            raise SessionLost("the switch is not connected")
        for chunk in chunks(data):
            self._writer.write(encode(Frame(Kind.SEND, *session, chunk)))
            await self._writer.drain()

    async def request(
        self, session: tuple[int, int], data: Iterable[bytes], xid: int, timeout_s: float
    ) -> list[bytes]:
        """Send messages of which the one with ``xid`` is answered; the answer's parts.

        Raises Refused, RequestTimeout or SessionLost.
        """
        if session not in self._live:
            raise SessionLost("the switch is not connected")
        answer: asyncio.Future[list[bytes]] = asyncio.get_running_loop().create_future()
        self._pending[xid] = _Pending(session, answer)
        try:
            async with asyncio.timeout(timeout_s):
                await self.send(session, data)
                return await answer
        except TimeoutError:
            raise RequestTimeout(f"no answer within {timeout_s:g} s") from None
        finally:
            self._pending.pop(xid, None)

    def watch(self, xids: Iterable[int]) -> None:
        """Remember errors about these messages, which have no answer when all is well."""
        self._watched.update(xids)

    def unwatch(self, xids: Iterable[int]) -> dict[int, Failure]:
        """Stop; the errors that came, by xid."""
        found = {xid: self._errors.pop(xid) for xid in xids if xid in self._errors}
        self._watched.difference_update(xids)
        return found

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
                self._live.add(session)
                self._watcher.switch_up(*session)
            case Kind.SWITCH_DOWN:
                self._lost(session)
                self._watcher.switch_down(*session)
            case Kind.MESSAGE:
                self._answer(frame.payload)
            case Kind.BYE:
                self._on_end()
            case Kind.SEND | Kind.CLOSE:
                pass  # ours to say

    def _lost(self, session: tuple[int, int]) -> None:
        self._live.discard(session)
        for pending in self._pending.values():
            if pending.session == session and not pending.answer.done():
                pending.answer.set_exception(SessionLost("the switch's session ended"))

    def _answer(self, data: bytes) -> None:
        head = header(data)
        if head.type == Type.ERROR and head.xid in self._watched:
            self._errors.setdefault(head.xid, failure(data))
            return
        pending = self._pending.get(head.xid)
        if pending is None or pending.answer.done():
            return
        if head.type == Type.ERROR:
            pending.answer.set_exception(Refused(failure(data)))
            return
        pending.parts.append(data)
        if head.type != Type.MULTIPART_REPLY or not has_more(data):
            pending.answer.set_result(pending.parts)


def chunks(messages: Iterable[bytes]) -> Iterator[bytes]:
    """Messages joined up to 64 KiB, which Ryu's send queue of 16 takes well."""
    joined = bytearray()
    for data in messages:
        if joined and len(joined) + len(data) > CHUNK:
            yield bytes(joined)
            joined.clear()
        joined += data
    if joined:
        yield bytes(joined)
