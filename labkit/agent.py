"""Runs in an instance's namespace: listens, probes and streams as it is told over a unix socket.

``python -m labkit.agent NAME SOCKET``. Commands and answers are JSON, a line each. Listeners answer
with the instance's name, so that a packet which reached the wrong instance is seen to have.
"""

from __future__ import annotations

import asyncio
import errno
import json
import socket
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from labkit.arrivals import Arrivals
from labkit.follow import Follow
from labkit.jobs import AWAKE, Job, Running, Stream, Transfer
from labkit.sockets import take_much

_UDP_SEGMENT = 103  # udp(7): one call, many datagrams of this size
_SEGMENTS = 4
_CATCH_UP_S, _AT_ONCE = 0.002, 8  # a device's receive queue holds hundreds
JOBS: dict[str, Callable[..., Job]] = {
    "stream": Stream,
    "transfer": Transfer,
    "arrivals": Arrivals,
    "follow": Follow,
}


class _Echo(asyncio.DatagramProtocol):
    """Answers every datagram with the instance's name and the datagram."""

    def __init__(self, name: str) -> None:
        self._name = name.encode()
        self._waiting: list[tuple[bytes, Any]] = []

    def connection_made(self, transport: Any) -> None:
        self._transport = transport

    def datagram_received(self, data: bytes, address: Any) -> None:
        if data.startswith(b"flood"):
            return
        if self._waiting or not AWAKE.is_set():
            self._waiting.append((data, address))
        else:
            self._answer(data, address)

    async def catch_up(self) -> None:
        """Answer what came during a pause, not faster than the datapath takes it."""
        while self._waiting:
            some, self._waiting = self._waiting[:_AT_ONCE], self._waiting[_AT_ONCE:]
            for data, address in some:
                self._answer(data, address)
            await asyncio.sleep(_CATCH_UP_S)

    def _answer(self, data: bytes, address: Any) -> None:
        self._transport.sendto(self._name + b"|" + data, address)


class Agent:
    """One instance's hands."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._kept: list[Any] = []
        self._open: set[tuple[str, int]] = set()
        self._echoes: list[_Echo] = []
        self._jobs: dict[str, Running] = {}

    async def listen(self, tcp: list[int], udp: list[int]) -> None:
        """Listen on ports, for ever; on those already listened to nothing changes."""
        loop = asyncio.get_running_loop()
        tcp = [port for port in tcp if ("tcp", port) not in self._open]
        udp = [port for port in udp if ("udp", port) not in self._open]
        self._open |= {("tcp", port) for port in tcp} | {("udp", port) for port in udp}
        for port in tcp:
            self._kept.append(await asyncio.start_server(self._greet, "0.0.0.0", port, backlog=256))
        for port in udp:
            sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            take_much(sock)
            sock.bind(("0.0.0.0", port))
            endpoint = await loop.create_datagram_endpoint(lambda: _Echo(self._name), sock=sock)
            self._echoes.append(endpoint[1])

    async def probe(self, targets: list[list[Any]], timeout_s: float) -> list[str | None]:
        """Who answers at each (address, protocol, port); None for nobody."""
        limit = asyncio.Semaphore(64)

        async def one(address: str, protocol: str, port: int) -> str | None:
            async with limit:
                ask = _tcp if protocol == "tcp" else _udp
                return await ask(address, port, timeout_s)

        return await asyncio.gather(*(one(*target) for target in targets))

    async def pause(self) -> None:
        """Send nothing more; what comes is kept."""
        AWAKE.clear()

    async def resume(self) -> None:
        """Go on where it was paused."""
        AWAKE.set()
        for echo in self._echoes:
            await echo.catch_up()

    async def begin(self, job: str, key: str, **arguments: Any) -> None:
        """Start a job of :mod:`labkit.jobs` under a name, beside others."""
        work = JOBS[job](**arguments)
        self._jobs[key] = await asyncio.to_thread(Running, work)

    async def finish(self, key: str) -> dict[str, Any]:
        """Stop a job; its report."""
        return await asyncio.to_thread(self._jobs.pop(key).finish)

    async def stream(
        self, address: str, port: int, rate_hz: float, duration_s: float, dscp: int = 0
    ) -> dict[str, Any]:
        """Datagrams at a rate for a time, each answered: the report of :class:`jobs.Stream`."""
        work = Stream(address, port, rate_hz, duration_s, dscp)
        running = await asyncio.to_thread(Running, work)
        return await asyncio.to_thread(running.wait)

    async def flood(
        self, address: str, port: int, rate_bps: float, duration_s: float, size: int = 1400
    ) -> dict[str, Any]:
        """Datagrams that nobody answers, at a rate; how many bits a second really left."""
        return await asyncio.to_thread(_flood, address, port, rate_bps, duration_s, size)

    async def _greet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Say the name, take what is sent until its end, and say how many bytes it was."""
        with suppress(OSError):
            writer.write(self._name.encode() + b"\n")
            count = 0
            while data := await reader.read(1 << 16):
                count += len(data)
            writer.write(b"%d\n" % count)
            await writer.drain()
        writer.close()


async def _tcp(address: str, port: int, timeout_s: float) -> str | None:
    try:
        async with asyncio.timeout(timeout_s):
            reader, writer = await asyncio.open_connection(address, port)
            name = (await reader.readline()).decode().strip()
            writer.close()
            return name or None
    except (TimeoutError, OSError):
        return None


class _Waiter(asyncio.DatagramProtocol):
    def __init__(self, answer: asyncio.Future[str]) -> None:
        self._answer = answer

    def datagram_received(self, data: bytes, _address: Any) -> None:
        if not self._answer.done():
            self._answer.set_result(data.split(b"|", 1)[0].decode())


async def _udp(address: str, port: int, timeout_s: float) -> str | None:
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[str] = loop.create_future()
    transport, _ = await loop.create_datagram_endpoint(
        lambda: _Waiter(answer), remote_addr=(address, port)
    )
    try:
        transport.sendto(b"probe")
        async with asyncio.timeout(timeout_s):
            return await answer
    except (TimeoutError, OSError):
        return None
    finally:
        transport.close()


def _flood(
    address: str, port: int, rate_bps: float, duration_s: float, size: int
) -> dict[str, Any]:
    one = b"flood" + bytes(size - 5)
    segments = _SEGMENTS
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.setsockopt(socket.IPPROTO_UDP, _UDP_SEGMENT, size)
        sock.connect((address, port))
        begin, sent = time.monotonic(), 0
        while (elapsed := time.monotonic() - begin) < duration_s:
            if sent * size * 8 > elapsed * rate_bps:
                time.sleep(0.0005)
                continue
            try:
                sock.send(one * segments)
            except OSError as error:
                if error.errno == errno.EIO and segments > 1:
                    # Older kernels do not segment where the device computes no checksums, which
                    # is how instances are set up: one datagram a call there.
                    sock.setsockopt(socket.IPPROTO_UDP, _UDP_SEGMENT, 0)
                    segments = 1
                else:
                    time.sleep(0.0005)
                continue
            sent += segments
    return {"offered_bps": sent * size * 8 / duration_s}


async def _serve(name: str, path: str) -> None:
    agent = Agent(name)

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while line := await reader.readline():
            command = json.loads(line)
            answer = await getattr(agent, command.pop("do"))(**command)
            writer.write(json.dumps(answer).encode() + b"\n")
            await writer.drain()

    server = await asyncio.start_unix_server(talk, path, limit=1 << 24)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_serve(*sys.argv[1:3]))
