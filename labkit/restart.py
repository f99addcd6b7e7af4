"""The controller stopped, killed and upgraded under probes: the switches must not notice."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from labkit.controller import ControllerProcess
from labkit.flows import held, rewritten
from labkit.load import Load, LoadReport, Way
from labkit.processes import children, cpu_s, family, kill, until_gone
from labkit.site import Site
from labkit.stages import text_of, until_ready

TOGETHER_HZ: Final = 1000.0
"""Of all probes of the ring together: each instance at this rate is more than two cores forward."""


PROMPT_S: Final = 2.0


@dataclass(frozen=True, slots=True)
class Trial:
    """A way to end and start the controller; ``make`` returns when the new one was started."""

    name: str
    make: Callable[[], float]


@dataclass(frozen=True, slots=True)
class Restarted:
    """What was measured. ``ready_s`` from the start of the process to ``/readyz`` saying 200.

    ``cpu_s`` is what the controller's processes computed for that, on whatever machine.
    """

    name: str
    ready_s: float
    cpu_s: float
    stages: Mapping[str, float]
    rewritten: Sequence[str]
    load: LoadReport

    @property
    def prompt(self) -> bool:
        """In sync as soon as it must be."""
        return self.ready_s <= PROMPT_S

    @property
    def sound(self) -> bool:
        """Nothing lost, nothing rewritten."""
        return self.load.sound and not self.rewritten

    def text(self) -> str:
        """One line of the table."""
        return (
            f"{self.name:<26} {self.load.lost} of {self.load.sent} lost,"
            f" {len(self.rewritten)} entries rewritten,"
            f" in sync after {self.ready_s:.2f} s"
            f" ({self.cpu_s:.1f} s of a core; {text_of(self.stages)})"
        )


class Restarts:
    """Trials on a running site, with probes between the instances of a ring."""

    def __init__(self, site: Site, controller: ControllerProcess, ring: Sequence[Way]) -> None:
        self._site = site
        self._controller = controller
        self._ring = ring
        instances = controller.get("/v1/instances")
        self._addresses: Mapping[str, Any] = {i["name"]: i["ip"] for i in instances}

    def trials(self) -> Iterator[Trial]:
        """Every way in which it ends."""
        yield Trial("stopped (SIGTERM)", self._stopped)
        yield Trial("upgraded (other settings)", self._upgraded)
        yield Trial("speaker killed (SIGKILL)", lambda: self._killed(engine=False))
        yield Trial("engine killed (SIGKILL)", self._engine_killed)
        yield Trial("both killed (SIGKILL)", lambda: self._killed(engine=True))

    def run(self, trial: Trial) -> Restarted:
        """End and start it while probes run."""
        load = Load(self._site, self._addresses, self._ring, rate_hz=TOGETHER_HZ / len(self._ring))
        before, began = held(self._site), time.monotonic()
        load.begin()
        started = trial.make()
        stages = until_ready(self._controller)
        ready_s = time.monotonic() - started
        computed_s = self._cpu_s()
        report = load.finish()
        elapsed_s = time.monotonic() - began
        changed = rewritten(before, held(self._site), elapsed_s)
        return Restarted(trial.name, ready_s, computed_s, stages, changed, report)

    def _start(self) -> float:
        started = time.monotonic()
        self._controller.start()
        return started

    def _stopped(self) -> float:
        self._controller.stop()
        return self._start()

    def _upgraded(self) -> float:
        self._controller.stop()
        self._controller.settings |= {"audit_s": 20, "request_timeout_s": 4, "apply_timeout_s": 9}
        return self._start()

    def _killed(self, *, engine: bool) -> float:
        process = self._controller.process
        assert process is not None
        descendants = family(process.pid)[1:]
        self._controller.stop(signal.SIGKILL)
        if engine:
            kill(descendants)
        started = self._start()
        until_gone(descendants[:1])  # until then it may be the old engine that says it is ready
        return started

    def _engine_killed(self) -> float:
        """The speaker starts another, after a moment."""
        assert self._controller.process is not None
        engine = children(self._controller.process.pid)
        started = time.monotonic()
        kill(engine)
        until_gone(engine)
        return started

    def _cpu_s(self) -> float:
        """What speaker and engine have computed since they started."""
        assert self._controller.process is not None
        return sum(map(cpu_s, family(self._controller.process.pid)))
