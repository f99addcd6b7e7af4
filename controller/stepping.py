"""The loop at work: it steps on events, one at a time, and carries the effects out.

Everything here happens in one asyncio loop. What takes time (a switch's answer, a proof) is a task
whose outcome comes back as an event. Networks that come while the switches are about to confirm an
earlier one gather: the loop is told of the newest alone, so that many changes at once are one
rollout, and none overtakes another before that is confirmed.

What a network comes to that is about to be stored is worked out meanwhile, and the bundles that it
begins with are filled. A step depends on its state and event, and on the time only where that makes
an event of its own; so what was foreseen of both is what is, and counts for nothing where any event
came first.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from contextlib import suppress
from functools import partial
from typing import Any, Final, NamedTuple

from controller.diff.plan import EMPTY
from controller.journal import Journal
from controller.model.intent import Intent
from controller.model.network import Network
from controller.needs import Switches
from controller.proof_turns import ProofTurns
from controller.proving import Prover
from controller.reconcile.events import (
    BundleDone,
    BundleFailed,
    Drift,
    Effect,
    Event,
    GoOn,
    NetworkChanged,
    Prepare,
    Problem,
    Prove,
    ReadBack,
    Reverted,
    SendBundle,
    Settled,
    Tick,
    WakeAt,
)
from controller.reconcile.parts import MOST_AHEAD
from controller.reconcile.rollout import Step
from controller.reconcile.state import Rollout, State
from controller.reconcile.step import step
from controller.reports import report
from controller.standing import confirming, under_way

log = logging.getLogger("controller.control")

GATHER_S: Final = 1.0
"""How long networks gather at most: a switch that is slow to confirm does not hold up others."""


class _Foreseen(NamedTuple):
    """The step on a network that may be the next event: ports that come or go are one, too."""

    intent: Intent
    revision: int
    step: Step

    def is_of(self, event: Event) -> bool:
        """Whether it came to that. Another controller's revision may have the same number."""
        return (
            isinstance(event, NetworkChanged)
            and event.network.intent is self.intent
            and event.revision == self.revision
        )


class Loop:
    """The loop's state, and what it asks of switches and of the prover."""

    def __init__(
        self,
        switches: Switches,
        prover: Prover,
        journal: Journal,
        *,
        audit_s: float,
        incremental: bool,
        clock: Callable[[], float],
    ) -> None:
        self.state = State(incremental=incremental)
        self._switches = switches
        self._prover = prover
        self._journal = journal
        self._audit_s = audit_s
        self._clock = clock
        self._foreseen: _Foreseen | None = None
        self._gathered: NetworkChanged | None = None
        self._gathering_until_s = 0.0
        self._gathering: asyncio.TimerHandle | None = None
        self._unasked: set[str] = set()
        self._goes_on = False
        self._waiting: dict[int, asyncio.Event] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._wake: asyncio.TimerHandle | None = None
        self._proofs = ProofTurns(prover, journal, clock, self.feed, self._is_in_a_burst)
        self.on_network: Callable[[Network], None] = lambda _network: None
        """Called with each network that the loop is told of, for adapters that follow it (QoS)."""

    @property
    def serial(self) -> int:
        """The number of the newest network, also while it waits to be told."""
        return self.state.serial + (self._gathered is not None)

    @property
    def at_rest(self) -> bool:
        """Whether no change is under way and none waits."""
        return self.state.rollout is None and self._gathered is None

    def change(self, network: Network, revision: int) -> None:
        """Want another network: at once, or together with those that wait."""
        if self._gathered is None:
            self._gathering_until_s = self._clock() + GATHER_S
        self._gathered = NetworkChanged(network, revision)
        self._tell()
        if self._gathered is not None and self._gathering is None:
            later = asyncio.get_running_loop().call_later
            self._gathering = later(GATHER_S, self._gather_no_more)
        self._let_go()

    def foresee(self, network: Network, revision: int) -> None:
        """Work out what a network comes to that may be wanted in a moment; nothing changes yet."""
        if confirming(self.state) or self._gathered is not None:
            return  # it will gather
        event = NetworkChanged(network, revision)
        with suppress(Exception):  # what is wrong is met again, and told, once it is wanted
            found = step(self.state, event, self._clock(), self._audit_s)
            self._foreseen = _Foreseen(network.intent, revision, found)
            for effect in found[1]:
                bundle = effect.bundle if isinstance(effect, Prepare) else effect
                if isinstance(bundle, SendBundle) and 0 < bundle.size <= MOST_AHEAD:
                    self._switches.prepare(Prepare(bundle))

    def feed(self, event: Event) -> None:
        """Step on an event, and on a network that has waited for it."""
        self._step(event)
        self._tell()
        self._let_go()

    async def applied(self, serial: int, timeout_s: float) -> None:
        """Wait until every connected switch has confirmed, one has refused, or the time is up."""
        if not self._under_way(serial):
            return
        done = self._waiting.setdefault(serial, asyncio.Event())
        self._proofs.go_on()
        try:
            async with asyncio.timeout(timeout_s):
                await done.wait()
        except TimeoutError:
            return

    async def close(self) -> None:
        """Stop stepping. Switches keep what they hold."""
        for timer in (self._wake, self._gathering):
            if timer:
                timer.cancel()
        await self._proofs.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _tell(self) -> None:
        waiting = self._gathered
        if waiting is None:
            return
        if confirming(self.state) and self._clock() < self._gathering_until_s:
            return
        self._gathered = None
        if self._gathering is not None:
            self._gathering.cancel()
            self._gathering = None
        self._step(waiting)
        self.on_network(waiting.network)

    def _gather_no_more(self) -> None:
        """However it stands with the switches, what is gathered is told."""
        self._gathering_until_s = 0.0
        self._tell()
        self._let_go()

    def _let_go(self) -> None:
        for serial in [n for n in self._waiting if not self._under_way(n)]:
            self._waiting.pop(serial).set()

    def _under_way(self, serial: int) -> bool:
        return serial > self.state.serial or under_way(self.state, serial)

    def _step(self, event: Event) -> None:
        self.state, effects = self._found(event)
        for effect in effects:
            self._perform(effect)
        self._expect()

    def _found(self, event: Event) -> Step:
        """The step on an event: as it was foreseen, or worked out now."""
        foreseen, self._foreseen = self._foreseen, None
        if foreseen is not None and foreseen.is_of(event):
            return foreseen.step
        return step(self.state, event, self._clock(), self._audit_s)

    def _expect(self) -> None:
        """Have proved what the switches will hold, while they are at it and wait for nothing."""
        rollout, network = self.state.rollout, self.state.network
        if (
            network is not None
            and rollout is not None
            and rollout.leaves_time
            and self._is_wanted(rollout)
            and not self._proofs.may_wait()
        ):
            self._prover.expect(network, rollout.target)

    def _is_wanted(self, rollout: Rollout) -> bool:
        """Whether it leads to what is wanted now: not on the way back, for instance."""
        wanted = self.state.wanted
        return all(rows is wanted.get(name, EMPTY) for name, rows in rollout.target.items())

    def _perform(self, effect: Effect) -> None:
        match effect:
            case Prepare():
                self._switches.prepare(effect)
            case SendBundle():
                self._unasked.add(effect.switch)
                asked = partial(self._asked, effect.switch)
                self._spawn(self._outcome(self._switches.send_bundle(effect, asked)))
            case ReadBack():
                self._spawn(self._outcome(self._switches.read_back(effect)))
            case WakeAt(time_s):
                self._wake_at(time_s)
            case GoOn():
                self._goes_on = True
                self._go_on_in_time()
            case Prove():
                self._proofs.want(effect, self.state.revision)
            case Settled() | Drift() | Problem() | Reverted():
                report(effect, self._journal)

    def _is_in_a_burst(self) -> bool:
        """Whether more networks have come already, and nobody waits for any."""
        return self._gathered is not None and not self._waiting

    def _asked(self, switch: str) -> None:
        self._unasked.discard(switch)
        self._go_on_in_time()

    def _go_on_in_time(self) -> None:
        """Once each switch has its work: what is worked out meanwhile keeps none waiting."""
        if self._goes_on and not self._unasked:
            self._goes_on = False
            asyncio.get_running_loop().call_soon(self.feed, Tick())

    async def _outcome(self, request: Coroutine[Any, Any, Event]) -> None:
        event = await request
        if isinstance(event, BundleDone | BundleFailed):  # also where it was refused unasked
            self._asked(event.switch)
        self.feed(event)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _wake_at(self, time_s: float) -> None:
        if self._wake:
            self._wake.cancel()
        delay = max(0.001, time_s - self._clock())
        self._wake = asyncio.get_running_loop().call_later(delay, self.feed, Tick())
