"""Requests at their times, whether those before were answered or not, as many clients would ask."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from itertools import count

from bench.http import Connection


async def paced_reads(
    port: int, paths: Sequence[str], per_s: float, seconds: float, clients: int
) -> list[float]:
    """How many ms after it was due each GET was answered; the paths come in turn.

    Where all connections wait for answers, what is due waits too, and that counts. Raises
    RuntimeError for an answer other than 200.
    """
    connections = [await Connection.to("127.0.0.1", port) for _ in range(clients)]
    numbers, took_ms, began_s = count(), list[float](), time.monotonic()

    async def client(connection: Connection) -> None:
        for number in numbers:
            if number / per_s >= seconds:
                return
            due_s = began_s + number / per_s
            await asyncio.sleep(max(0.0, due_s - time.monotonic()))
            path = paths[number % len(paths)]
            status, answer = await connection.ask("GET", path)
            took_ms.append((time.monotonic() - due_s) * 1000)
            if status != 200:
                raise RuntimeError(f"GET {path}: HTTP {status}: {answer.decode()}")

    await asyncio.gather(*map(client, connections))
    for connection in connections:
        connection.close()
    return took_ms
