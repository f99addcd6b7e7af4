"""A switch that greets and then reads nothing more."""

from __future__ import annotations

import contextlib
import socket
import struct
from collections.abc import Iterator

from controller.southbound.openflow.messages import Type, header
from tests.speaker.conftest import eventually

HELLO, FEATURES_REQUEST, FEATURES_REPLY, PORT_DESC = 0, 5, 6, 13


def connected(port: int) -> socket.socket | None:
    """A connection for OpenFlow; None while nobody listens: the engine may be there before."""
    try:
        return socket.create_connection(("127.0.0.1", port))
    except ConnectionRefusedError:
        return None


@contextlib.contextmanager
def deaf_switch(port: int, datapath_id: int) -> Iterator[None]:
    """A switch that greets, says its features and ports (OpenFlow 1.4.1, 6.3.1), and goes deaf."""
    with eventually(lambda: connected(port), "a listener for switches") as switch:
        switch.sendall(struct.pack("!BBHI", 5, HELLO, 8, 1))
        stream = switch.makefile("rb")
        while True:
            head = header(stream.read(8))
            stream.read(head.length - 8)
            if head.type == FEATURES_REQUEST:
                body = struct.pack("!QIBB2xII", datapath_id, 0, 254, 0, 0, 0)
                switch.sendall(struct.pack("!BBHI", 5, FEATURES_REPLY, 32, head.xid) + body)
            if head.type == Type.MULTIPART_REQUEST:
                body = struct.pack("!HH4x", PORT_DESC, 0)
                switch.sendall(struct.pack("!BBHI", 5, Type.MULTIPART_REPLY, 16, head.xid) + body)
                break
        yield
