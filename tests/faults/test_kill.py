"""All or nothing: the controller is killed at random moments of writes, and nothing is torn.

SIGKILL hits the engine alone (its speaker starts another), the store's server alone (the engine
ends with it), or ryu-manager with all it has started. ``--soak`` kills ten times as often, from a
seed of its own.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import count
from random import Random
from typing import Final

import httpx

from controller.model.intent import Intent
from labkit.faults import FaultSite, Held, Victim
from tests.faults.conftest import SiteWith
from tests.faults.steps import Way, way
from tests.faults.writes import Drawn, draw

SEED: Final = 20_260_731
KILLS: Final = 100
SOAK_KILLS: Final = 1000
MOST_DELAY_S: Final = 0.25  # a write of this site is stored within 10 ms, applied within 80 ms
MOST_RECOVERY_S: Final = 1.5
UNKNOWN: Final = 504  # it is not known whether it was stored
FAILED: Final = 502  # it was not stored
TELL_EVERY: Final = 30
VICTIMS: Final[tuple[Victim, ...]] = ("engine", "controller", "engine", "controller", "store")


@dataclass
class Rounds:
    """Writes and kills, one round after another; each is checked before the next begins."""

    site: FaultSite
    random: Random
    revision: int
    intent: Intent
    kills: int = 0
    stored: bool = False
    seen: Counter[str] = field(default_factory=Counter)

    def play(self, number: int) -> None:
        """One write, one to three kills, and what must hold whenever they came.

        Two rounds of three kill the recovery from the first kill as well, one of them twice.
        """
        victim = VICTIMS[number % len(VICTIMS)]
        drawn = keyed(draw(self.random, self.intent), f"round-{number}")
        path = way(self.site.programs(self.intent), self.site.programs(drawn.after))
        pids = self.site.pids(victim)
        answer = self.site.start_write(drawn.write)
        self._pause(MOST_DELAY_S * self.random.random() ** 2)  # early moments matter most
        self._kill(victim, pids)
        held = self._check_switches(path, drawn)
        assert path.places(held), f"{drawn.write}: out of order\n{path.off(held)}"
        response = answer.wait()
        self._check_answer(response, path, drawn)
        for _ in range(number % 3):
            self._kill_recovery(victim)
            self._check_switches(path, drawn)
        self.site.recover(victim)
        self._check_end(response, drawn)
        if number % 2:
            self._send_again(drawn)

    def _pause(self, delay_s: float) -> None:
        """Until a random moment: that is what the test draws, there is no event to wait for."""
        time.sleep(self.random.uniform(0, delay_s))

    def _kill(self, victim: Victim, pids: Sequence[int]) -> None:
        self.kills += self.site.kill(victim, pids)

    def _kill_recovery(self, victim: Victim) -> None:
        if victim == "controller":
            self.site.controller.start()
        self._pause(MOST_RECOVERY_S)
        self._kill(victim, self.site.pids(victim))

    def _check_switches(self, path: Way, drawn: Drawn) -> dict[str, Held]:
        """Every switch holds the old program, the new one, or that of a phase between them."""
        held = self.site.held()
        assert path.each_is_on_it(held), f"{drawn.write}: torn\n{path.off(held)}"
        rows = {name: found.program.rows for name, found in held.items()}
        where = {0: "old", path.last: "new"}
        stage = next((n for n, stage in enumerate(path.stages) if stage == rows), -1)
        self.seen[f"{where.get(stage, 'between')} programs"] += 1
        return held

    def _check_answer(self, response: httpx.Response | None, path: Way, drawn: Drawn) -> None:
        """An answer that came is true at once: it speaks of what switches hold now."""
        if response is None or response.status_code == UNKNOWN:
            self.seen["no answer"] += 1
            return
        if response.status_code == FAILED:
            self.seen["failed"] += 1
            return
        self.seen["answered"] += 1
        assert response.status_code in (200, 201), response.text
        answer = response.json()
        assert answer["revision"] == self.revision + 1, drawn.write
        assert answer["applied"] or not drawn.waits, answer
        if answer["applied"]:
            held = {name: found.program.rows for name, found in self.site.held().items()}
            assert held == path.stages[-1], f"{drawn.write}: applied, it was said"

    def _check_end(self, response: httpx.Response | None, drawn: Drawn) -> None:
        """The store has the old or the new revision, and every switch its program, whole."""
        revision = self.site.revision()
        news = revision == self.revision + 1
        status = None if response is None else response.status_code
        stored = {None: (True, False), UNKNOWN: (True, False), FAILED: (False,)}.get(
            status, (True,)
        )
        assert revision == self.revision + news
        assert news in stored, f"{drawn.write}: answered {status}, and it was a lie"
        intent = self.site.intent(revision)
        assert intent == (drawn.after if news else self.intent), drawn.write
        wanted = self.site.programs(intent)
        for name, held in self.site.held().items():
            assert held.foreign == ()
            assert held.program.rows == wanted[name].rows, name
        self.seen["new revision" if news else "old revision"] += 1
        self.revision, self.intent, self.stored = revision, intent, news

    def _send_again(self, drawn: Drawn) -> None:
        """A client that heard nothing sends its write once more: it is done once in all."""
        response = self.site.start_write(drawn.write).wait()
        assert response is not None
        assert response.is_success, response.text
        assert ("Idempotent-Replayed" in response.headers) == self.stored, response.text
        before = self.revision - self.stored
        assert response.json()["revision"] == before + 1
        self.site.controller.wait_ready()
        assert self.site.revision() == before + 1, f"{drawn.write}: done twice"
        self.revision, self.intent = before + 1, self.site.intent(before + 1)
        assert self.intent == drawn.after
        self.seen["sent again"] += 1


def keyed(drawn: Drawn, key: str) -> Drawn:
    """The same write with an idempotency key."""
    return replace(drawn, write=replace(drawn.write, key=key))


def test_nothing_is_torn_whenever_it_is_killed(site_with: SiteWith, soak: bool) -> None:
    seed = time.time_ns() if soak else SEED
    site = site_with(engine_restart_s=0.05)
    revision = site.revision()
    rounds = Rounds(site, Random(seed), revision, site.intent(revision))
    began = time.monotonic()
    try:
        for number in count():
            if rounds.kills >= (SOAK_KILLS if soak else KILLS):
                break
            rounds.play(number)
            if number % TELL_EVERY == TELL_EVERY - 1:
                told = ", ".join(f"{count} {what}" for what, count in rounds.seen.items())
                print(f"{rounds.kills} kills in {time.monotonic() - began:.0f} s: {told}")
    except (AssertionError, RuntimeError) as error:
        error.add_note(f"seed {seed}, after {rounds.kills} kills; the log ends:")
        error.add_note(site.controller.log_file.read_text()[-2000:])
        raise
    assert rounds.seen["between programs"], (
        f"no kill came while a plan was under way: {rounds.seen}"
    )
