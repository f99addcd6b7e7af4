"""How a switch that is not one greets a controller (OpenFlow 1.4.1, 6.3.1)."""

from __future__ import annotations

import socket
import struct
from io import RawIOBase
from typing import Final

from controller.southbound.openflow.messages import HEADER, VERSION, Header, Type, header

HELLO: Final = 0
_FEATURES_REQUEST: Final = 5
_FEATURES_REPLY: Final = 6
_PORT_DESC: Final = 13
_FEATURES: Final = struct.Struct("!QIBB2xII")
_PORTS: Final = struct.Struct("!HH4x")
_TABLES: Final = 254


def greet(switch: socket.socket, datapath_id: int) -> None:
    """Say hello, its features and that it has no port: then the controller knows the switch.

    Raises EOFError when the controller hangs up.
    """
    switch.sendall(message(HELLO, 1))
    with switch.makefile("rb", buffering=0) as stream:
        while True:
            head = _read(stream)
            if head.type == _FEATURES_REQUEST:
                body = _FEATURES.pack(datapath_id, 0, _TABLES, 0, 0, 0)
                switch.sendall(message(_FEATURES_REPLY, head.xid, body))
            if head.type == Type.MULTIPART_REQUEST:
                body = _PORTS.pack(_PORT_DESC, 0)
                switch.sendall(message(Type.MULTIPART_REPLY, head.xid, body))
                return


def message(kind: int, xid: int, body: bytes = b"") -> bytes:
    """A message of OpenFlow 1.4."""
    return HEADER.pack(VERSION, kind, HEADER.size + len(body), xid) + body


def _read(stream: RawIOBase) -> Header:
    """Read a message and forget its body."""
    head = header(_exactly(stream, HEADER.size))
    _exactly(stream, head.length - HEADER.size)
    return head


def _exactly(stream: RawIOBase, size: int) -> bytes:
    found = b""
    while len(found) < size:
        part = stream.read(size - len(found))
        if not part:
            raise EOFError("the controller hung up on a switch that greeted it")
        found += part
    return found
