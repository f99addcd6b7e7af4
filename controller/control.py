"""The running controller: what is wanted and known, between northbound, store and the loop.

Everything here happens in one asyncio loop. The switches are :class:`controller.stepping.Loop`'s;
writes wait their turn in :class:`controller.writing.Writing`.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Final, NamedTuple

from controller.dataplane.program import Program
from controller.diff.plan import EMPTY
from controller.errors import RemoteError, UnknownOutcome
from controller.journal import Journal
from controller.model.intent import Intent
from controller.model.network import Facts, Network, Topology
from controller.needs import History, Meter, Revision, Switches, Unmetered
from controller.northbound.ports import (
    Draft,
    Events,
    LinkLoad,
    Origins,
    Outcome,
    ProofStatus,
    RevisionInfo,
    Sighting,
    SwitchStatus,
    Wait,
    Write,
    Written,
)
from controller.proving import Prover
from controller.reconcile.events import ReadBack, ReadBackDone, SwitchDown, SwitchUp
from controller.reconcile.state import State
from controller.reports import tell_facts, tell_faults
from controller.sightings import Sightings
from controller.standing import pending, refuted, switch_statuses, unproved
from controller.stepping import Loop
from controller.verify.proof import Held, Proof
from controller.writing import Writing

log = logging.getLogger(__name__)

PROOF_ATTEMPTS: Final = 3
"""How often switches are read for a proof of the whole while changes come in between."""


class _Left(NamedTuple):
    """Why a network that has been told to the loop is not applied, where switches stood so."""

    state: State | None
    network: Network | None
    serial: int
    left: Mapping[str, str]


class Control:
    """The desired network, and the way from it to the switches."""

    def __init__(
        self,
        topology: Topology,
        switches: Switches,
        history: History,
        *,
        audit_s: float,
        incremental: bool = True,
        clock: Callable[[], float] = time.monotonic,
        prover: Prover | None = None,
    ) -> None:
        self._network = Network(Intent(), topology)
        self._names = {s.datapath_id: s.name for s in topology.switches.values()}
        self._switches = switches
        self._history = history
        self._revision = Revision(0, Intent(), {})
        self._prover = prover or Prover(incremental=incremental)
        self.journal = Journal(last=int(time.time() * 1000))
        self._facts_known = False
        self._sessions: dict[str, int] = {}
        self.loop = Loop(
            *(switches, self._prover, self.journal),
            audit_s=audit_s,
            incremental=incremental,
            clock=clock,
        )
        self._told = _Left(None, None, 0, {})
        self.link_loads: Callable[[], Mapping[str, LinkLoad]] = dict
        self.meter: Meter = Unmetered()
        self._clock = clock
        self.seen = Sightings()
        self._writing = Writing(
            *(history, self._newest, self._adopt_all, self._catch_up, self._foresee)
        )

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
        return {n: s.held for n, s in self.loop.state.switches.items() if s.held is not None}

    def switches(self) -> Sequence[SwitchStatus]:
        """The declared switches, by name."""
        return switch_statuses(self._network, self.loop.state, self.loop.serial)

    def loads(self) -> Mapping[str, LinkLoad]:
        """What the links carry, as ``link_loads`` counts it."""
        return self.link_loads()

    def sightings(self) -> Sequence[Sighting]:
        """What rules were seen to let pass, as ``seen`` was told."""
        return self.seen.of(self._network.intent)

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
            if self._mark() == mark and self.loop.at_rest:
                break  # else a switch was changed while others were read: read them again
        return await self._prover.whole(network, held, revision), held

    def _mark(self) -> tuple[int, ...]:
        """Differs once a switch has been sent a change, or the network is another."""
        return (self.loop.serial, *(s.changes for s in self.loop.state.switches.values()))

    async def _read_all(self) -> dict[str, Held]:
        asked = (
            ReadBack(name, switch.session, 0, expected=switch.held or EMPTY)
            for name, switch in self.loop.state.switches.items()
            if switch.session is not None
        )
        answers = await asyncio.gather(*map(self._switches.read_back, asked))
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
                tell_faults(tuple(map(str, proof.faults)), self.journal)

    def started(self) -> bool:
        """Whether stored intent and observed ports are known, so that programs can be computed."""
        return self._facts_known

    def ready(self) -> tuple[bool, str]:
        """Whether every declared switch holds the newest revision, and if not, why."""
        if not self._facts_known:
            return False, "waiting for the switches' OVSDB: ports are not known yet"
        state = self.loop.state
        waiting = pending(self._network, state, self.loop.serial) | refuted(state)
        why = "; ".join(f"{name}: {reason}" for name, reason in waiting.items())
        return (not waiting, why or "every switch holds the newest revision")

    async def revisions(self, limit: int) -> Sequence[RevisionInfo]:
        """The newest revisions, newest first."""
        return await self._history.revisions(limit)

    async def intent_at(self, number: int) -> Intent:
        """The intent of a revision. Raises NotFound."""
        return await self._history.intent_at(number)

    async def submit(self, write: Write, *, wait: Wait, timeout_s: float) -> Written:
        """Plan and store a write as the next revision, and see it applied.

        Raises what its plan raises, Conflict where it names another revision than the newest, and
        UnknownOutcome where the store did not answer.
        """
        began_s = self._clock()
        try:
            stored = await self._writing.store(write)
        except Exception as error:
            self.meter.write_refused(error)
            raise
        changed = stored.draft.changes_something
        if changed:
            self.meter.write_stored(self._clock() - began_s)
        if wait == "applied":
            await self.loop.applied(stored.serial, timeout_s)
        outcome = self._stands(stored.revision, stored.serial)
        confirmed = wait == "applied" and outcome.applied
        self.meter.write_done(
            changed=changed, applied_s=self._clock() - began_s if confirmed else None
        )
        return Written(stored.draft, outcome)

    def outcome(self) -> Outcome:
        """Where the newest revision stands now."""
        return self._stands(self._revision.number, self.loop.serial)

    def events(self) -> Events:
        """What has happened."""
        return self.journal

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
            if self._facts_known:  # what is there at the start is no news
                tell_facts(self._network.facts, facts, self.journal)
            self._facts_known = True
            self._change(replace(self._network, facts=facts))
            self._let_in(facts)

    def switch_up(self, datapath_id: int, session: int) -> None:
        """A switch has connected."""
        name = self._names.get(datapath_id)
        if name is None:
            log.warning("switch %016x is not in the topology: left alone", datapath_id)
        else:
            log.info("%s is connected", name)
            self.journal.record("switch-up", switch=name)
            self._sessions[name] = session
            if self._facts_known and name not in self._network.facts.unseen:
                self.loop.feed(SwitchUp(name, session))

    def switch_down(self, datapath_id: int, session: int) -> None:
        """A switch's session has ended."""
        name = self._names.get(datapath_id)
        if name is not None:
            log.warning("%s has disconnected; it keeps forwarding", name)
            self.journal.record("switch-down", switch=name)
            if self._sessions.get(name) == session:
                del self._sessions[name]
            self.loop.feed(SwitchDown(name, session))

    def end_events(self) -> None:
        """Let those go who follow the journal."""
        self.journal.close()

    async def close(self) -> None:
        """Stop. Switches keep what they hold."""
        await self._writing.close()
        await self.loop.close()

    # Inside.

    def _let_in(self, facts: Facts) -> None:
        """Tell the loop of switches whose ports are known by now; others keep what they hold."""
        for name in self._sessions.keys() - facts.unseen:
            if self.loop.state.switch(name).session != self._sessions[name]:
                self.loop.feed(SwitchUp(name, self._sessions[name]))

    def _newest(self) -> tuple[Revision, Network]:
        return self._revision, self._network

    def _adopt_all(self, made: Sequence[tuple[Revision, Draft]]) -> int:
        """Take revisions that were stored together as one change; the serial that it has."""
        for revision, draft in made:
            self.journal.record(
                "revision",
                revision=revision.number,
                author=draft.note.author,
                message=draft.note.message,
                changes={kind: len(names) for kind, names in draft.note.changes.items()},
            )
        if made:
            self.adopt(made[-1][0])
        return self.loop.serial

    def _foresee(self, network: Network, revision: int) -> None:
        if self._facts_known:
            self.loop.foresee(network, revision)

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
            self.loop.change(network, self._revision.number)

    def _stands(self, revision: int, serial: int) -> Outcome:
        """Writes that were stored together are answered together: what is left is found once."""
        state, network, told = self.loop.state, self._network, self._told
        if told.state is not state or told.network is not network or told.serial != serial:
            left = pending(network, state, serial) | unproved(state, serial)
            told = self._told = _Left(state, network, serial, left)
        return Outcome(revision, not told.left, told.left)
