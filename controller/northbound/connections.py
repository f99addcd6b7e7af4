"""HTTP connections: who the client is, how long it may take to ask and to read, and its turn."""

from __future__ import annotations

import asyncio
import ssl
from typing import Any, Final, cast

from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from controller.northbound.crowd import Crowd, Room, no_place
from controller.northbound.joining import JoinedWrites
from controller.northbound.reading import ReadWatch
from controller.northbound.rest_gate import CERTIFICATE
from controller.northbound.turns import Turns

ASK_S: Final = 10.0
"""From the connection, or from the first byte of a later request, to the end of its headers."""

_UNREAD_MOST: Final = 1 << 16


class Connection(H11Protocol):
    """uvicorn's connection that ends when a request, or the reading of an answer, takes too long.

    What comes is read when it is this connection's turn. Where there are too many connections, it
    is told so.
    """

    _asking: asyncio.TimerHandle | None = None

    def __init__(self, *args: Any, turns: Turns, crowd: Crowd, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._turns, self._crowd = turns, crowd
        self._unread = bytearray()
        self._held = False

    def connection_made(  # type: ignore[override] # as uvicorn does
        self, transport: asyncio.Transport
    ) -> None:
        """A client is here; its certificate, if it has shown one, goes with every request."""
        self._watch = ReadWatch(transport)
        self._joined = JoinedWrites(transport, self._watch.wrote)
        super().connection_made(cast(asyncio.Transport, self._joined))
        self._source = self.client[0] if self.client else ""
        self._room = self._crowd.enter(self._source)
        if self._room is Room.NONE:
            transport.abort()
            return
        if self._room is Room.WORD:
            self.app = no_place
        name = _common_name(transport.get_extra_info("ssl_object"))
        if name:
            self.app = _Named(self.app, name)
        self._await_request()

    def data_received(self, data: bytes) -> None:
        """Bytes of a request."""
        self._unset_keepalive_if_required()  # its time is over, though its turn has not come
        if self._asking is None and (self.cycle is None or self.cycle.response_complete):
            self._await_request()
        if not self._unread:
            self._turns.take(self._read)
        self._unread += data
        if len(self._unread) > _UNREAD_MOST and not self._held:
            self._held = True
            self.transport.pause_reading()

    def on_response_complete(self) -> None:
        """An answer was written to its end."""
        self._joined.send()
        super().on_response_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        """The client is gone. What it has asked for to the end is done all the same."""
        self._watch.stop()
        self._crowd.leave(self._source, self._room)
        self._read()
        self._request_is_here()
        super().connection_lost(exc)

    def shutdown(self) -> None:
        """The server ends: what has come is answered."""
        self._read()
        super().shutdown()

    def _read(self) -> None:
        if not self._unread:
            return
        data, self._unread = bytes(self._unread), bytearray()
        if self._held:
            self._held = False
            if not self.flow.read_paused:
                self.transport.resume_reading()
        before = self.cycle
        super().data_received(data)
        if self.cycle is not before:
            self._request_is_here()

    def _await_request(self) -> None:
        self._asking = self.loop.call_later(ASK_S, self.transport.close)

    def _request_is_here(self) -> None:
        if self._asking is not None:
            self._asking.cancel()
            self._asking = None


class _Named:
    """The application, told the common name of the client's certificate."""

    def __init__(self, app: ASGIApp, name: str) -> None:
        self._app, self._name = app, name

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._app({**scope, CERTIFICATE: self._name}, receive, send)


def _common_name(tls: ssl.SSLObject | None) -> str:
    """Of a certificate that was verified, "" for none (ssl.SSLSocket.getpeercert)."""
    certificate: dict[str, Any] = (tls.getpeercert() if tls else None) or {}
    names = [
        value
        for part in certificate.get("subject", ())
        for key, value in part
        if key == "commonName"
    ]
    return str(names[0]) if names else ""
