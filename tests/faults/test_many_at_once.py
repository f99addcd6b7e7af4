"""Faults of every kind, several at once, amid writes that follow each other closely."""

from __future__ import annotations

import signal
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from random import Random
from typing import Final

import httpx

from controller.model.intent import Intent
from labkit.faults import FaultSite
from labkit.processes import eventually
from tests.faults.conftest import SiteWith
from tests.faults.edits import EDITS
from tests.faults.writes import Drawn, draw

SEED: Final = 41
ROUNDS: Final = 8
SOAK_ROUNDS: Final = 500
MOST_PAUSE_S: Final = 0.3
UNKNOWN: Final = 504  # it is not known whether it was stored
NOT_STORED: Final = (409, 502)


class Trouble:
    """Does something bad to a site, at random."""

    def __init__(self, site: FaultSite, random: Random) -> None:
        self._site = site
        self._random = random
        self.done: Counter[str] = Counter()
        self._kinds: dict[str, Callable[[], None]] = {
            "engine killed": lambda: self._kill("engine"),
            "controller killed": lambda: self._kill("controller"),
            "store killed": lambda: self._kill("store"),
            "session cut": lambda: site.ovs.cut(self._switch()),
            "switches killed": self._restart_switches,
            "switches silent": self._silence,
            "flows edited": self._edit,
        }

    def strike(self) -> None:
        """One fault, after a moment."""
        kind = self._random.choice(sorted(self._kinds))
        self._pause()
        self._kinds[kind]()
        self.done[kind] += 1

    def _pause(self) -> None:
        time.sleep(self._random.uniform(0, MOST_PAUSE_S))  # the moment is what is drawn

    def _switch(self) -> str:
        return self._random.choice(sorted(self._site.topology.switches))

    def _kill(self, victim: str) -> None:
        if self._site.controller.process is None:
            self._site.controller.start()
        elif victim == "controller":
            self._site.kill("controller")
        elif victim == "engine":
            self._site.kill("engine")
        else:
            self._site.kill("store")

    def _restart_switches(self) -> None:
        self._site.ovs.kill_switch()
        self._pause()
        self._site.ovs.start_switch()

    def _silence(self) -> None:
        self._site.ovs.signal_switch(signal.SIGSTOP)
        self._pause()
        self._site.ovs.signal_switch(signal.SIGCONT)

    def _edit(self) -> None:
        command, flows = EDITS[self._random.choice(sorted(EDITS))]
        self._site.ovs.ofctl(command, self._switch(), *flows.split())


def draw_writes(random: Random, intent: Intent) -> list[Drawn]:
    """One to three writes, each on top of the one before."""
    found: list[Drawn] = []
    for _ in range(random.randint(1, 3)):
        found.append(draw(random, found[-1].after if found else intent))
    return found


def send(site: FaultSite, writes: Sequence[Drawn]) -> tuple[int, bool]:
    """Send them in turn up to the first that fails: how many were stored, and is one unknown."""
    for stored, drawn in enumerate(writes):
        response: httpx.Response | None = site.start_write(drawn.write).wait()
        if response is None or response.status_code == UNKNOWN:
            return stored, True
        if response.status_code in NOT_STORED:
            return stored, False
        assert response.is_success, response.text
    return len(writes), False


def assert_well(site: FaultSite, intent: Intent) -> None:
    """Every switch comes to hold the program of an intent, whole."""
    wanted = site.programs(intent)

    def holds() -> bool:
        held = site.held()
        return all(h.program == wanted[n] and not h.foreign for n, h in held.items())

    eventually(holds, "the program of the newest revision on every switch")


def test_many_faults_at_once(site_with: SiteWith, soak: bool) -> None:
    seed = time.time_ns() if soak else SEED
    random = Random(seed)
    site = site_with(audit_s=1, engine_restart_s=0.05, request_timeout_s=1, apply_timeout_s=3)
    trouble = Trouble(site, random)
    revision = site.revision()
    intent = site.intent(revision)
    try:
        with ThreadPoolExecutor(1) as writer:
            for number in range(SOAK_ROUNDS if soak else ROUNDS):
                writes = draw_writes(random, intent)
                sent = writer.submit(send, site, writes)
                for _ in range(random.randint(1, 3)):
                    trouble.strike()
                stored, unknown = sent.result()
                if site.controller.process is None:
                    site.controller.start()
                site.controller.wait_ready(60)
                now = site.revision() - revision
                assert now in ((stored, stored + 1) if unknown else (stored,)), "an answer lied"
                wanted = [intent, *(drawn.after for drawn in writes)][now]
                revision, intent = revision + now, site.intent(revision + now)
                assert intent == wanted
                assert_well(site, intent)
                if number % 10 == 9:
                    print(f"{number + 1} rounds, {dict(trouble.done)}")
    except (AssertionError, RuntimeError) as error:
        error.add_note(f"seed {seed}, after {dict(trouble.done)}; the log ends:")
        error.add_note(site.controller.log_file.read_text()[-3000:])
        raise
