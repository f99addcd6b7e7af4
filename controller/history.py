"""Intents as stored revisions: the store keeps documents, the controller thinks in intents."""

from __future__ import annotations

from collections.abc import Sequence

from controller.control import Revision
from controller.model.decode import restore_intent
from controller.model.encode import encode_intent
from controller.model.intent import Intent
from controller.northbound.ports import Origins, RevisionInfo
from controller.store.revisions import Store, StoredRevision


class StoredHistory:
    """Revisions in a store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def latest(self) -> Revision | None:
        """The newest revision, None while there is none."""
        stored = await self._store.latest()
        return None if stored is None else _revision(stored)

    async def commit(
        self, intent: Intent, origins: Origins, *, expected: int, author: str, message: str
    ) -> Revision:
        """Make an intent the next revision. Raises Conflict if ``expected`` is not the newest."""
        document = {
            "intent": encode_intent(intent),
            "origins": {key: list(place) for key, place in origins.items()},
        }
        stored = await self._store.commit(
            document, expected=expected, author=author, message=message
        )
        return Revision(stored.head.number, intent, origins)

    async def revisions(self, limit: int) -> Sequence[RevisionInfo]:
        """The newest revisions, newest first."""
        return [
            RevisionInfo(head.number, head.author, head.message, head.created_at)
            for head in await self._store.heads(limit)
        ]

    async def intent_at(self, number: int) -> Intent:
        """The intent of a revision. Raises NotFound."""
        return _revision(await self._store.get(number)).intent


def _revision(stored: StoredRevision) -> Revision:
    origins = {key: (file, line) for key, (file, line) in stored.document["origins"].items()}
    return Revision(stored.head.number, restore_intent(stored.document["intent"]), origins)
