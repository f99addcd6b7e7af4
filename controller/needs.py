"""What the running controller needs of its adapters, declared apart from who fulfils it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from controller.model.intent import Intent
from controller.northbound.ports import Draft, Origins, RevisionInfo
from controller.reconcile.events import Event, Prepare, ReadBack, SendBundle


@dataclass(frozen=True, slots=True)
class Revision:
    """A stored intent, with where each object was written down."""

    number: int
    intent: Intent
    origins: Origins


class Switches(Protocol):
    """What carries out the loop's requests to switches (:mod:`controller.southbound.switches`)."""

    def prepare(self, effect: Prepare) -> None:
        """Fill a bundle that may be sent in a moment, or do nothing."""

    async def send_bundle(self, effect: SendBundle, asked: Callable[[], None]) -> Event:
        """Commit a bundle: BundleDone or BundleFailed.

        ``asked`` is called once the switch has been asked for all of it, if it comes to that.
        """

    async def read_back(self, effect: ReadBack) -> Event:
        """Ask what a switch holds: ReadBackDone or ReadBackFailed."""


class Meter(Protocol):
    """What counts writes and how long they take (:mod:`controller.telemetry.metrics`)."""

    def write_stored(self, took_s: float) -> None:
        """A write is durable."""

    def write_done(self, *, changed: bool, applied_s: float | None) -> None:
        """A write is answered; ``applied_s`` where it was seen to be confirmed."""

    def write_refused(self, error: Exception) -> None:
        """A write has come to nothing."""


class Unmetered:
    """Counts nothing."""

    def write_stored(self, took_s: float) -> None:
        """A write is durable."""

    def write_done(self, *, changed: bool, applied_s: float | None) -> None:
        """A write is answered."""

    def write_refused(self, error: Exception) -> None:
        """A write has come to nothing."""


class History(Protocol):
    """What keeps revisions (:mod:`controller.history`)."""

    async def latest(self) -> Revision | None:
        """The newest revision, None while there is none."""

    async def commit(self, drafts: Sequence[Draft], *, expected: int) -> Sequence[Revision]:
        """Make drafts the next revisions, each against the one before: all of them, or none.

        Raises Conflict if ``expected`` is not the newest, UnknownOutcome if the answer was lost.
        """

    async def revisions(self, limit: int) -> Sequence[RevisionInfo]:
        """The newest revisions, newest first."""

    async def intent_at(self, number: int) -> Intent:
        """The intent of a revision. Raises NotFound."""

    async def revision_of(self, key: str) -> RevisionInfo | None:
        """The revision that a write with this idempotency key made, None where there is none."""
