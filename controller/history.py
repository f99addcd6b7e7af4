"""Intents as stored revisions: the store keeps entries, the controller thinks in intents.

A write costs what its note says that it changed; only the origins are looked through.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, Final

from controller.errors import Conflict, NotFound
from controller.model.collections import COLLECTIONS
from controller.model.differences import different
from controller.model.encode import encode_object
from controller.model.intent import Intent
from controller.model.restore import restored
from controller.needs import Revision
from controller.northbound.ports import NOTHING_CHANGED, Changed, Draft, RevisionInfo
from controller.store.entries import bodies_of, entry
from controller.store.revisions import NewRevision, RevisionHead, Store, StoredRevision
from controller.store.rows import Difference

_NO_OBJECTS: Final[Mapping[str, Any]] = {}


class StoredHistory:
    """Revisions in a store."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._newest: Revision | None = None

    async def latest(self) -> Revision | None:
        """The newest revision, None while there is none."""
        stored = await self._store.latest()
        if stored is None:
            return None
        self._newest = newest = await asyncio.to_thread(_revision, stored)
        return newest

    async def commit(self, drafts: Sequence[Draft], *, expected: int) -> Sequence[Revision]:
        """Make drafts the next revisions, each against the one before: all of them, or none.

        Raises Conflict if ``expected`` is not the newest, UnknownOutcome if the answer was lost.
        """
        made = [
            Revision(number, draft.intent, draft.origins)
            for number, draft in enumerate(drafts, expected + 1)
        ]
        before = [await self._before(expected), *made]
        new = [
            _new(draft, difference(earlier, revision, draft.note.changes))
            for draft, earlier, revision in zip(drafts, before, made, strict=False)
        ]
        await self._store.commit_all(new, expected=expected)
        self._newest = made[-1]
        return made

    async def revisions(self, limit: int) -> Sequence[RevisionInfo]:
        """The newest revisions, newest first."""
        return [_info(head) for head in await self._store.heads(limit)]

    async def revision_of(self, key: str) -> RevisionInfo | None:
        """The revision that a write with this idempotency key made, None where there is none."""
        head = await self._store.with_key(key)
        return None if head is None else _info(head)

    async def intent_at(self, number: int) -> Intent:
        """The intent of a revision. Raises NotFound."""
        return (await self._at(number)).intent

    async def _before(self, expected: int) -> Revision | None:
        if expected == 0:
            return None
        try:
            return await self._at(expected)
        except NotFound as error:
            raise Conflict(f"{error}: read the newest revision and retry") from error

    async def _at(self, number: int) -> Revision:
        if self._newest is not None and self._newest.number == number:
            return self._newest
        return await asyncio.to_thread(_revision, await self._store.get(number))


def difference(before: Revision | None, after: Revision, changes: Changed) -> Difference:
    """What one revision changed: the entries that differ, and None for those that are gone.

    ``changes`` name all objects that differ. Of the first revision, that is before none, all are.
    """
    if before is None:
        intent = after.intent
        keys = {f"{kind}/{name}" for kind in COLLECTIONS for name in getattr(intent, kind)}
    else:
        keys = {key for names in changes.values() for key in names}
        keys |= different(before.origins, after.origins)
    return {key: _entry(after, key) for key in sorted(keys)}


def _entry(revision: Revision, key: str) -> dict[str, Any] | None:
    collection, _, name = key.partition("/")
    value = getattr(revision.intent, collection, _NO_OBJECTS).get(name)
    if value is None:
        return None
    return entry(encode_object(collection, value), revision.origins.get(key))


def _new(draft: Draft, changed: Difference) -> NewRevision:
    note = draft.note
    changes = {kind: list(names) for kind, names in note.changes.items()}
    return NewRevision(changed, note.author, note.message, changes, note.key, note.request)


def _info(head: RevisionHead) -> RevisionInfo:
    changes = {**NOTHING_CHANGED, **head.changes}
    return RevisionInfo(
        head.number, head.author, head.message, head.created_at, changes, head.request
    )


def _revision(stored: StoredRevision) -> Revision:
    bodies, origins = bodies_of(stored.document)
    return Revision(stored.head.number, restored(bodies), origins)
