"""Revisions in the store: numbered, each a difference from the one before.

One transaction does a commit (RFC 7047, section 5.2): ``wait`` until the head is what the writer
expects, move it, insert what changed, and ``commit`` durably, so that of two writers one fails and
what was acknowledged is on disk. Calls block in one thread of their own, never the engine's loop.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final, TypeVar

from controller.errors import Conflict, NotFound, RemoteError, UnknownOutcome
from controller.store.channel import Channel, Operation
from controller.store.folding import fold
from controller.store.rows import (
    DURABLY,
    Difference,
    Document,
    document_of,
    dumped,
    expect,
    insert,
    move,
    new_object,
    put_on,
    select,
    united,
)
from controller.store.upgrade import upgrade

KEPT: Final = 200
"""How many revisions can be read and restored."""

NOTED: Final = 10_000
"""Of how many the notes are kept: who, when, why, what, and the key of the write. One takes the
server some 1,000 bytes, and all of them are looked through for a key."""

QUIET_S: Final = 1.0
"""For how long nothing is committed before old revisions are folded: the next would wait for it."""

_INTEGER_MAX: Final = 2**63 - 1  # RFC 7047, section 3.1; more is a syntax error to the server
_NOTES: Final = ["number", "author", "message", "created_at", "changes", "key", "request"]
_NUMBERS: Final = select("Head", ["number", "base"])

T = TypeVar("T")


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
    document: Document


@dataclass(frozen=True, slots=True)
class NewRevision:
    """A revision that is to be stored; see :class:`RevisionHead`."""

    difference: Difference
    author: str
    message: str
    changes: Mapping[str, Any] = field(default_factory=dict)
    key: str = ""
    request: str = ""


class Store:
    """The store behind a list of OVSDB remotes; the first that answers is used.

    The last ``kept`` revisions can be read. After a tenth as many again, older ones are folded into
    the base in the next quiet moment, after as many again at once; the notes of the last ``noted``
    stay.
    """

    def __init__(self, remotes: Sequence[str], *, kept: int = KEPT, noted: int = NOTED) -> None:
        self._channel = Channel(remotes)
        self._kept = kept
        self._noted = max(kept, noted)
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="store")
        self._upgraded = False
        self._folded = 0
        self._folding: asyncio.Task[None] | None = None
        self._fold_at: asyncio.TimerHandle | None = None
        self._closed = False

    async def latest(self) -> StoredRevision | None:
        """The newest revision, None while there is none."""
        return await self._run(self._newest)

    async def get(self, number: int) -> StoredRevision:
        """A revision. Raises NotFound."""
        found = await self._run(self._read, number) if number <= _INTEGER_MAX else None
        if found is None:
            raise NotFound(
                f"there is no revision {number} to read; what the last {self._kept} hold is kept,"
                " of older ones who made them, when and why"
            )
        return found

    async def heads(self, limit: int) -> list[RevisionHead]:
        """The newest revisions, newest first."""
        rows = await self._run(self._newest_notes, limit)
        rows.sort(key=lambda row: -int(row["number"]))
        return [_head(row) for row in rows]

    async def with_key(self, key: str) -> RevisionHead | None:
        """The newest kept revision with this idempotency key, None where there is none."""
        found = map(_head, await self._notes(["key", "==", key]))
        return max(found, key=lambda head: head.number, default=None)

    async def commit(self, new: NewRevision, *, expected: int) -> RevisionHead:
        """Make one revision; see :meth:`commit_all`."""
        return (await self.commit_all([new], expected=expected))[0]

    async def commit_all(
        self, new: Sequence[NewRevision], *, expected: int
    ) -> Sequence[RevisionHead]:
        """Make the next revisions after ``expected`` (0: the first): all of them, or none.

        It is one transaction, of the size of what they change. Raises Conflict where another
        writer was first, UnknownOutcome where the answer was lost.
        """
        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        heads = [
            RevisionHead(number, one.author, one.message, now, one.changes, one.key, one.request)
            for number, one in enumerate(new, expected + 1)
        ]
        try:
            await self._run(self._write, heads, new)
        except UnknownOutcome:
            if not await self._is_there(heads[-1]):
                raise
        self._fold_after(heads[-1].number)
        return heads

    async def close(self) -> None:
        """Close the connection."""
        self._closed = True
        if self._fold_at is not None:
            self._fold_at.cancel()
        if self._folding is not None:
            self._folding.cancel()
            with suppress(asyncio.CancelledError):
                await self._folding
        await asyncio.get_running_loop().run_in_executor(self._thread, self._channel.close)
        self._thread.shutdown()

    async def _is_there(self, head: RevisionHead) -> bool:
        """Whether a commit whose answer was lost is known to have happened after all."""
        try:
            return head in map(_head, await self._notes(["number", "==", head.number]))
        except (RemoteError, UnknownOutcome):
            return False

    async def _notes(self, *where: Sequence[Any]) -> list[dict[str, Any]]:
        (found,) = await self._run(self._channel.transact, select("Revision", _NOTES, *where))
        return list(found["rows"])

    def _fold_after(self, newest: int) -> None:
        """Fold what is no longer kept, soon and one piece at a time."""
        too_many = newest - self._kept - self._folded
        if self._closed or too_many < max(1, self._kept // 10):
            return
        if self._fold_at is not None:
            self._fold_at.cancel()
        wait_s = QUIET_S if too_many <= self._kept else 0.0
        self._fold_at = asyncio.get_running_loop().call_later(wait_s, self._begin_to_fold)

    def _begin_to_fold(self) -> None:
        if self._folding is None or self._folding.done():
            self._folding = asyncio.get_running_loop().create_task(self._fold())

    async def _fold(self) -> None:
        with suppress(Conflict, RemoteError, UnknownOutcome):  # after the next commit, then
            pieces = fold(self._channel, self._kept, self._noted)
            while (base := await self._run(next, pieces, None)) is not None:
                self._folded = base

    async def _run(self, work: Callable[..., T], *arguments: Any) -> T:
        return await asyncio.get_running_loop().run_in_executor(
            self._thread, self._upgraded_first, work, *arguments
        )

    # In the thread.

    def _upgraded_first(self, work: Callable[..., T], *arguments: Any) -> T:
        if not self._upgraded:
            upgrade(self._channel)
            self._upgraded = True
        return work(*arguments)

    def _newest(self) -> StoredRevision | None:
        (heads,) = self._channel.transact(_NUMBERS)
        return self._read(int(heads["rows"][0]["number"])) if heads["rows"] else None

    def _newest_notes(self, limit: int) -> list[dict[str, Any]]:
        (heads,) = self._channel.transact(_NUMBERS)
        newest = max((int(row["number"]) for row in heads["rows"]), default=0)
        after = ["number", ">", newest - min(limit, self._noted)]
        (found,) = self._channel.transact(select("Revision", _NOTES, after))
        return list(found["rows"])

    def _read(self, number: int) -> StoredRevision | None:
        heads, notes, objects, differences = self._channel.transact(
            _NUMBERS,
            select("Revision", _NOTES, ["number", "==", number]),
            select("Object", ["key", "value"]),
            select(
                *("Revision", ["number", "difference"]),
                *(["number", "<=", number], ["difference", "!=", ""]),
            ),
        )
        self._folded = max(self._folded, *(int(head["base"]) for head in heads["rows"]), 0)
        if not notes["rows"] or number <= int(heads["rows"][0]["number"]) - self._kept:
            return None
        document = document_of(objects["rows"])
        put_on(document, united(differences["rows"], int(heads["rows"][0]["base"])))
        return StoredRevision(_head(notes["rows"][0]), document)

    def _write(self, heads: Sequence[RevisionHead], new: Sequence[NewRevision]) -> None:
        differences = [one.difference for one in new]
        first, newest = heads[0].number, heads[-1].number
        operations: list[Operation] = [expect(number=first - 1), move(number=newest)]
        if first == 1:
            base, differences = _values(differences[0]), [{}, *differences[1:]]
            operations = [insert("Head", {"number": newest, "base": 1})]
            operations += [new_object(key, value) for key, value in base.items()]
        operations += map(_new_revision, heads, differences)
        self._channel.transact(*operations, DURABLY)


def _values(difference: Difference) -> Document:
    return {key: value for key, value in difference.items() if value is not None}


def _new_revision(head: RevisionHead, difference: Difference) -> Operation:
    row = {
        "number": head.number,
        "difference": dumped(difference),
        "author": head.author,
        "message": head.message,
        "created_at": head.created_at,
        "changes": dumped(head.changes),
        "key": head.key,
        "request": head.request,
    }
    return insert("Revision", row)


def _head(row: Mapping[str, Any]) -> RevisionHead:
    return RevisionHead(
        *(int(row["number"]), row["author"], row["message"], row["created_at"]),
        json.loads(row["changes"] or "{}"),  # a revision of an older schema says nothing
        *(row["key"], row["request"]),
    )
