"""When proofs are made and what is known from them: a whole one first, then one for each change.

A proof computes for milliseconds to seconds, so it runs in a thread of its own, one at a time. A
whole proof reads the switches back first; the proof of a change takes what the loop has just read.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from datetime import UTC, datetime

from controller.dataplane.program import Program
from controller.model.network import Network
from controller.northbound.ports import ProofRun, ProofStatus
from controller.verify.advance import advance
from controller.verify.proof import Ground, Held, Proof, conclude, prove, survey


class Prover:
    """Makes proofs and remembers the last whole one and the last of a change."""

    def __init__(self, *, incremental: bool = True) -> None:
        self._incremental = incremental
        self._ground: Ground | None = None
        self._turn = asyncio.Lock()
        self._whole: ProofRun | None = None
        self._change: ProofRun | None = None

    def status(self) -> ProofStatus:
        """The last proofs."""
        return ProofStatus(self._whole, self._change)

    async def change(
        self, network: Network, held: Mapping[str, Program], revision: int
    ) -> tuple[str, ...]:
        """Prove what switches were confirmed to hold; what is wrong, in words."""
        async with self._turn:
            began = time.monotonic()
            whole = self._ground is None
            proof = await asyncio.to_thread(self._advance, network, held)
            run = _run(proof, revision, began)
            if whole:
                self._whole = run
            else:
                self._change = run
        return tuple(str(fault) for fault in proof.faults)

    async def whole(self, network: Network, held: Mapping[str, Held], revision: int) -> Proof:
        """Prove everything from what switches really hold now."""
        async with self._turn:
            began = time.monotonic()
            proof = await asyncio.to_thread(prove, network, held)
            self._whole = _run(proof, revision, began)
        return proof

    def _advance(self, network: Network, held: Mapping[str, Program]) -> Proof:
        before, self._ground = self._ground, None  # used up, also where this fails
        found = survey(network, held) if before is None else advance(before, network, held)
        proof = conclude(found)
        self._ground = found if self._incremental else None
        return proof


def _run(proof: Proof, revision: int, began_s: float) -> ProofRun:
    return ProofRun(
        at=datetime.now(UTC).isoformat(timespec="milliseconds"),
        revision=revision,
        holds=proof.holds,
        faults=len(proof.faults),
        switches=proof.switches,
        entries=proof.rows,
        took_ms=round((time.monotonic() - began_s) * 1000, 1),
    )
