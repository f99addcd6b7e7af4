"""Revisions in the store: numbered documents, each made against the one before.

One transaction does it all (RFC 7047, section 5.2): ``wait`` until the head is what the writer
expects, insert, move the head, and ``commit`` durably, so that of two writers one fails and what
was acknowledged is on disk. Calls block in one thread of their own, never the engine's loop.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

import ovs.json
import ovs.jsonrpc
import ovs.stream

from controller.errors import Conflict, NotFound, RemoteError, UnknownOutcome

DATABASE: Final = "Bulkhead"
KEPT: Final = 200
"""How many revisions are kept; older ones go when a new one comes."""

_NOTES: Final = ["number", "author", "message", "created_at", "changes", "key", "request"]
_COLUMNS: Final = [*_NOTES, "document"]
_TIMED_OUT: Final = "timed out"  # what a wait of 0 ms that does not hold answers


@dataclass(frozen=True, slots=True)
class RevisionHead:
    """A revision without its content. ``created_at`` is ISO 8601, UTC.

    ``changes`` says what changed; ``key`` and ``request`` tell a write that is sent again from
    another one.
    """

    number: int
    author: str
    message: str
    created_at: str
    changes: Mapping[str, Any] = field(default_factory=dict)
    key: str = ""
    request: str = ""


@dataclass(frozen=True, slots=True)
class StoredRevision:
    """A revision and its document."""

    head: RevisionHead
    document: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class NewRevision:
    """A revision that is to be stored; see :class:`RevisionHead`."""

    document: Mapping[str, Any]
    author: str
    message: str
    changes: Mapping[str, Any] = field(default_factory=dict)
    key: str = ""
    request: str = ""


class Store:
    """The store behind a list of OVSDB remotes; the first that answers is used."""

    def __init__(self, remotes: Sequence[str]) -> None:
        self._remotes = tuple(remotes)
        self._connection: Any = None
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="store")

    async def latest(self) -> StoredRevision | None:
        """The newest revision, None while there is none."""
        heads = await self._transact(_select("Head", [], ["number"]))
        if not heads[0]["rows"]:
            return None
        return await self.get(int(heads[0]["rows"][0]["number"]))

    async def get(self, number: int) -> StoredRevision:
        """A revision. Raises NotFound."""
        found = await self._transact(_select("Revision", [["number", "==", number]], _COLUMNS))
        if not found[0]["rows"]:
            raise NotFound(f"there is no revision {number}; the last {KEPT} are kept")
        row = found[0]["rows"][0]
        return StoredRevision(_head(row), json.loads(row["document"]))

    async def heads(self, limit: int) -> list[RevisionHead]:
        """The newest revisions, newest first."""
        found = await self._transact(_select("Revision", [], _NOTES))
        rows = sorted(found[0]["rows"], key=lambda row: -int(row["number"]))
        return [_head(row) for row in rows[:limit]]

    async def with_key(self, key: str) -> RevisionHead | None:
        """The newest kept revision with this idempotency key, None where there is none."""
        found = await self._transact(_select("Revision", [["key", "==", key]], _NOTES))
        return max(map(_head, found[0]["rows"]), key=lambda head: head.number, default=None)

    async def commit(
        self,
        document: Mapping[str, Any],
        *,
        expected: int,
        author: str,
        message: str,
        changes: Mapping[str, Any] | None = None,
        key: str = "",
        request: str = "",
    ) -> StoredRevision:
        """Make a document the next revision after ``expected`` (0: the first).

        Raises Conflict where another writer was first, UnknownOutcome where the answer was lost.
        """
        new = NewRevision(document, author, message, changes or {}, key, request)
        return StoredRevision((await self.commit_all([new], expected=expected))[0], document)

    async def commit_all(
        self, new: Sequence[NewRevision], *, expected: int
    ) -> Sequence[RevisionHead]:
        """Make several documents the next revisions, in one transaction: all of them, or none.

        Raises Conflict where another writer was first, UnknownOutcome where the answer was lost.
        """
        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        heads = [
            RevisionHead(number, one.author, one.message, now, one.changes, one.key, one.request)
            for number, one in enumerate(new, expected + 1)
        ]
        rows = [_row(head, one.document) for head, one in zip(heads, new, strict=True)]
        try:
            await self._transact(*_swap_head(expected, heads[-1].number), *_insert(rows))
        except UnknownOutcome:
            if not await self._is_there(heads[-1]):
                raise
        return heads

    async def close(self) -> None:
        """Close the connection."""
        await self._run(self._disconnect)
        self._thread.shutdown()

    async def _is_there(self, head: RevisionHead) -> bool:
        """Whether a commit whose answer was lost is known to have happened after all."""
        try:
            return (await self.get(head.number)).head == head
        except (NotFound, RemoteError):
            return False

    async def _transact(self, *operations: Mapping[str, Any]) -> list[Any]:
        results: list[Any] = await self._run(self._request, operations)
        for result in results:
            if result and "error" in result:
                if result["error"] in (_TIMED_OUT, "constraint violation"):
                    raise Conflict("another writer was first; read the newest revision and retry")
                raise RemoteError(f"store: {result['error']}: {result.get('details', '')}")
        return results

    async def _run(self, work: Any, *arguments: Any) -> Any:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work, *arguments)

    def _request(self, operations: Sequence[Mapping[str, Any]]) -> Any:
        if self._connection is None:
            self._connect()
        request = ovs.jsonrpc.Message.create_request("transact", [DATABASE, *operations])
        error, reply = self._connection.transact_block(request)
        if error:
            self._disconnect()
            raise UnknownOutcome("store: the connection was lost before the answer")
        if reply.error:
            raise RemoteError(f"store: {reply.error}")
        return reply.result

    def _connect(self) -> None:
        reasons = []
        for remote in self._remotes:
            error, stream = ovs.stream.Stream.open_block(ovs.stream.Stream.open(remote))
            if not error:
                self._connection = ovs.jsonrpc.Connection(stream)
                return
            reasons.append(f"{remote}: error {error}")
        raise RemoteError(f"store: nobody answers: {'; '.join(reasons)}")

    def _disconnect(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def _select(table: str, where: list[Any], columns: list[str]) -> dict[str, Any]:
    return {"op": "select", "table": table, "where": where, "columns": columns}


def _swap_head(expected: int, newest: int) -> list[dict[str, Any]]:
    """Fail unless the head is ``expected``, then move it on. The table holds one row at most."""
    now, then = {"number": expected}, {"number": newest}
    if expected == 0:
        return [{"op": "insert", "table": "Head", "row": then}]
    wait = {"op": "wait", "table": "Head", "where": [], "columns": ["number"], "until": "=="}
    return [
        {**wait, "rows": [now], "timeout": 0},
        {"op": "update", "table": "Head", "where": [], "row": then},
    ]


def _insert(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    too_old = [["number", "<=", int(rows[-1]["number"]) - KEPT]]
    return [
        *({"op": "insert", "table": "Revision", "row": dict(row)} for row in rows),
        {"op": "delete", "table": "Revision", "where": too_old},
        {"op": "commit", "durable": True},
    ]


def _row(head: RevisionHead, document: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "number": head.number,
        "document": json.dumps(document, separators=(",", ":"), sort_keys=True),
        "author": head.author,
        "message": head.message,
        "created_at": head.created_at,
        "changes": json.dumps(head.changes),
        "key": head.key,
        "request": head.request,
    }


def _head(row: Mapping[str, Any]) -> RevisionHead:
    return RevisionHead(
        *(int(row["number"]), row["author"], row["message"], row["created_at"]),
        json.loads(row["changes"] or "{}"),  # a revision of an older schema says nothing
        *(row["key"], row["request"]),
    )
