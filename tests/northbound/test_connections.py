"""Connections: requests in pieces, several at once, and from clients that do not wait."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from typing import Any, cast

import pytest

from controller.northbound import connections
from controller.northbound.joining import JoinedWrites
from controller.northbound.server import RestServer
from controller.northbound.use_cases import UseCases
from tests.northbound.fakes import FakeController

READ = b"GET /v1/instances/%s HTTP/1.1\r\nHost: a\r\n\r\n"
BODY = b'{"service": "web", "host": "host-2"}'
PUT = (
    b"PUT /v1/instances/web-2 HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
    b"Content-Length: %d\r\n\r\n"
)
PATIENCE_S = 30


class Wire:
    """A transport that keeps what it is given."""

    def __init__(self) -> None:
        self.given: list[bytes] = []

    def write(self, data: bytes) -> None:
        self.given.append(data)

    def close(self) -> None:
        self.given.append(b"closed")


def joined(wire: Wire) -> JoinedWrites:
    return JoinedWrites(cast(asyncio.Transport, wire))


def test_what_is_written_in_a_turn_is_sent_together() -> None:
    async def trial() -> list[bytes]:
        wire = Wire()
        transport = joined(wire)
        for data in (b"head", b"", b"body"):
            transport.write(data)
        assert wire.given == []
        await asyncio.sleep(0)
        transport.write(b"more")
        transport.close()
        await asyncio.sleep(0)
        return wire.given

    assert asyncio.run(trial()) == [b"headbody", b"more", b"closed"]


def test_what_a_transport_can_do_else_it_does() -> None:
    wire = Wire()
    assert joined(wire).given is wire.given


async def _started(engine: FakeController) -> tuple[RestServer, Any, Any]:
    server = RestServer(UseCases.of(engine), port=0)
    await server.start()
    return server, *await asyncio.open_connection(*server.address)


async def _answer(reader: asyncio.StreamReader) -> bytes:
    """Status line and body."""
    async with asyncio.timeout(PATIENCE_S):
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
        return head.split(b"\r\n")[0] + b" " + await reader.readexactly(length)


def test_requests_in_pieces_and_several_at_once_are_answered_in_order(
    engine: FakeController,
) -> None:
    names = [b"web-1", b"api-1", b"nobody", b"api-2"]

    async def trial() -> list[bytes]:
        server, reader, writer = await _started(engine)
        for piece in READ % names[0]:
            writer.write(bytes([piece]))
            await writer.drain()
            await asyncio.sleep(0)
        found = [await _answer(reader)]
        writer.write(b"".join(READ % name for name in names[1:]))
        found += [await _answer(reader) for _ in names[1:]]
        writer.close()
        await server.stop()
        return found

    answers = asyncio.run(trial())
    assert [answer.split()[1] for answer in answers] == [b"200", b"200", b"404", b"200"]
    assert all(name in answer for name, answer in zip(names, answers, strict=True))


@pytest.mark.parametrize("more", [0, 40_000], ids=["short", "longer than a turn"])
def test_what_a_client_has_asked_for_is_done_although_it_has_left(
    engine: FakeController, more: int
) -> None:
    body = BODY + b" " * more

    async def trial() -> None:
        server, _, writer = await _started(engine)
        writer.write(PUT % len(body) + body)
        writer.close()
        async with asyncio.timeout(PATIENCE_S):
            while engine.revision() < 2:
                await asyncio.sleep(0)
        await server.stop()

    asyncio.run(trial())
    assert engine.network().intent.instances["web-2"].host == "host-2"


def test_a_large_body_waits_for_its_turns_and_comes_whole(
    engine: FakeController, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "_UNREAD_MOST", 100)  # so that it is held again and again
    body = BODY + b" " * 300_000

    async def trial() -> bytes:
        server, reader, writer = await _started(engine)
        writer.write(PUT % len(body) + body)
        found = await _answer(reader)
        writer.close()
        await server.stop()
        return found

    assert asyncio.run(trial()).startswith(b"HTTP/1.1 201")
    assert engine.network().intent.instances["web-2"].host == "host-2"


def test_headers_without_end_are_refused(engine: FakeController) -> None:
    async def trial() -> bytes:
        server, reader, writer = await _started(engine)
        writer.write(b"GET /healthz HTTP/1.1\r\nHost: a\r\n")
        answer = asyncio.create_task(reader.read())
        with contextlib.suppress(ConnectionError):  # it is closed on us while we write
            for number in itertools.count():
                writer.write(b"X-%d: %s\r\n" % (number, b"x" * 1000))
                await writer.drain()
                if answer.done():
                    break
        async with asyncio.timeout(PATIENCE_S):
            with contextlib.suppress(ConnectionResetError):  # as the kernel tells it at times
                assert (await answer).startswith(b"HTTP/1.1 400")
        await server.stop()
        return b"ended"

    assert asyncio.run(trial()) == b"ended"


def test_an_early_refusal_is_not_followed_by_another_for_the_rest_of_the_body(
    engine: FakeController,
) -> None:
    """What is refused by its head alone leaves a body that nobody reads."""
    put = PUT.replace(b"/v1/instances/web-2", b"/nowhere") % 200_000

    async def trial() -> list[bytes]:
        server, reader, writer = await _started(engine)
        writer.write(put)
        found = [await _answer(reader)]
        for _ in range(200):
            writer.write(b" " * 1000)
            await writer.drain()
        writer.write(READ % b"web-1")
        found.append(await _answer(reader))
        writer.close()
        await server.stop()
        return found

    assert [answer.split()[1] for answer in asyncio.run(trial())] == [b"404", b"200"]


def test_a_client_that_would_rather_speak_http_2_is_answered_all_the_same(
    engine: FakeController,
) -> None:
    wish = b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n"

    async def trial() -> list[bytes]:
        server, reader, writer = await _started(engine)
        found = []
        for head in (READ % b"web-1", PUT % len(BODY), READ % b"web-2"):
            writer.write(head.replace(b"Host: a\r\n", b"Host: a\r\n" + wish))
            writer.write(BODY if head.startswith(b"PUT") else b"")
            found.append(await _answer(reader))
        writer.close()
        await server.stop()
        return found

    assert [answer.split()[1] for answer in asyncio.run(trial())] == [b"200", b"201", b"200"]


@pytest.mark.parametrize("framing", [b"Content-Length: 200000", b"Transfer-Encoding: chunked"])
def test_so_is_one_whose_body_comes_in_pieces(engine: FakeController, framing: bytes) -> None:
    body = BODY + b" " * (200_000 - len(BODY))
    head = (
        b"PUT /v1/instances/web-2 HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
        b"Connection: Upgrade\r\nUpgrade: h2c\r\n" + framing + b"\r\n\r\n"
    )
    pieces = [body[at : at + 9_000] for at in range(0, len(body), 9_000)]
    if b"chunked" in framing:
        pieces = [b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces] + [b"0\r\n\r\n"]

    async def trial() -> bytes:
        server, reader, writer = await _started(engine)
        for piece in (head[:50], head[50:], *pieces):
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(0)
        found = await _answer(reader)
        writer.close()
        await server.stop()
        return found

    assert asyncio.run(trial()).startswith(b"HTTP/1.1 201")
    assert engine.network().intent.instances["web-2"].host == "host-2"


def test_who_takes_it_for_a_proxy_is_refused(engine: FakeController) -> None:
    async def trial() -> bytes:
        server, reader, writer = await _started(engine)
        writer.write(b"CONNECT a:80 HTTP/1.1\r\nHost: a\r\n\r\nhello")
        async with asyncio.timeout(PATIENCE_S):
            found: bytes = await reader.read()
        await server.stop()
        return found

    assert asyncio.run(trial()).startswith(b"HTTP/1.1 400")


def test_of_many_requests_at_once_few_wait_within_and_all_are_answered_in_order(
    engine: FakeController, monkeypatch: pytest.MonkeyPatch
) -> None:
    waiting: list[int] = []
    respond = connections.Connection.on_response_complete

    def watched(connection: connections.Connection) -> None:
        waiting.append(len(connection.pipeline))
        respond(connection)

    monkeypatch.setattr(connections.Connection, "on_response_complete", watched)
    names = [b"web-1", b"api-1", b"nobody"] * 600
    asked = b"".join(READ % name for name in names)
    at_once = connections._AT_ONCE // len(READ % b"web-1") + connections._PIPELINED_MOST

    async def trial() -> list[bytes]:
        server, reader, writer = await _started(engine)
        writer.write(asked)
        found = [await _answer(reader) for _ in names]
        writer.close()
        await server.stop()
        return found

    answers = asyncio.run(trial())
    assert all(name in answer for name, answer in zip(names, answers, strict=True))
    assert 1 < max(waiting) <= at_once < len(names)


def test_headers_without_end_are_refused_also_behind_an_answer_that_goes_on(
    engine: FakeController,
) -> None:
    async def trial() -> bytes:
        server, reader, writer = await _started(engine)
        writer.write(b"GET /v1/events HTTP/1.1\r\nHost: a\r\nAccept: text/event-stream\r\n\r\n")
        async with asyncio.timeout(PATIENCE_S):
            assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200")
            writer.write(b"GET /healthz HTTP/1.1\r\n")
            with contextlib.suppress(ConnectionError):
                for number in range(1000):
                    writer.write(b"X-%d: %s\r\n" % (number, b"x" * 1000))
                    await writer.drain()
                    await asyncio.sleep(0)
                    if reader.at_eof():
                        break
                while await reader.read(1 << 16):
                    pass
        await server.stop()
        return b"ended"

    assert asyncio.run(trial()) == b"ended"


def test_what_comes_behind_a_request_and_is_none_does_not_cost_its_answer(
    engine: FakeController,
) -> None:
    """As of a client that says too small a length for its body."""

    async def trial() -> bytes:
        server, reader, writer = await _started(engine)
        writer.write(PUT % len(BODY) + BODY + b"\r\n}}")
        async with asyncio.timeout(PATIENCE_S):
            found: bytes = await reader.read()
        await server.stop()
        return found

    answers = asyncio.run(trial())
    assert answers.startswith(b"HTTP/1.1 201")
    assert answers.count(b"HTTP/1.1") == 1


@pytest.mark.parametrize(
    ("version", "also"), [(b"1.1", b"close, "), (b"1.0", b""), (b"1.0", b"keep-alive, ")]
)
def test_a_wish_for_another_protocol_with_the_last_request(
    engine: FakeController, version: bytes, also: bytes
) -> None:
    head = (PUT % len(BODY)).replace(b"HTTP/1.1", b"HTTP/" + version)
    wish = b"Connection: %sUpgrade\r\nUpgrade: h2c\r\n" % also

    async def trial() -> bytes:
        server, reader, writer = await _started(engine)
        writer.write(head.replace(b"Host: a\r\n", b"Host: a\r\n" + wish) + BODY)
        found = await _answer(reader)
        writer.close()
        await server.stop()
        return found

    assert asyncio.run(trial()).startswith(b"HTTP/1.1 201")


def test_many_wishes_for_another_protocol_are_not_too_many(
    engine: FakeController, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A connection that is lost with them unread is forgotten, as any other."""
    wish = b"GET /nowhere HTTP/1.1\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n"
    left: list[int] = []
    lose = connections.Connection.connection_lost

    def watched(connection: connections.Connection, error: Exception | None) -> None:
        lose(connection, error)
        left.append(len(connection.connections))

    monkeypatch.setattr(connections.Connection, "connection_lost", watched)

    async def trial() -> None:
        server, _, writer = await _started(engine)
        writer.write(wish * 1200)
        writer.close()
        async with asyncio.timeout(PATIENCE_S):
            while not left:
                await asyncio.sleep(0)
        await server.stop()

    asyncio.run(trial())
    assert left == [0]


def test_who_asks_for_more_than_is_answered_is_not_read_on(
    engine: FakeController, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What waits to be read is bounded, and all of it is answered in the end."""
    unread: list[int] = []
    take = connections.Connection.data_received

    def watched(connection: connections.Connection, data: bytes) -> None:
        take(connection, data)
        unread.append(len(connection._unread))

    monkeypatch.setattr(connections.Connection, "data_received", watched)
    count = 20_000

    async def trial() -> int:
        server, reader, writer = await _started(engine)
        writer.write(b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n" * count)
        answered = 0
        async with asyncio.timeout(PATIENCE_S):
            while answered < count:
                answered += (await reader.readuntil(b"\r\n\r\n")).count(b"HTTP/1.1 ")
        writer.close()
        await server.stop()
        return answered

    assert asyncio.run(trial()) == count
    assert len(unread) > 3
    assert max(unread) <= connections._UNREAD_MOST + (1 << 18)  # what asyncio reads at once


def test_trailers_are_no_headers_and_have_an_end(engine: FakeController) -> None:
    head = (PUT % 0).replace(b"Content-Length: 0", b"Transfer-Encoding: chunked")
    chunk = b"%x\r\n%s\r\n0\r\n" % (len(BODY), BODY)

    async def trial(trailers: bytes) -> bytes:
        server, reader, writer = await _started(engine)
        writer.write(head + chunk + trailers)
        async with asyncio.timeout(PATIENCE_S):
            found = await reader.readuntil(b"\r\n")
        writer.close()
        await server.stop()
        return found

    dry = b'If-Match: "77"\r\n\r\n'  # would be refused, were it a header
    assert asyncio.run(trial(dry)).startswith(b"HTTP/1.1 201")
    assert asyncio.run(trial(b"X: y\r\n" * 20_000)).startswith(b"HTTP/1.1 400")
