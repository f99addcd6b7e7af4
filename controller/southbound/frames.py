"""Frames between speaker and engine, over a stream socket; standard library only.

A frame is its payload's length, its kind, the datapath id, the session, and the payload:
``!IBQI``. The session counts a datapath's connections, so bytes meant for one never reach the next.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from enum import IntEnum
from typing import Final, NamedTuple

HEADER: Final = struct.Struct("!IBQI")
MAX_PAYLOAD: Final = 1 << 20
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
