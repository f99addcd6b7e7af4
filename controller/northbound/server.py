"""Serves the REST API in the engine's own event loop."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from collections.abc import Generator
from functools import partial
from typing import Any

import uvicorn

from controller.errors import BulkheadError
from controller.northbound.access.exposure import Tls
from controller.northbound.connections import Connection
from controller.northbound.crowd import MOST, Crowd
from controller.northbound.rest import create_app
from controller.northbound.turns import Turns
from controller.northbound.use_cases import UseCases


class _Server(uvicorn.Server):
    """uvicorn without its signal handlers, that tells when it serves."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.serving = asyncio.Event()

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        """Signals are the engine's."""
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Open for requests."""
        await super().startup(sockets)
        self.serving.set()


class RestServer:
    """The REST API on one address. ``port`` 0 takes a free one; ``address`` tells which."""

    def __init__(
        self,
        cases: UseCases,
        host: str = "127.0.0.1",
        port: int = 8080,
        tls: Tls | None = None,
    ) -> None:
        self._tls = tls
        self._app = create_app(cases)
        self._wanted = (host, port)
        self._server: _Server | None = None
        self._task: asyncio.Task[None] | None = None
        self.address: tuple[str, int] = self._wanted

    async def start(self) -> None:
        """Listen; returns when requests are served. Raises BulkheadError if it cannot."""
        listener = _listener(*self._wanted)
        self.address = listener.getsockname()[:2]
        config = uvicorn.Config(
            self._app,
            lifespan="off",
            access_log=False,
            log_config=None,
            server_header=False,
            proxy_headers=False,  # whoever is on this machine could say that it is somebody else
            timeout_graceful_shutdown=5,
            http=partial(  # type: ignore[arg-type] # made by calling it
                Connection, turns=Turns(), crowd=Crowd()
            ),
            limit_concurrency=2 * MOST,  # of requests: those whose clients have left go on
            **_secured(self._tls),
        )
        self._server = _Server(config)
        self._task = asyncio.create_task(self._server.serve(sockets=[listener]))
        serving = asyncio.create_task(self._server.serving.wait())
        await asyncio.wait({serving, self._task}, return_when=asyncio.FIRST_COMPLETED)
        serving.cancel()

    async def stop(self) -> None:
        """Finish the requests under way (up to 5 s) and close."""
        if self._server is not None and self._task is not None:
            self._server.should_exit = True
            await self._task


def _secured(tls: Tls | None) -> dict[str, Any]:
    """uvicorn's words for it. A client's certificate is asked for, and a token does as well."""
    if tls is None:
        return {}
    found: dict[str, Any] = {"ssl_certfile": tls.certificate, "ssl_keyfile": tls.key}
    if tls.client_ca is not None:
        found |= {"ssl_ca_certs": str(tls.client_ca), "ssl_cert_reqs": ssl.CERT_OPTIONAL}
    return found


def _listener(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # With the protocol named asyncio sets TCP_NODELAY; without, an answer's body waits for an ACK.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(128)
        listener.setblocking(False)
    except OSError as error:
        listener.close()
        raise BulkheadError(
            f"cannot listen for REST on {host}:{port}: {error.strerror}; "
            "set `rest` to another address"
        ) from None
    return listener
