"""When proofs are made and what is known from them: a whole one first, then one for each change.

A proof computes for milliseconds to seconds, so it runs in a thread of its own, one at a time. A
whole proof reads the switches back first; the proof of a change takes what the loop has just read.
While switches are being changed it is made already, of what they are to hold: where they then hold
just that, it is the proof.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from controller.dataplane.program import Program
from controller.model.network import Network
from controller.northbound.ports import ProofRun, ProofStatus
from controller.verify.advance import advance
from controller.verify.proof import Ground, Held, Proof, conclude, prove, survey

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Made:
    """A proof, of what it was made, and how long that took. ``whole``: not from one before."""

    network: Network
    held: Mapping[str, Program]
    proof: Proof
    took_s: float
    whole: bool

    def is_of(self, network: Network, held: Mapping[str, Program]) -> bool:
        """Whether it is of these very objects."""
        return (
            self.network is network
            and self.held.keys() == held.keys()
            and all(self.held[name] is rows for name, rows in held.items())
        )


class Prover:
    """Makes proofs and remembers the last whole one and the last of a change."""

    def __init__(self, *, incremental: bool = True) -> None:
        self._incremental = incremental
        self._ground: Ground | None = None
        self._turn = asyncio.Lock()
        self._whole: ProofRun | None = None
        self._change: ProofRun | None = None
        self._expected: tuple[Network, Mapping[str, Program]] | None = None
        self._told: tuple[Network, Mapping[str, Program]] | None = None
        self._expecting: asyncio.Task[None] | None = None
        self._early: _Made | None = None
        self.took_s = 0.0
        """How long the last proof of a change took to make, in seconds; 0 where there was none."""

    def status(self) -> ProofStatus:
        """The last proofs."""
        return ProofStatus(self._whole, self._change)

    async def change(
        self, network: Network, held: Mapping[str, Program], revision: int
    ) -> tuple[str, ...]:
        """Prove what switches were confirmed to hold; what is wrong, in words."""
        async with self._turn:
            early, self._early, self._expected = self._early, None, None
            if early is None or not early.is_of(network, held):
                early = await asyncio.to_thread(self._advance, network, held)
            if not early.whole or not self._incremental:
                self.took_s = early.took_s
            run = _run(early.proof, revision, early.took_s)
            if early.whole:
                self._whole = run
            else:
                self._change = run
        return tuple(str(fault) for fault in early.proof.faults)

    def expect(self, network: Network, held: Mapping[str, Program]) -> None:
        """Begin the proof of what switches are to hold; :meth:`change` is asked for it later.

        Of what is expected while another proof is made, the newest counts. To be told the same
        again is nothing new.
        """
        told = self._told
        if told is not None and told[0] is network and told[1] is held:
            return
        self._expected = self._told = network, held
        if self._incremental and self._expecting is None:
            self._expecting = asyncio.get_running_loop().create_task(self._make_early())

    async def whole(self, network: Network, held: Mapping[str, Held], revision: int) -> Proof:
        """Prove everything from what switches really hold now."""
        async with self._turn:
            began = time.monotonic()
            proof = await asyncio.to_thread(prove, network, held)
            self._whole = _run(proof, revision, time.monotonic() - began)
        return proof

    async def _make_early(self) -> None:
        async with self._turn:
            self._expecting, expected = None, self._expected
            if expected is None:
                return
            try:
                self._early = await asyncio.to_thread(self._advance, *expected)
            except Exception:  # the proof itself is yet to come, and tells what is wrong with it
                log.exception("no proof could be made while switches were being changed")

    def _advance(self, network: Network, held: Mapping[str, Program]) -> _Made:
        began = time.monotonic()
        before, self._ground = self._ground, None  # used up, also where this fails
        found = survey(network, held) if before is None else advance(before, network, held)
        proof = conclude(found)
        self._ground = found if self._incremental else None
        return _Made(network, held, proof, time.monotonic() - began, whole=before is None)


def _run(proof: Proof, revision: int, took_s: float) -> ProofRun:
    return ProofRun(
        at=datetime.now(UTC).isoformat(timespec="milliseconds"),
        revision=revision,
        holds=proof.holds,
        faults=len(proof.faults),
        switches=proof.switches,
        entries=proof.rows,
        took_ms=round(took_s * 1000, 1),
    )
