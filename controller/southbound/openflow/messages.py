"""OpenFlow 1.4 messages other than flow-mods: headers, barrier, bundles, flow statistics, errors.

Numbers are those of the OpenFlow Switch Specification 1.4.1, section 7.
"""

from __future__ import annotations

import struct
from enum import IntEnum
from typing import Final, NamedTuple

from controller.southbound.openflow.names import failure_name

VERSION: Final = 0x05
HEADER: Final = struct.Struct("!BBHI")
ALL_TABLES: Final = 0xFF
ANY_PORT: Final = 0xFFFFFFFF
ANY_GROUP: Final = 0xFFFFFFFF

_BUNDLE_CONTROL: Final = struct.Struct("!IHH")
_BUNDLE_ADD: Final = struct.Struct("!I2xH")
_ERROR: Final = struct.Struct("!HH")
_MULTIPART: Final = struct.Struct("!HH4x")
_FLOW_STATS_REQUEST: Final = struct.Struct("!B3xII4xQQ")
_EMPTY_MATCH: Final = struct.pack("!HH4x", 1, 4)
_MULTIPART_FLOW: Final = 1
_MULTIPART_MORE: Final = 1

TABLE_FULL: Final = (5, 1)
"""Type and code of the error about an entry for which its table has no room (7.5.4.6)."""


class Type(IntEnum):
    """Message types that the engine sends or reads."""

    ERROR = 1
    EXPERIMENTER = 4
    PACKET_IN = 10
    PACKET_OUT = 13
    FLOW_MOD = 14
    MULTIPART_REQUEST = 18
    MULTIPART_REPLY = 19
    BARRIER_REQUEST = 20
    BARRIER_REPLY = 21
    METER_MOD = 29
    BUNDLE_CONTROL = 33
    BUNDLE_ADD_MESSAGE = 34


class BundleControl(IntEnum):
    """Types of bundle control messages (7.3.9.1)."""

    OPEN_REQUEST = 0
    CLOSE_REQUEST = 2
    COMMIT_REQUEST = 4
    DISCARD_REQUEST = 6


BUNDLE_FLAGS: Final = 0b11  # atomic and ordered (7.3.9.3)


class Header(NamedTuple):
    """The first eight bytes of every message."""

    version: int
    type: int
    length: int
    xid: int


class Failure(NamedTuple):
    """An error message's type and code, and the first bytes of what it is about."""

    type: int
    code: int
    data: bytes


def describe(failure: Failure) -> str:
    """An error message in words, with its numbers."""
    return f"{failure_name(failure.type, failure.code)} ({failure.type}, {failure.code})"


def header(data: bytes) -> Header:
    """A message's header."""
    return Header(*HEADER.unpack_from(data))


def message(kind: Type, xid: int, body: bytes = b"") -> bytes:
    """A whole message."""
    return HEADER.pack(VERSION, kind, HEADER.size + len(body), xid) + body


def barrier(xid: int) -> bytes:
    """A barrier request."""
    return message(Type.BARRIER_REQUEST, xid)


def bundle_control(xid: int, bundle: int, kind: BundleControl) -> bytes:
    """A bundle control message."""
    return message(Type.BUNDLE_CONTROL, xid, _BUNDLE_CONTROL.pack(bundle, kind, BUNDLE_FLAGS))


def bundle_add(bundle: int, member: bytes) -> bytes:
    """A message as a member of a bundle; it keeps its xid (7.3.9.6)."""
    xid = header(member).xid
    return message(Type.BUNDLE_ADD_MESSAGE, xid, _BUNDLE_ADD.pack(bundle, BUNDLE_FLAGS) + member)


def flow_stats_request(xid: int, cookie: int = 0, cookie_mask: int = 0) -> bytes:
    """A request for all entries of all tables, of cookies that match under a mask."""
    body = _FLOW_STATS_REQUEST.pack(ALL_TABLES, ANY_PORT, ANY_GROUP, cookie, cookie_mask)
    return message(
        Type.MULTIPART_REQUEST, xid, _MULTIPART.pack(_MULTIPART_FLOW, 0) + body + _EMPTY_MATCH
    )


def has_more(reply: bytes) -> bool:
    """Whether a multipart reply is followed by another part (7.3.5)."""
    _, flags = _MULTIPART.unpack_from(reply, HEADER.size)
    return bool(flags & _MULTIPART_MORE)


def failure(data: bytes) -> Failure:
    """An error message's content."""
    kind, code = _ERROR.unpack_from(data, HEADER.size)
    return Failure(kind, code, data[HEADER.size + _ERROR.size :])
