"""The connection to an OVSDB server: what arrives in pieces, probes, and servers that go."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from controller.errors import RemoteError, UnknownOutcome
from controller.store.channel import Channel
from controller.store.rows import new_object, select
from controller.store.server import StoreServer

Visit = Callable[[socket.socket], None]
"""What a server does with one client, until it hangs up."""

_ROWS = [{"rows": [{"key": "é}", "value": '{"body": {}}'}]}]


def test_an_answer_may_come_in_any_pieces(tmp_path: Path) -> None:
    def drip(client: socket.socket) -> None:
        text = json.dumps(_reply(_request(client), _ROWS), ensure_ascii=False).encode()
        for byte in text:
            client.sendall(bytes([byte]))

    with _serving(tmp_path, [drip]) as channel:
        assert channel.transact() == _ROWS


def test_an_answer_may_be_long(server: StoreServer) -> None:
    channel = Channel([server.remote])
    names = [f"rules/é-{number}" for number in range(10_000)]
    channel.transact(*(new_object(name, {"body": {"at": "}é" * 20}}) for name in names))
    rows = channel.transact(select("Object", ["key", "value"]))[0]["rows"]
    assert sorted(row["key"] for row in rows) == sorted(names)
    assert {json.loads(row["value"])["body"]["at"] for row in rows} == {"}é" * 20}
    channel.close()


def test_probes_are_answered_before_and_between(tmp_path: Path) -> None:
    echoes: list[Any] = []
    probed = threading.Event()

    def probing(client: socket.socket) -> None:
        for _ in range(2):
            request = _request(client)
            _send(client, _probe("one"), _probe("two"))
            echoes.extend([_request(client), _request(client)])
            _send(client, _reply(request, []), _probe("idle"))
            probed.set()
            echoes.append(_request(client))

    with _serving(tmp_path, [probing]) as channel:
        channel.transact()
        assert probed.wait(10)
        channel.transact()
        with suppress(UnknownOutcome):
            channel.transact()  # the server has hung up after its last probe was answered
    assert [echo["id"] for echo in echoes] == ["one", "two", "idle"] * 2
    assert all(echo["result"] == [] for echo in echoes)


def test_a_server_that_hung_up_meanwhile_is_visited_again(tmp_path: Path) -> None:
    gone = threading.Event()

    def once(client: socket.socket) -> None:
        _send(client, _reply(_request(client), []))
        client.close()
        gone.set()

    with _serving(tmp_path, [once, once]) as channel:
        for _ in range(2):
            assert channel.transact() == []
            assert gone.wait(10)
            gone.clear()


def test_an_answer_that_is_lost_is_an_unknown_outcome(tmp_path: Path) -> None:
    def silent(client: socket.socket) -> None:
        _request(client)

    def answering(client: socket.socket) -> None:
        _send(client, _reply(_request(client), []))

    with _serving(tmp_path, [silent, answering]) as channel:
        with pytest.raises(UnknownOutcome, match="hung up"):
            channel.transact()
        assert channel.transact() == []


def test_a_server_that_says_nothing_is_not_waited_for_without_end(tmp_path: Path) -> None:
    ended = threading.Event()

    def stuck(client: socket.socket) -> None:
        _request(client)
        client.sendall(b'{"id"')
        ended.wait(10)

    with _serving(tmp_path, [stuck], answer_s=0.05) as channel:
        with pytest.raises(UnknownOutcome, match="ETIMEDOUT"):
            channel.transact()
        ended.set()


def test_a_database_of_another_schema_is_told_how_to_convert_it(server: StoreServer) -> None:
    with pytest.raises(RemoteError, match=r"colour.*convert it: ovsdb-client convert"):
        Channel([server.remote]).transact(select("Head", ["colour"]))


def test_nobody_there_is_said_with_every_remote(tmp_path: Path) -> None:
    remotes = [f"unix:{tmp_path}/a", f"unix:{tmp_path}/b"]
    with pytest.raises(RemoteError, match=r"nobody answers: .*/a: ENOENT; .*/b: ENOENT"):
        Channel(remotes).transact()


@contextmanager
def _serving(folder: Path, visits: Sequence[Visit], answer_s: float = 10) -> Iterator[Channel]:
    """A channel to a server that does this with one client after the other."""
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(folder / "socket"))
    listener.listen()

    def serve() -> None:
        for visit in visits:
            client = listener.accept()[0]
            with client:
                visit(client)

    thread = threading.Thread(target=serve)
    thread.start()
    channel = Channel([f"unix:{folder / 'socket'}"], answer_s=answer_s)
    try:
        yield channel
    finally:
        channel.close()
        thread.join(10)
        listener.close()
    assert not thread.is_alive()


def _request(client: socket.socket) -> dict[str, Any]:
    """The next message; clients here send one at a time, or several that are read one by one."""
    text = ""
    while True:
        text += client.recv(1).decode()
        with suppress(ValueError):
            found: dict[str, Any] = json.loads(text)
            return found


def _send(client: socket.socket, *messages: dict[str, Any]) -> None:
    client.sendall("".join(map(json.dumps, messages)).encode())


def _reply(request: dict[str, Any], result: list[Any]) -> dict[str, Any]:
    return {"id": request["id"], "result": result, "error": None}


def _probe(name: str) -> dict[str, Any]:
    return {"id": name, "method": "echo", "params": []}
