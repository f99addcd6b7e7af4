"""What the northbound needs of the engine, declared where it is used."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final, Literal, Protocol

from controller.dataplane.program import Program
from controller.model.identity import IdentityKey
from controller.model.intent import Intent
from controller.model.network import Network, Role
from controller.northbound.texts import checked_text
from controller.verify.proof import Held, Proof

Wait = Literal["applied", "stored"]
"""When a write answers: confirmed by every connected switch, or as soon as it is durable."""

Origins = Mapping[str, tuple[str, int]]
"""Where objects were written down: ``rules/web-to-api`` to (file, line from 1)."""


@dataclass(frozen=True, slots=True)
class SwitchStatus:
    """One declared switch. ``revision`` is the last it confirmed; ``problem`` why not in sync."""

    name: str
    number: int
    role: Role
    host: str
    connected: bool
    in_sync: bool
    revision: int | None
    entries: int
    problem: str | None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a write. ``pending``: switches that do not hold it yet, each with why."""

    revision: int
    applied: bool
    pending: Mapping[str, str]


Changed = Mapping[str, Sequence[str]]
"""Names of objects (``rules/web-to-api``) that are ``added``, ``changed`` and ``removed``."""

NOTHING_CHANGED: Final[Changed] = MappingProxyType({"added": (), "changed": (), "removed": ()})


@dataclass(frozen=True, slots=True)
class Note:
    """What the history keeps of a write: who, why, what.

    ``key`` and ``request`` are the client's idempotency key and the digest of its request, so that
    a request sent again is known also by a controller that has been restarted; "" without one.

    Raises :class:`errors.Invalid` for a text that cannot be kept, so that it never comes to the
    store, where it would take other writes of the same commit with it.
    """

    author: str
    message: str
    changes: Changed = field(default_factory=lambda: NOTHING_CHANGED)
    key: str = ""
    request: str = ""

    def __post_init__(self) -> None:
        checked_text(self.author, "author")
        checked_text(self.message, "message")


@dataclass(frozen=True, slots=True)
class Draft:
    """What a write makes of the newest revision. ``note.changes`` names all that differs: where it
    names nothing, the intent is that of the revision itself and nothing is stored."""

    intent: Intent
    origins: Origins
    note: Note

    @property
    def changes_something(self) -> bool:
        """Whether it is a revision of its own."""
        return any(self.note.changes.values())


@dataclass(frozen=True, slots=True)
class Write:
    """A change of the intent, planned when its turn comes, and again where another was first.

    ``plan`` gets the network and the origins that it changes. It runs in a thread unless it
    ``is_brief``, and raises :class:`errors.Invalid` or :class:`errors.NotFound`. ``expected`` is
    the revision that the write must be made against, None for the newest.
    """

    plan: Callable[[Network, Origins], Draft]
    expected: int | None = None
    is_brief: bool = False


@dataclass(frozen=True, slots=True)
class Written:
    """A write that is stored: what it made, and where that stands."""

    draft: Draft
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class RevisionInfo:
    """A stored revision without its content. ``created_at`` is ISO 8601 in UTC."""

    number: int
    author: str
    message: str
    created_at: str
    changes: Changed = field(default_factory=lambda: NOTHING_CHANGED)
    request: str = ""


@dataclass(frozen=True, slots=True)
class LinkLoad:
    """What a link carries each way, in bit/s over the last seconds."""

    a_to_b_bps: int
    b_to_a_bps: int


@dataclass(frozen=True, slots=True)
class Sighting:
    """Packets that a rule has let pass, and when that was last noticed (ISO 8601, UTC).

    ``source`` and ``destination`` are identities, which services that no rule tells apart share;
    None where the switches count them for the rule as a whole.
    """

    rule: str
    source: IdentityKey | None
    destination: IdentityKey | None
    at: str


@dataclass(frozen=True, slots=True)
class JournalEvent:
    """Something that happened. ``at`` is ISO 8601 in UTC; ``data`` is JSON-able."""

    id: int
    at: str
    kind: str
    data: Mapping[str, Any]


GAP: Final = "gap"
"""The kind of the event that stands where others are no longer kept."""


class Events(Protocol):
    """The journal, as the northbound sees it."""

    @property
    def forgotten(self) -> int:
        """The id of the last event that is no longer kept."""

    def since(self, number: int) -> Sequence[JournalEvent]:
        """The kept events after the one with this id, oldest first; all of them after 0.

        Where some of those are no longer kept, an event ``gap`` stands for them.
        """

    async def more(self, number: int) -> Sequence[JournalEvent]:
        """The same, once there is one; none when there will be no more."""


@dataclass(frozen=True, slots=True)
class ProofRun:
    """A proof that was made: when (ISO 8601, UTC), of what, and whether it holds."""

    at: str
    revision: int
    holds: bool
    faults: int
    switches: int
    entries: int
    took_ms: float


@dataclass(frozen=True, slots=True)
class ProofStatus:
    """The last proof of everything, and the last of a change; None while there was none."""

    whole: ProofRun | None
    change: ProofRun | None


class Telemetry(Protocol):
    """What measures, as the northbound sees it."""

    def answered(self, status: int) -> None:
        """A request over REST was answered with an HTTP status, from 200 to 599."""

    def exposition(self) -> tuple[bytes, str]:
        """Everything that is measured, as Prometheus reads it, and the media type of that."""


class Controller(Protocol):
    """The engine, as the northbound sees it. Called from the engine's own asyncio loop."""

    def network(self) -> Network:
        """The desired network now: newest intent, topology and facts."""

    def revision(self) -> int:
        """The number of the newest stored revision, 0 while there is none."""

    def origins(self) -> Origins:
        """Where the newest revision's objects were written down."""

    def switches(self) -> Sequence[SwitchStatus]:
        """Every declared switch."""

    def loads(self) -> Mapping[str, LinkLoad]:
        """What the links carry, by name; those of which it is known."""

    def sightings(self) -> Sequence[Sighting]:
        """What rules were seen to let pass since the controller began."""

    def installed(self) -> Mapping[str, Program]:
        """What each switch is known to hold, by read-back."""

    def proofs(self) -> ProofStatus:
        """The last proofs that were made."""

    async def prove(self) -> tuple[Proof, Mapping[str, Held]]:
        """Read every connected switch back and prove what they hold; also what that is."""

    def started(self) -> bool:
        """Whether stored intent and observed ports are known."""

    def ready(self) -> tuple[bool, str]:
        """Whether every declared switch holds the newest revision, and if not, why."""

    async def submit(self, write: Write, *, wait: Wait, timeout_s: float) -> Written:
        """Plan and store a write as the next revision, and see it applied.

        Raises what its plan raises, and :class:`errors.Conflict`.
        """

    def outcome(self) -> Outcome:
        """Where the newest revision stands now."""

    def events(self) -> Events:
        """What has happened."""

    async def revision_of(self, key: str) -> RevisionInfo | None:
        """The revision that a write with this idempotency key made, None where there is none."""

    async def revisions(self, limit: int) -> Sequence[RevisionInfo]:
        """The newest revisions, newest first."""

    async def intent_at(self, number: int) -> Intent:
        """The intent of a revision. Raises :class:`errors.NotFound`."""
