"""The running controller: it turns facts into events, steps the loop, and carries effects out.

Everything here happens in one asyncio loop, one event at a time. What takes time (a switch's
answer, a commit) is a task whose outcome comes back as an event.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final, Literal

from controller.dataplane.program import Program
from controller.errors import Conflict, RemoteError, UnknownOutcome
from controller.journal import Journal
from controller.model.intent import Intent
from controller.model.network import Facts, Network, Topology
from controller.needs import History, Revision, Switches
from controller.northbound.ports import (
    Events,
    Note,
    Origins,
    Outcome,
    ProofStatus,
    RevisionInfo,
    SwitchStatus,
)
from controller.proving import Prover
from controller.reconcile.events import (
    Drift,
    Effect,
    Event,
    NetworkChanged,
    Problem,
    Prove,
    Proved,
    ReadBack,
    ReadBackDone,
    Reverted,
    SendBundle,
    Settled,
    SwitchDown,
    SwitchUp,
    Tick,
    WakeAt,
)
from controller.reconcile.state import State
from controller.reconcile.step import step
from controller.reports import report
from controller.standing import pending, switch_statuses, under_way, unproved
from controller.verify.proof import Held, Proof

log = logging.getLogger(__name__)

PROOF_ATTEMPTS: Final = 3
"""How often switches are read for a proof of the whole while changes come in between."""


class Control:
    """The desired network, the loop's state, and the way from one to the other."""

    def __init__(
        self,
        topology: Topology,
        switches: Switches,
        history: History,
        *,
        audit_s: float,
        clock: Callable[[], float] = time.monotonic,
        prover: Prover | None = None,
    ) -> None:
        self._network = Network(Intent(), topology)
        self._switches = switches
        self._history = history
        self._audit_s = audit_s
        self._clock = clock
        self._revision = Revision(0, Intent(), {})
        self._state = State()
        self._prover = prover or Prover()
        self._journal = Journal(last=int(time.time() * 1000))
        self._facts_known = False
        self._writing = asyncio.Lock()
        self._moved = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        self._wake: asyncio.TimerHandle | None = None
        self.on_network: Callable[[Network], None] = lambda _network: None
        """Called after each change of the network, for adapters that follow it (QoS)."""

    # What the northbound asks.

    def network(self) -> Network:
        """The network as it should be now."""
        return self._network

    def revision(self) -> int:
        """The newest revision, 0 while there is none."""
        return self._revision.number

    def origins(self) -> Origins:
        """Where each object of the intent was written down: file and line."""
        return self._revision.origins

    def installed(self) -> Mapping[str, Program]:
        """What each connected switch is known to hold."""
        return {n: s.held for n, s in self._state.switches.items() if s.held is not None}

    def switches(self) -> Sequence[SwitchStatus]:
        """The declared switches, by name."""
        return switch_statuses(self._network, self._state)

    def proofs(self) -> ProofStatus:
        """The last proofs that were made."""
        return self._prover.status()

    async def prove(self) -> tuple[Proof, Mapping[str, Held]]:
        """Read every connected switch back and prove what they hold; also what that is.

        A switch that does not answer is not judged.
        """
        for _ in range(PROOF_ATTEMPTS):
            mark, network, revision = self._mark(), self._network, self._revision.number
            held = await self._read_all()
            if self._mark() == mark and self._state.rollout is None:
                break  # else a switch was changed while others were read: read them again
        return await self._prover.whole(network, held, revision), held

    def _mark(self) -> tuple[int, ...]:
        """Differs once a switch has been sent a change, or the network is another."""
        return (self._state.serial, *(s.changes for s in self._state.switches.values()))

    async def _read_all(self) -> dict[str, Held]:
        sessions = {n: s.session for n, s in self._state.switches.items() if s.session is not None}
        answers = await asyncio.gather(
            *(self._switches.read_back(ReadBack(n, number, 0)) for n, number in sessions.items())
        )
        return {
            answer.switch: Held(answer.held, answer.strays, answer.unreadable)
            for answer in answers
            if isinstance(answer, ReadBackDone)
        }

    async def prove_regularly(self, every_s: float) -> None:
        """Prove everything again and again, while all is in place; tell where it does not hold."""
        while True:
            await asyncio.sleep(every_s)
            if self.ready()[0]:
                proof, _ = await self.prove()
                self._tell_faults(tuple(str(fault) for fault in proof.faults))

    def started(self) -> bool:
        """Whether stored intent and observed ports are known, so that programs can be computed."""
        return self._facts_known

    def ready(self) -> tuple[bool, str]:
        """Whether every declared switch holds the newest revision, and if not, why."""
        if not self._facts_known:
            return False, "waiting for the switches' OVSDB: ports are not known yet"
        waiting = pending(self._network, self._state, self._state.serial)
        why = "; ".join(f"{name}: {reason}" for name, reason in waiting.items())
        return (not waiting, why or "every switch holds the newest revision")

    async def revisions(self, limit: int) -> Sequence[RevisionInfo]:
        """The newest revisions, newest first."""
        return await self._history.revisions(limit)

    async def intent_at(self, number: int) -> Intent:
        """The intent of a revision. Raises NotFound."""
        return await self._history.intent_at(number)

    async def submit(
        self,
        intent: Intent,
        *,
        expected: int,
        note: Note,
        origins: Origins,
        wait: Literal["applied", "stored"],
        timeout_s: float,
    ) -> Outcome:
        """Store an intent as the next revision and see it applied. Raises Conflict."""
        async with self._writing:
            if expected != self._revision.number:
                raise Conflict(
                    f"made against revision {expected}, but {self._revision.number} is the newest;"
                    " read it again and repeat the change"
                )
            if intent != self._revision.intent:
                try:
                    revision = await self._history.commit(
                        intent, origins, expected=expected, note=note
                    )
                except (Conflict, UnknownOutcome):
                    await self._catch_up()
                    raise
                self.adopt(revision)
                self._journal.record(
                    "revision",
                    revision=revision.number,
                    author=note.author,
                    message=note.message,
                    changes={kind: len(names) for kind, names in note.changes.items()},
                )
            number, serial = self._revision.number, self._state.serial
        if wait == "applied":
            await self._applied(serial, timeout_s)
        left = pending(self._network, self._state, serial) or unproved(self._state, serial)
        return Outcome(number, not left, left)

    def outcome(self) -> Outcome:
        """Where the newest revision stands now."""
        serial = self._state.serial
        left = pending(self._network, self._state, serial) or unproved(self._state, serial)
        return Outcome(self._revision.number, not left, left)

    def events(self) -> Events:
        """What has happened."""
        return self._journal

    async def revision_of(self, key: str) -> RevisionInfo | None:
        """The revision that a write with this idempotency key made, None where there is none."""
        return await self._history.revision_of(key)

    # What the adapters tell.

    def adopt(self, revision: Revision) -> None:
        """Take a stored revision as what is wanted from now on."""
        self._revision = revision
        self._change(replace(self._network, intent=revision.intent))

    def observe(self, facts: Facts) -> None:
        """Take observed ports and links."""
        if facts != self._network.facts or not self._facts_known:
            self._facts_known = True
            self._change(replace(self._network, facts=facts))

    def switch_up(self, datapath_id: int, session: int) -> None:
        """A switch has connected."""
        name = self._name(datapath_id)
        if name is None:
            log.warning("switch %016x is not in the topology: left alone", datapath_id)
        else:
            log.info("%s is connected", name)
            self._journal.record("switch-up", switch=name)
            self.feed(SwitchUp(name, session))

    def switch_down(self, datapath_id: int, session: int) -> None:
        """A switch's session has ended."""
        name = self._name(datapath_id)
        if name is not None:
            log.warning("%s has disconnected; it keeps forwarding", name)
            self._journal.record("switch-down", switch=name)
            self.feed(SwitchDown(name, session))

    def feed(self, event: Event) -> None:
        """One step of the loop."""
        self._state, effects = step(self._state, event, self._clock(), self._audit_s)
        for effect in effects:
            self._perform(effect)
        self._moved.set()
        self._moved = asyncio.Event()

    def end_events(self) -> None:
        """Let those go who follow the journal."""
        self._journal.close()

    async def close(self) -> None:
        """Stop stepping. Switches keep what they hold."""
        if self._wake:
            self._wake.cancel()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    # Inside.

    async def _catch_up(self) -> None:
        """Take up what the store has, where that is newer: a commit may have lost its answer.

        A store that is silent is asked again after the next write, which it refuses.
        """
        with contextlib.suppress(RemoteError, UnknownOutcome):
            latest = await self._history.latest()
            if latest is not None and latest.number > self._revision.number:
                self.adopt(latest)

    def _change(self, network: Network) -> None:
        self._network = network
        if self._facts_known:
            self.feed(NetworkChanged(network, self._revision.number))
            self.on_network(network)

    def _perform(self, effect: Effect) -> None:
        match effect:
            case SendBundle():
                self._spawn(self._outcome(self._switches.send_bundle(effect)))
            case ReadBack():
                self._spawn(self._outcome(self._switches.read_back(effect)))
            case WakeAt(time_s):
                self._wake_at(time_s)
            case Prove():
                self._spawn(self._prove(effect))
            case Settled() | Drift() | Problem() | Reverted():
                report(effect, self._journal)
            case Problem(name, reason):
                log.error("%s: %s; it keeps its old program and is tried again", name, reason)

    def _tell_faults(self, faults: tuple[str, ...]) -> None:
        for fault in faults:
            log.error("the proof fails: %s", fault)
        if faults:
            self._journal.record("proof-failed", faults=list(faults))

    async def _outcome(self, request: Coroutine[Any, Any, Event]) -> None:
        self.feed(await request)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _prove(self, effect: Prove) -> None:
        try:
            faults = await self._prover.change(effect.network, effect.held, self._revision.number)
        except Exception as error:  # the verifier itself is at fault: say so, and go on
            log.exception("the proof ended without a verdict")
            faults = (f"the proof ended without a verdict: {error!r}; see the log",)
        self._tell_faults(faults)
        self.feed(Proved(effect.serial, faults))

    def _wake_at(self, time_s: float) -> None:
        if self._wake:
            self._wake.cancel()
        delay = max(0.001, time_s - self._clock())
        self._wake = asyncio.get_running_loop().call_later(delay, self.feed, Tick())

    async def _applied(self, serial: int, timeout_s: float) -> None:
        """Wait until every connected switch has confirmed, one has refused, or the time is up."""
        try:
            async with asyncio.timeout(timeout_s):
                while under_way(self._state, serial):
                    await self._moved.wait()
        except TimeoutError:
            return

    def _name(self, datapath_id: int) -> str | None:
        for switch in self._network.topology.switches.values():
            if switch.datapath_id == datapath_id:
                return switch.name
        return None
