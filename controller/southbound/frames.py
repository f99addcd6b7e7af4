"""Frames between speaker and engine, over a stream socket; standard library only.

A frame is its payload's length, its kind, the datapath id, the session, and the payload:
``!IBQI``. The session counts a datapath's connections, so bytes meant for one never reach the next.

All sessions share one stream, so no side may say more for a session than the other can pass on:
at most :data:`WINDOW` bytes of SEND, and of parts of long answers, are under way for each. What has
been passed on is said in TAKEN frames.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from enum import IntEnum
from typing import Final, NamedTuple

HEADER: Final = struct.Struct("!IBQI")
MAX_PAYLOAD: Final = 1 << 20
COUNT: Final = struct.Struct("!I")
WINDOW: Final = 1 << 19
"""Bytes that may be under way for one session, each way; enough for some 20 ms of a fast switch."""
REPORT: Final = WINDOW // 4
"""Bytes passed on that are said at once, so that small messages cause no others."""
ENGINE_XID: Final = 0x80000000
"""Messages whose xid has this bit are the engine's; the speaker passes them on unread."""


class Kind(IntEnum):
    """What a frame says."""

    SWITCH_UP = 1  # speaker: a session has begun
    SWITCH_DOWN = 2  # speaker: it has ended
    MESSAGE = 3  # speaker: a whole OpenFlow message from the switch
    SEND = 4  # engine: OpenFlow messages for the switch
    CLOSE = 5  # engine: end this session
    BYE = 6  # speaker: end yourself
    TAKEN = 7  # both: so many more bytes of this session have been passed on


class Frame(NamedTuple):
    """One frame."""

    kind: Kind
    datapath_id: int = 0
    session: int = 0
    payload: bytes = b""


class FrameError(Exception):
    """The other side does not speak this protocol."""


def encode(frame: Frame) -> bytes:
    """A frame's bytes."""
    kind, datapath_id, session, payload = frame
    return HEADER.pack(len(payload), kind, datapath_id, session) + payload


def taken(datapath_id: int, session: int, count: int) -> bytes:
    """A TAKEN frame's bytes."""
    return encode(Frame(Kind.TAKEN, datapath_id, session, COUNT.pack(count)))


def count_of(frame: Frame) -> int:
    """The bytes that a TAKEN frame speaks of. Raises FrameError."""
    if len(frame.payload) != COUNT.size:
        raise FrameError(f"expected a count of {COUNT.size} bytes, found {len(frame.payload)}")
    return int(COUNT.unpack(frame.payload)[0])


class FrameReader:
    """Frames out of a stream, however it is cut."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> Iterator[Frame]:
        """The frames that ``data`` completes. Raises FrameError."""
        self._buffer += data
        offset = 0
        while len(self._buffer) - offset >= HEADER.size:
            length, kind, datapath_id, session = HEADER.unpack_from(self._buffer, offset)
            if length > MAX_PAYLOAD or kind not in Kind.__members__.values():
                raise FrameError(f"no frame: kind {kind}, {length} bytes")
            end = offset + HEADER.size + length
            if end > len(self._buffer):
                break
            payload = bytes(self._buffer[offset + HEADER.size : end])
            yield Frame(Kind(kind), datapath_id, session, payload)
            offset = end
        del self._buffer[:offset]
