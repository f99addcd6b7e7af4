"""Which proof is due, and when it is made: at once, or together with those of a burst."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Final

from controller.journal import Journal
from controller.proving import Prover
from controller.reconcile.events import Event, Prove, Proved
from controller.reports import tell_faults

log = logging.getLogger("controller.control")

TOGETHER_S: Final = 2.0
"""How long proofs that nobody waits for may be put off, so that networks of a burst share one."""

LONGEST_S: Final = 10.0
"""The same where proofs take long: twenty times what the last one took, but no longer than this."""

_TIMES: Final = 20


class ProofTurns:
    """One proof at a time, of what is due; of what became due meanwhile the newest alone.

    ``feed`` is told what each has found. ``is_in_a_burst`` says whether more networks have come
    already and nobody waits for any.
    """

    def __init__(
        self,
        prover: Prover,
        journal: Journal,
        clock: Callable[[], float],
        feed: Callable[[Event], None],
        is_in_a_burst: Callable[[], bool],
    ) -> None:
        self._prover = prover
        self._journal = journal
        self._clock = clock
        self._feed = feed
        self._is_in_a_burst = is_in_a_burst
        self._due: tuple[Prove, int] | None = None
        self._work: asyncio.Task[None] | None = None
        self._began_s = 0.0
        self._timer: asyncio.TimerHandle | None = None

    def want(self, effect: Prove, revision: int) -> None:
        """Have this proved, in place of what was due."""
        self._due = effect, revision
        self.go_on()

    def may_wait(self) -> bool:
        """Whether a proof is nobody's concern yet, and the last was a moment ago."""
        together_s = min(max(TOGETHER_S, _TIMES * self._prover.took_s), LONGEST_S)
        return self._is_in_a_burst() and self._clock() < self._began_s + together_s

    def go_on(self) -> None:
        """Prove what is due: at once, or with the networks that follow, and not much later."""
        if self._due is None or self._work is not None:
            return
        loop = asyncio.get_running_loop()
        if not self.may_wait():
            due, self._due = self._due, None
            self._work = loop.create_task(self._prove(*due))
        elif self._timer is None:
            self._timer = loop.call_later(TOGETHER_S, self._at_last)

    async def close(self) -> None:
        """Make no more."""
        if self._timer is not None:
            self._timer.cancel()
        if self._work is not None:
            self._work.cancel()
            await asyncio.gather(self._work, return_exceptions=True)

    def _at_last(self) -> None:
        self._timer = None
        self.go_on()

    async def _prove(self, effect: Prove, revision: int) -> None:
        self._began_s = self._clock()
        try:
            faults = await self._faults(effect, revision)
        finally:
            self._work = None
        tell_faults(faults, self._journal)
        self._feed(Proved(effect.serial, effect.number, faults))
        self.go_on()

    async def _faults(self, effect: Prove, revision: int) -> tuple[str, ...]:
        try:
            return await self._prover.change(effect.network, effect.held, revision)
        except Exception as error:  # the verifier itself is at fault: say so, and go on
            log.exception("the proof ended without a verdict")
            return (f"the proof ended without a verdict: {error!r}; see the log",)
