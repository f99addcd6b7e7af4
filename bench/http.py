"""Keep-alive connections that ask and read answers, with as little work as can be.

What a client's library does is no part of what an answer takes: httpx adds half a millisecond.
"""

from __future__ import annotations

import asyncio
import json
import select
from collections.abc import Mapping
from http.client import HTTPConnection
from typing import Any


class Connection:
    """One HTTP/1.1 connection. One request at a time."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    @staticmethod
    async def to(host: str, port: int) -> Connection:
        """Connect."""
        return Connection(*await asyncio.open_connection(host, port))

    async def ask(
        self, method: str, path: str, body: Mapping[str, Any] | None = None
    ) -> tuple[int, bytes]:
        """Status and body of an answer."""
        data = b"" if body is None else json.dumps(body).encode()
        head = (
            f"{method} {path} HTTP/1.1\r\nHost: bench\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(data)}\r\n\r\n"
        )
        self._writer.write(head.encode() + data)
        answer = await self._reader.readuntil(b"\r\n\r\n")
        status = int(answer[9:12])
        length = 0
        for line in answer.split(b"\r\n"):
            if line[:15].lower() == b"content-length:":
                length = int(line[15:])
        return status, await self._reader.readexactly(length)

    def close(self) -> None:
        """Disconnect."""
        self._writer.close()


class Caller:
    """The same for who waits for each answer. A connection that was idle too long is made anew."""

    def __init__(self, host: str, port: int, timeout_s: float) -> None:
        self._connection = HTTPConnection(host, port, timeout=timeout_s)

    def ask(self, method: str, path: str, body: Mapping[str, Any]) -> Any:
        """The JSON of an answer. Raises RuntimeError where it is an error."""
        connection = self._connection
        if connection.sock is not None and select.select([connection.sock], [], [], 0)[0]:
            connection.close()  # the server has said that it is over
        headers = {"Content-Type": "application/json"}
        connection.request(method, path, json.dumps(body).encode(), headers)
        answer = connection.getresponse()
        text = answer.read()
        if answer.status >= 400:
            raise RuntimeError(f"{method} {path} was answered {answer.status}: {text[:500]!r}")
        return json.loads(text)

    def close(self) -> None:
        """Disconnect."""
        self._connection.close()
