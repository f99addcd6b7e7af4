"""Transactions with an OVSDB server (RFC 7047, section 4.1.3), one at a time, blocking.

Messages are read by the standard library's JSON parser: python-ovs reads one character after
another where its C part was not built, which takes minutes for a megabyte.
"""

from __future__ import annotations

import errno
import json
import time
from collections.abc import Mapping, Sequence
from typing import Any, Final

import ovs.jsonrpc
import ovs.poller
import ovs.stream

from controller.errors import Conflict, RemoteError, UnknownOutcome

DATABASE: Final = "Bulkhead"
ANSWER_S: Final = 30.0
"""How long a server may take: a cluster is without a leader for up to 15 s (docs/store.md)."""

_CHUNK: Final = 1 << 18
_LOST: Final = ("timed out", "constraint violation", "duplicate uuid")
"""What answers a writer who was not the first: a wait of 0 ms that does not hold, a second row
where there is one."""

Operation = Mapping[str, Any]
"""An operation of a transaction, as RFC 7047, section 5.2 has it."""


def listens(remote: str) -> bool:
    """Whether a server takes connections: the file of a socket is there a moment earlier."""
    error, stream = _opened(remote)
    if not error:
        stream.close()
    return not error


class Channel:
    """The connection to the first of several remotes that answers, made anew when it is lost."""

    def __init__(
        self, remotes: Sequence[str], database: str = DATABASE, answer_s: float = ANSWER_S
    ) -> None:
        self._remotes = tuple(remotes)
        self._database = database
        self._answer_s = answer_s
        self._connection: _Connection | None = None

    def transact(self, *operations: Operation) -> list[Any]:
        """All operations or none; the result of each.

        Raises Conflict where another writer was first, RemoteError where the transaction has not
        happened, UnknownOutcome where it may have.
        """
        request = ovs.jsonrpc.Message.create_request("transact", [self._database, *operations])
        reply = self._ask(request)
        if reply.error:
            raise RemoteError(f"store: {reply.error}")
        results: list[Any] = reply.result
        for result in results:
            if result and "error" in result:
                raise _refusal(result)
        return results

    def close(self) -> None:
        """Close the connection; the next transaction opens another."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _ask(self, request: Any) -> Any:
        connection = self._connected()
        deadline_s = time.monotonic() + self._answer_s
        error = connection.send(request)
        while not error:
            error, reply = connection.receive(deadline_s)
            if reply is not None and reply.id == request.id:
                return reply
        self.close()
        raise UnknownOutcome(f"store: no answer from the server: {_named(error)}")

    def _connected(self) -> _Connection:
        """A connection that was still there a moment ago."""
        if self._connection is not None and not self._connection.is_alive():
            self.close()
        if self._connection is None:
            self._connection = self._open()
        return self._connection

    def _open(self) -> _Connection:
        reasons = []
        for remote in self._remotes:
            error, stream = _opened(remote)
            if not error:
                return _Connection(stream)
            reasons.append(f"{remote}: {_named(error)}")
        raise RemoteError(f"store: nobody answers: {'; '.join(reasons)}")


class _Connection(ovs.jsonrpc.Connection):
    """python-ovs' connection with another reader. Errors are errno numbers, 0 for none."""

    def __init__(self, stream: Any) -> None:
        super().__init__(stream)
        self._unread = bytearray()
        self._decoder = json.JSONDecoder()

    def is_alive(self) -> bool:
        """Whether the server has not hung up; answers its probes (ovsdb-server(7), echo)."""
        error, message = self.recv()
        while not error:
            self._answer(message)
            error, message = self.recv()
        return bool(error == errno.EAGAIN)

    def receive(self, deadline_s: float) -> tuple[int, Any]:
        """The next message that is a reply, by a time of the monotonic clock."""
        while True:
            error, message = self.recv()
            if error == errno.EAGAIN:
                left_ms = int((deadline_s - time.monotonic()) * 1000)
                if left_ms <= 0:
                    return errno.ETIMEDOUT, None
                self._wait(left_ms)
            elif error or message.type in _REPLIES:
                return error, message
            else:
                self._answer(message)

    def recv(self) -> tuple[int, Any]:
        """The next message, EAGAIN where it is not complete yet."""
        if self.status:
            return self.status, None
        error, data = self.stream.recv(_CHUNK)
        while data and not error:
            self._unread += data
            error, data = self.stream.recv(_CHUNK)
        missing, message = self._message()  # the last words of a server that hung up count
        if missing and error != errno.EAGAIN:
            self.error(error or ovs.jsonrpc.EOF)
            return self.status, None
        return missing, message

    def _message(self) -> tuple[int, Any]:
        """What has been read, where it ends as a message does and is one."""
        if not self._unread.endswith(b"}"):
            return errno.EAGAIN, None
        text = self._unread.decode()
        try:
            found, end = self._decoder.raw_decode(text)
        except ValueError:
            return errno.EAGAIN, None  # an object within it ended here
        self._unread = bytearray(text[end:].lstrip().encode())
        return 0, ovs.jsonrpc.Message.from_json(found)

    def _wait(self, most_ms: int) -> None:
        self.run()
        poller = ovs.poller.Poller()
        self.wait(poller)
        self.stream.recv_wait(poller)
        poller.timer_wait(most_ms)
        poller.block()

    def _answer(self, message: Any) -> None:
        if message.type == ovs.jsonrpc.Message.T_REQUEST and message.method == "echo":
            self.send(ovs.jsonrpc.Message.create_reply(message.params, message.id))


_REPLIES: Final = (ovs.jsonrpc.Message.T_REPLY, ovs.jsonrpc.Message.T_ERROR)


def _opened(remote: str) -> tuple[int, Any]:
    error, stream = ovs.stream.Stream.open_block(ovs.stream.Stream.open(remote))
    return error, stream


def _refusal(result: Mapping[str, Any]) -> Conflict | RemoteError:
    if result["error"] in _LOST:
        return Conflict("another writer was first; read the newest revision and retry")
    if result["error"] == "syntax error":
        return RemoteError(
            f"store: the database has not the schema of this version: {result.get('details', '')};"
            " convert it: ovsdb-client convert REMOTE controller/store/bulkhead.ovsschema"
        )
    return RemoteError(f"store: {result['error']}: {result.get('details', '')}")


def _named(error: int) -> str:
    return {ovs.jsonrpc.EOF: "it hung up"}.get(error) or errno.errorcode.get(error, str(error))
