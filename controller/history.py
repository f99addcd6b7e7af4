"""Intents as stored revisions: the store keeps documents, the controller thinks in intents."""

from __future__ import annotations

from collections.abc import Sequence

from controller.model.decode import restore_intent
from controller.model.encode import encode_intent
from controller.model.intent import Intent
from controller.needs import Revision
from controller.northbound.ports import NOTHING_CHANGED, Draft, RevisionInfo
from controller.store.revisions import NewRevision, RevisionHead, Store, StoredRevision


class StoredHistory:
    """Revisions in a store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def latest(self) -> Revision | None:
        """The newest revision, None while there is none."""
        stored = await self._store.latest()
        return None if stored is None else _revision(stored)

    async def commit(self, drafts: Sequence[Draft], *, expected: int) -> Sequence[Revision]:
        """Make drafts the next revisions, each against the one before: all of them, or none.

        Raises Conflict if ``expected`` is not the newest, UnknownOutcome if the answer was lost.
        """
        stored = await self._store.commit_all([_new(draft) for draft in drafts], expected=expected)
        return [
            Revision(head.number, draft.intent, draft.origins)
            for head, draft in zip(stored, drafts, strict=True)
        ]

    async def revisions(self, limit: int) -> Sequence[RevisionInfo]:
        """The newest revisions, newest first."""
        return [_info(head) for head in await self._store.heads(limit)]

    async def revision_of(self, key: str) -> RevisionInfo | None:
        """The revision that a write with this idempotency key made, None where there is none."""
        head = await self._store.with_key(key)
        return None if head is None else _info(head)

    async def intent_at(self, number: int) -> Intent:
        """The intent of a revision. Raises NotFound."""
        return _revision(await self._store.get(number)).intent


def _new(draft: Draft) -> NewRevision:
    note = draft.note
    return NewRevision(
        {
            "intent": encode_intent(draft.intent),
            "origins": {key: list(place) for key, place in draft.origins.items()},
        },
        note.author,
        note.message,
        {kind: list(names) for kind, names in note.changes.items()},
        note.key,
        note.request,
    )


def _info(head: RevisionHead) -> RevisionInfo:
    changes = {**NOTHING_CHANGED, **head.changes}
    return RevisionInfo(
        head.number, head.author, head.message, head.created_at, changes, head.request
    )


def _revision(stored: StoredRevision) -> Revision:
    origins = {key: (file, line) for key, (file, line) in stored.document["origins"].items()}
    return Revision(stored.head.number, restore_intent(stored.document["intent"]), origins)
