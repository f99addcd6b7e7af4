"""HTTP connections: who the client is, how long it may take to ask and to read, and its turn."""

from __future__ import annotations

import asyncio
import ssl
from typing import Any, Final, cast

import httptools
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.flow_control import FlowControl
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from controller.northbound.crowd import Crowd, Room, no_place
from controller.northbound.joining import JoinedWrites
from controller.northbound.reading import ReadWatch
from controller.northbound.rest_gate import CERTIFICATE
from controller.northbound.turns import Turns

ASK_S: Final = 10.0
"""From the connection, or from the first byte of a later request, to the end of its headers."""

_UNREAD_MOST: Final = 1 << 16
_AT_ONCE: Final = 1 << 13  # bytes read in a turn
_HEAD_MOST: Final = 1 << 16
_PIPELINED_MOST: Final = 32


class _Flow(FlowControl):
    """uvicorn's, which reads on as soon as an answer is out: not while enough waits to be read."""

    held = False

    def hold(self) -> None:
        """Read nothing more until :meth:`let_go`."""
        if not self.held:
            self.held = True
            self._transport.pause_reading()

    def let_go(self) -> None:
        """Read on, unless uvicorn would not."""
        if self.held:
            self.held = False
            if not self.read_paused:
                self._transport.resume_reading()

    def resume_reading(self) -> None:
        """Read on, unless it is held."""
        self.read_paused = False
        if not self.held:
            self._transport.resume_reading()


class Connection(HttpToolsProtocol):
    """uvicorn's connection that ends when a request, or the reading of an answer, takes too long.

    What comes is read when it is this connection's turn. Where there are too many connections, it
    is told so. A request that would rather go on in another protocol, as Java's client asks for
    HTTP/2, is read as one that does not ask (RFC 9110, section 7.8): the parser would take its body
    for that protocol's.
    """

    _asking: asyncio.TimerHandle | None = None

    def __init__(self, *args: Any, turns: Turns, crowd: Crowd, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._turns, self._crowd = turns, crowd
        self._unread = bytearray()
        self._waits = self._refused = False
        self._in_head, self._unframed = False, 0

    def connection_made(  # type: ignore[override] # as uvicorn does
        self, transport: asyncio.Transport
    ) -> None:
        """A client is here; its certificate, if it has shown one, goes with every request."""
        self._watch = ReadWatch(transport)
        self._joined = JoinedWrites(transport, self._watch.wrote)
        super().connection_made(cast(asyncio.Transport, self._joined))
        self.flow = self._flow = _Flow(transport)
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
        self._unread += data
        if len(self._unread) > _UNREAD_MOST:
            self._flow.hold()
        self._take_turn()

    def eof_received(self) -> None:
        """The client says no more. What it has asked for to the end is done all the same."""
        self._read_all()

    def on_message_begin(self) -> None:
        """The first byte of a request."""
        self._in_head = True
        super().on_message_begin()

    def on_header(self, name: bytes, value: bytes) -> None:
        """A field of the head; trailers mean nothing here."""
        if self._in_head:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """A request is here, unless it asks for another protocol: then it is read again."""
        self._in_head, self._unframed = False, 0
        if not self.parser.should_upgrade():
            self._request_is_here()
            super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """A piece of its body."""
        self._unframed = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        """So is its body."""
        self._unframed = 0
        if not self.parser.should_upgrade():
            super().on_message_complete()

    def on_response_complete(self) -> None:
        """An answer was written to its end."""
        self._joined.send()
        if self._refused and not self.pipeline:
            self.transport.close()
        super().on_response_complete()
        self._take_turn()

    def connection_lost(self, exc: Exception | None) -> None:
        """The client is gone. What it has asked for to the end is done all the same."""
        self._watch.stop()
        self._crowd.leave(self._source, self._room)
        self._read_all()
        self._request_is_here()
        super().connection_lost(exc)
        self._refused = True

    def shutdown(self) -> None:
        """The server ends: what has come is answered."""
        self._read_all()
        super().shutdown()

    def _take_turn(self) -> None:
        """Wait to read on, unless enough requests wait to be answered."""
        if self._may_read() and not self._waits:
            self._waits = True
            self._turns.take(self._read_in_turn)

    def _read_in_turn(self) -> None:
        self._waits = False
        self._read_some()
        self._take_turn()

    def _read_all(self) -> None:
        while self._may_read():
            self._read_some()

    def _may_read(self) -> bool:
        return bool(self._unread) and len(self.pipeline) < _PIPELINED_MOST

    def _read_some(self) -> None:
        data = bytes(self._unread[:_AT_ONCE])
        del self._unread[:_AT_ONCE]
        if len(self._unread) <= _UNREAD_MOST:
            self._flow.let_go()
        self._parse(data)

    def _parse(self, data: bytes) -> None:
        while data and not self._refused:
            self._unframed += len(data)
            data = self._feed(data)
        if self._unframed > _HEAD_MOST and not self._refused:
            self._refuse(f"The headers of a request are longer than {_HEAD_MOST} bytes.")
        if self._asking is None and not self._refused and (self._in_head or not self._is_busy()):
            self._await_request()

    def _feed(self, data: bytes) -> bytes:
        """Parse; what is to be parsed again, as a request that does not ask for an upgrade."""
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade as asked:
            if self.parser.get_method() != b"CONNECT":
                again = self._without_upgrade() + data[asked.args[0] :]
                self.parser = httptools.HttpRequestParser(self)  # the old one may be at its end
                self.parser.set_dangerous_leniencies(lenient_data_after_close=True)
                return again
            self._refuse("This is no proxy.")
        except httptools.HttpParserError:
            self._refuse("Invalid HTTP request received.")
        return b""

    def _is_busy(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    def _without_upgrade(self) -> bytes:
        """The head that has just been read, but for its wish for another protocol."""
        version = self.parser.get_http_version().encode()
        lines = [b"%s %s HTTP/%s" % (self.parser.get_method(), self.url, version)]
        lines += [b"%s: %s" % field for field in self.headers if field[0] != b"upgrade"]
        return b"\r\n".join((*lines, b"", b""))

    def _refuse(self, why: str) -> None:
        """What comes is not HTTP, or too much. What was asked before is answered first."""
        self._refused = True
        if not self._is_busy():
            self.send_400_response(why)
        elif self.cycle.more_body and self.pipeline:
            self.pipeline.popleft()  # that very request: it will not be whole
        elif self.cycle.more_body and not self.cycle.response_started:
            self.send_400_response(why)
        elif self.cycle.response_started and not self.pipeline:
            self.transport.close()

    def _await_request(self) -> None:
        self._asking = self.loop.call_later(ASK_S, self._too_slow)

    def _too_slow(self) -> None:
        """Close, unless it is us who read no further, or answer first."""
        self._asking = None
        if self._is_busy() or self._flow.held or self._flow.read_paused or self._unread:
            self._await_request()
        else:
            self.transport.close()

    def _request_is_here(self) -> None:
        self._unset_keepalive_if_required()
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
