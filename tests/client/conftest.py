"""A real server on loopback over an engine in memory, and a relay that breaks what it carries."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator

import pytest

from controller.client import Bulkhead
from tests.cli.conftest import engine, server
from tests.northbound.fakes import FakeController

__all__ = ["engine", "server"]


class Relay:
    """Carries connections to a server; as many answers as ``swallow`` says are lost on the way."""

    def __init__(self, server: str) -> None:
        host, _, port = server.removeprefix("http://").partition(":")
        self._to = (host, int(port))
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self.swallow = 0
        self.swallowed = 0
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            upstream = socket.create_connection(self._to)
            threading.Thread(target=self._up, args=(client, upstream), daemon=True).start()
            threading.Thread(target=self._down, args=(upstream, client), daemon=True).start()

    def _up(self, client: socket.socket, upstream: socket.socket) -> None:
        while data := _received(client):
            upstream.sendall(data)

    def _down(self, upstream: socket.socket, client: socket.socket) -> None:
        while data := _received(upstream):
            if self.swallow:  # the server has answered: what was asked for is done
                self.swallow -= 1
                self.swallowed += 1
                break
            client.sendall(data)
        for end in (client, upstream):
            with contextlib.suppress(OSError):  # the other side may have gone first
                end.shutdown(socket.SHUT_RDWR)
            end.close()


def _received(end: socket.socket) -> bytes:
    try:
        return end.recv(1 << 16)
    except OSError:
        return b""


@pytest.fixture
def relay(server: str) -> Iterator[Relay]:
    found = Relay(server)
    yield found
    found.close()


@pytest.fixture
def site(server: str, engine: FakeController) -> Iterator[Bulkhead]:
    with Bulkhead(server, author="tests") as client:
        yield client
