"""The clients of benchmarks ask at their times and take no refusal for an answer."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from bench.measure import percentile
from bench.paced import paced_reads

Answer = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def _reads(status: bytes, seconds: float) -> tuple[list[bytes], list[float]]:
    """What a server was asked that answers with a status, and what that took in ms."""
    asked: list[bytes] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while head := (await reader.read(1 << 16)):
            asked.append(head.split(b" ")[1])
            writer.write(b"HTTP/1.1 %s\r\nContent-Length: 2\r\n\r\nno" % status)
        writer.close()

    async def trial() -> list[float]:
        async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]
            asked_for = port, ["/a", "/b"], 100, seconds
            return await asyncio.to_thread(paced_reads, *asked_for, clients=2)

    return asked, asyncio.run(trial())


def test_as_many_are_asked_as_are_due_and_the_paths_come_in_turn() -> None:
    asked, took_ms = _reads(b"200 OK", 0.1)
    assert sorted(asked) == [b"/a"] * 5 + [b"/b"] * 5
    assert len(took_ms) == 10 and min(took_ms) > 0


def test_a_refusal_is_an_error() -> None:
    with pytest.raises(RuntimeError, match=r"expected HTTP 200, found b'HTTP/1\.1 429"):
        _reads(b"429 Too", 0.1)


def test_percentiles_are_values_that_were_there() -> None:
    values = [float(number) for number in range(1, 101)]
    assert (percentile(values, 50), percentile(values, 99)) == (51.0, 100.0)
    assert (percentile([3.0], 99), percentile([], 99)) == (3.0, 0.0)
