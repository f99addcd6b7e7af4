"""Clients that would hold the server: many connections, answers that nobody reads, old streams."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import ssl
from collections.abc import AsyncIterator, Callable
from typing import Any

import grpc
import pytest

from controller.northbound import bulkhead_pb2 as pb
from controller.northbound import crowd, following, reading, rpc_gate, rpc_server
from controller.northbound.access.exposure import Tls
from controller.northbound.bulkhead_pb2_grpc import BulkheadStub
from controller.northbound.crowd import Crowd, Room
from controller.northbound.server import RestServer
from controller.northbound.use_cases import UseCases
from tests.access.conftest import Files, Guarded
from tests.access.over_grpc import over_grpc
from tests.northbound.fakes import FakeController
from tests.rpc.statuses import refused

PATIENCE_S = 30
ASK = b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n"
LARGE = b"GET /openapi.json HTTP/1.1\r\nHost: a\r\n\r\n"


@contextlib.asynccontextmanager
async def serving(
    cases: UseCases | None = None, tls: Tls | None = None
) -> AsyncIterator[RestServer]:
    server = RestServer(cases or UseCases.of(FakeController()), port=0, tls=tls)
    await server.start()
    yield server
    await server.stop()


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not holds():
            await asyncio.sleep(0.01)


def test_one_client_does_not_take_the_places_of_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crowd, "MOST", 5)
    monkeypatch.setattr(crowd, "OF_ONE_CLIENT", 3)
    monkeypatch.setattr(crowd, "TOLD_MOST", 1)
    held = Crowd()
    one = [held.enter("192.0.2.1") for _ in range(5)]
    assert one == [Room.PLACE] * 3 + [Room.WORD, Room.NONE]
    assert [held.enter("192.0.2.2") for _ in range(3)] == [Room.PLACE] * 2 + [Room.NONE]
    for room in one:
        held.leave("192.0.2.1", room)
    assert [held.enter("2001:db8::1"), held.enter("2001:db8::2")] == [Room.PLACE] * 2
    assert [held.enter("2001:db8::3"), held.enter("192.0.2.3")] == [Room.PLACE, Room.WORD]


def test_a_connection_too_many_is_told_and_more_are_closed(
    loop: asyncio.Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(crowd, "OF_ONE_CLIENT", 2)
    monkeypatch.setattr(crowd, "TOLD_MOST", 1)

    async def trial() -> None:
        async with serving() as server:

            async def opened() -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
                found = await asyncio.open_connection(*server.address)
                found[1].write(ASK)
                return found

            placed = [await opened() for _ in range(2)]
            for reader, _ in placed:
                assert (await reader.readline()).startswith(b"HTTP/1.1 200")
            told, _ = await opened()
            head, _, body = (await asyncio.wait_for(told.read(), PATIENCE_S)).partition(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 503") and b"retry-after: 1" in head.lower()
            assert b"application/problem+json" in head and b"connection: close" in head.lower()
            assert json.loads(body)["type"] == "urn:bulkhead:problem:crowded"
            for _, writer in placed:
                writer.close()
            server_side = server._server.server_state.connections  # type: ignore[union-attr]
            await until(lambda: not server_side)
            again, writer = await opened()
            assert (await again.readline()).startswith(b"HTTP/1.1 200")
            writer.close()

    loop.run(trial())


def reader_of_little(address: tuple[str, int]) -> socket.socket:
    """A client whose system keeps little for it, so that what it does not read soon waits."""
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    client.connect(address)
    client.setblocking(False)
    return client


def test_an_answer_that_nobody_reads_is_ended(
    loop: asyncio.Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "READ_S", 0.2)

    async def trial() -> None:
        async with serving() as server:
            client = reader_of_little(server.address)
            await asyncio.get_running_loop().sock_sendall(client, LARGE * 200)
            server_side = server._server.server_state.connections  # type: ignore[union-attr]
            await until(lambda: bool(server_side))
            await until(lambda: not server_side)
            client.close()

    loop.run(trial())


def test_nor_over_tls(loop: asyncio.Runner, files: Files, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "READ_S", 0.2)
    context = ssl.create_default_context(cafile=str(files.ca))

    async def trial() -> None:
        async with serving(tls=Tls(files.certificate, files.key)) as server:

            def ask() -> ssl.SSLSocket:
                plain = reader_of_little(server.address)
                plain.setblocking(True)
                client = context.wrap_socket(plain, server_hostname="localhost")
                client.sendall(LARGE * 200)
                return client

            client = await asyncio.to_thread(ask)
            server_side = server._server.server_state.connections  # type: ignore[union-attr]
            await until(lambda: bool(server_side))
            await until(lambda: not server_side)
            client.close()

    loop.run(trial())


def test_an_answer_that_is_read_slowly_comes_whole(
    loop: asyncio.Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "READ_S", 0.2)

    async def trial() -> None:
        async with serving() as server:
            client = reader_of_little(server.address)
            here = asyncio.get_running_loop()
            await here.sock_sendall(client, LARGE * 15 + ASK.replace(b"\r\n\r\n", CLOSE))
            began, taken, last = here.time(), 0, b""
            async with asyncio.timeout(PATIENCE_S):
                while piece := await here.sock_recv(client, 1 << 17):
                    taken, last = taken + len(piece), piece
                    await asyncio.sleep(0.005)
            client.close()
            assert last.endswith(b'{"healthy":true}') and taken > 1 << 20
            assert here.time() - began > 2 * reading.READ_S

    loop.run(trial())


CLOSE = b"\r\nConnection: close\r\n\r\n"


@pytest.mark.parametrize("by", ["event", "heartbeat"])
def test_an_event_stream_ends_with_the_token(
    loop: asyncio.Runner, guarded: Guarded, monkeypatch: pytest.MonkeyPatch, by: str
) -> None:
    if by == "heartbeat":
        monkeypatch.setattr(following, "HEARTBEAT_S", 0.1)

    async def trial() -> None:
        async with serving(guarded.cases) as server:
            reader, writer = await asyncio.open_connection(*server.address)
            shown = f"Authorization: Bearer {guarded.tokens['viewer']}\r\n\r\n"
            writer.write(b"GET /v1/events HTTP/1.1\r\nHost: a\r\n" + shown.encode())
            guarded.engine.events().record("link", link="before", up=False)
            await asyncio.wait_for(reader.readuntil(b"before"), PATIENCE_S)
            guarded.file.remove("eye")
            if by == "event":
                guarded.engine.events().record("link", link="after", up=False)
            rest = await asyncio.wait_for(reader.readuntil(b"\r\n0\r\n\r\n"), PATIENCE_S)
            assert b"after" not in rest
            writer.close()

    loop.run(trial())


@pytest.mark.parametrize("by", ["event", "time"])
def test_a_watch_ends_with_the_token(
    loop: asyncio.Runner, guarded: Guarded, monkeypatch: pytest.MonkeyPatch, by: str
) -> None:
    if by == "time":
        monkeypatch.setattr(rpc_gate, "CHECK_S", 0.1)

    async def trial() -> None:
        async with over_grpc(guarded) as call:
            guarded.engine.events().record("link", link="before", up=False)
            watched = call("viewer", "Watch", pb.WatchRequest(since_revision=1), timeout=60)
            assert (await watched.read()).data["link"] == "before"
            guarded.file.remove("eye")
            if by == "event":
                guarded.engine.events().record("link", link="after", up=False)
            found = await refused(watched.read())
            assert found.code is grpc.StatusCode.UNAUTHENTICATED

    loop.run(trial())


def test_one_client_does_not_take_all_streams(
    loop: asyncio.Runner, guarded: Guarded, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rpc_gate, "STREAMS_MOST", 2)

    async def trial() -> None:
        async with over_grpc(guarded) as call:
            guarded.engine.events().record("link", link="before", up=False)

            def watched(role: str) -> Any:
                return call(role, "Watch", pb.WatchRequest(since_revision=1))

            held = [watched("viewer") for _ in range(2)]
            for stream in held:
                await stream.read()
            found = await refused(watched("viewer").read())
            assert found.code is grpc.StatusCode.RESOURCE_EXHAUSTED
            assert found.retry_after_s == 1.0
            assert guarded.audited()[-1]["who"] == "eye"
            other = watched("admin")
            await other.read()
            held[0].cancel()
            async with asyncio.timeout(PATIENCE_S):
                while await _code(watched("viewer")):
                    await asyncio.sleep(0.01)

    loop.run(trial())


async def _code(stream: Any) -> str:
    try:
        await stream.read()
    except grpc.aio.AioRpcError as error:
        return str(error.code().name)
    return ""


def test_calls_at_once_are_counted(
    loop: asyncio.Runner, guarded: Guarded, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rpc_server, "_CALLS_MOST", 1)

    async def trial() -> None:
        async with over_grpc(guarded) as call:
            guarded.engine.events().record("link", link="before", up=False)
            held = call("viewer", "Watch", pb.WatchRequest(since_revision=1))
            await held.read()
            found = await refused(call("admin", "GetStatus", pb.StatusRequest()))
            assert found.code is grpc.StatusCode.RESOURCE_EXHAUSTED

    loop.run(trial())


def test_connections_of_grpc_at_once_are_counted(
    loop: asyncio.Runner, guarded: Guarded, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = {**dict(rpc_server._OPTIONS), "grpc.max_allowed_incoming_connections": 1}
    monkeypatch.setattr(rpc_server, "_OPTIONS", tuple(options.items()))

    async def trial() -> None:
        server = rpc_server.GrpcServer(guarded.cases, port=0)
        await server.start()
        address = f"127.0.0.1:{server.address[1]}"
        own = (("grpc.use_local_subchannel_pool", 1),)  # else both would share a connection
        async with grpc.aio.insecure_channel(address, own) as one:
            await asyncio.wait_for(one.channel_ready(), PATIENCE_S)
            async with grpc.aio.insecure_channel(address, own) as other:
                ask = BulkheadStub(other).GetStatus  # type: ignore[no-untyped-call]
                found = await refused(ask(pb.StatusRequest()))
                assert found.code is grpc.StatusCode.UNAVAILABLE
        guarded.engine.events().close()
        await server.stop()

    loop.run(trial())
