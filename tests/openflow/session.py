"""A bare OpenFlow session, without speaker and engine."""

from __future__ import annotations

import itertools
import socket

from controller.dataplane.shapes import Entry
from controller.southbound.openflow.decode import Foreign, decode_flow_stats
from controller.southbound.openflow.messages import (
    HEADER,
    BundleControl,
    Type,
    barrier,
    bundle_add,
    bundle_control,
    failure,
    flow_stats_request,
    has_more,
    header,
)
from labkit.ovs import PrivateOvs

BRIDGE = "b"


class Session:
    """A bare OpenFlow 1.4 session on a bridge's management socket."""

    def __init__(self, ovs: PrivateOvs) -> None:
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.settimeout(10)
        self._socket.connect(f"{ovs.run_dir}/{BRIDGE}.mgmt")
        self._xids = itertools.count(10)
        self.send(HEADER.pack(5, 0, HEADER.size, 1))
        assert header(self.receive()).type == 0

    def xid(self) -> int:
        return next(self._xids)

    def send(self, data: bytes) -> None:
        self._socket.sendall(data)

    def receive(self) -> bytes:
        data = self._exactly(HEADER.size)
        return data + self._exactly(header(data).length - HEADER.size)

    def _exactly(self, size: int) -> bytes:
        data = b""
        while len(data) < size:
            more = self._socket.recv(size - len(data))
            assert more, "the switch closed the session"
            data += more
        return data

    def answer(self, request: bytes) -> bytes:
        """The answer to a request; an error message is one too."""
        self.send(request)
        while header(data := self.receive()).xid != header(request).xid:
            assert header(data).type != Type.ERROR, failure(data)
        return data

    def commit(self, members: list[bytes]) -> None:
        """All in one atomic bundle; any error fails."""
        for kind in (BundleControl.OPEN_REQUEST, BundleControl.COMMIT_REQUEST):
            if kind is BundleControl.COMMIT_REQUEST:
                for member in members:
                    self.send(bundle_add(7, member))
                self.answer(barrier(self.xid()))
            reply = self.answer(bundle_control(self.xid(), 7, kind))
            assert header(reply).type == Type.BUNDLE_CONTROL, failure(reply)

    def held(self) -> list[Entry | Foreign]:
        return [entry for reply in self.replies() for entry in decode_flow_stats(reply)]

    def replies(self) -> list[bytes]:
        """All parts of the answer that tells what the switch holds."""
        found = [self.answer(flow_stats_request(self.xid()))]
        while has_more(found[-1]):
            found.append(self.receive())
        return found
