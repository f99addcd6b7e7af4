"""HTTP connections: what TLS says of the client, and how long a client may take to ask."""

from __future__ import annotations

import asyncio
import ssl
from typing import Any, Final

from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from controller.northbound.rest_gate import CERTIFICATE

ASK_S: Final = 10.0
"""From the connection, or from the first byte of a later request, to the end of its headers."""


class Connection(H11Protocol):
    """uvicorn's connection that ends when a request does not come to its end in time."""

    _asking: asyncio.TimerHandle | None = None

    def connection_made(  # type: ignore[override] # as uvicorn does
        self, transport: asyncio.Transport
    ) -> None:
        """A client is here; its certificate, if it has shown one, goes with every request."""
        super().connection_made(transport)
        name = _common_name(transport.get_extra_info("ssl_object"))
        if name:
            self.app = _Named(self.app, name)
        self._await_request()

    def data_received(self, data: bytes) -> None:
        """Bytes of a request."""
        before = self.cycle
        if self._asking is None and (before is None or before.response_complete):
            self._await_request()
        super().data_received(data)
        if self.cycle is not before:
            self._request_is_here()

    def connection_lost(self, exc: Exception | None) -> None:
        """The client is gone."""
        self._request_is_here()
        super().connection_lost(exc)

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
