"""What the metrics need of the engine, declared where it is used."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from controller.model.network import Network


class SwitchSeen(Protocol):
    """One declared switch."""

    @property
    def name(self) -> str:
        """What the topology calls it."""

    @property
    def connected(self) -> bool:
        """Whether it has a session."""

    @property
    def in_sync(self) -> bool:
        """Whether it holds what it should."""

    @property
    def entries(self) -> int:
        """How many entries it is known to hold."""


class ProofSeen(Protocol):
    """A proof that was made."""

    @property
    def at(self) -> str:
        """When it ended: ISO 8601, UTC."""

    @property
    def faults(self) -> int:
        """How much it found wrong."""

    @property
    def took_ms(self) -> float:
        """How long it took."""


class ProofsSeen(Protocol):
    """The last proofs, None while there was none."""

    @property
    def whole(self) -> ProofSeen | None:
        """Of everything, from what switches were read to hold."""

    @property
    def change(self) -> ProofSeen | None:
        """Of a change."""


class Site(Protocol):
    """The engine, as whoever measures it sees it."""

    def network(self) -> Network:
        """The desired network now."""

    def revision(self) -> int:
        """The number of the newest stored revision, 0 while there is none."""

    def switches(self) -> Sequence[SwitchSeen]:
        """Every declared switch."""

    def proofs(self) -> ProofsSeen:
        """The last proofs that were made."""

    def ready(self) -> tuple[bool, str]:
        """Whether every declared switch holds the newest revision, and if not, why."""
