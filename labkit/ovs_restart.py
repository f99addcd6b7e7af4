"""Open vSwitch itself killed, and restarted as planned: how long nothing is forwarded.

The userspace datapath lives in ovs-vswitchd, so packets are lost while that is away. What can be
saved is the time from its start until it forwards: its flows may come from the controller, or be
put back at once by ``scripts/restart-ovs.sh``.
"""

from __future__ import annotations

import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any, Final

from labkit.controller import ROOT, ControllerProcess
from labkit.flows import held, rewritten
from labkit.load import Load, LoadReport, Way
from labkit.restart import TOGETHER_HZ
from labkit.site import Site

_SCRIPT: Final = ROOT / "scripts" / "restart-ovs.sh"
_POLL_S: Final = 0.01
_PATIENCE_S: Final = 60.0
_LATER_S: Final = 0.5
"""For whatever the controller would still want to change."""

LATE_S: Final = 0.5
"""How long after its program is in a switch may take until every pair is answered again."""


@dataclass(frozen=True, slots=True)
class SwitchRestart:
    """What was measured. ``stages`` in s after ovs-vswitchd ended; gaps in ms without an answer."""

    name: str
    stages: Mapping[str, float]
    load: LoadReport
    rewritten: Sequence[str]

    @property
    def gaps_ms(self) -> list[float]:
        """Of each pair, shortest first: the longest time between two answered probes."""
        return sorted(report["longest_ms"] for report in self.load.streams.values())

    @property
    def program_in_s(self) -> float:
        """When every switch had its program, put back or sent, after ovs-vswitchd ended."""
        return self.stages.get("flows back", self.stages["in sync"])

    @property
    def late_s(self) -> float:
        """How much longer a pair was not answered than switches were without their program.

        Below 0 where each was answered before the last switch had all of it.
        """
        return self.gaps_ms[-1] / 1000 - self.program_in_s

    @property
    def prompt(self) -> bool:
        """Whether all is forwarded as soon as the program is in."""
        return self.late_s <= LATE_S

    @property
    def sound(self) -> bool:
        """Everything forwarded again, and what was put back was left as it is."""
        return self.back and not self.rewritten

    @property
    def back(self) -> bool:
        """Whether every pair is answered again, and the connection has lived through it."""
        reports = self.load.streams.values()
        ends = [(r["answered_at"], r["lost_at"][-1] if r["lost_at"] else 0.0) for r in reports]
        return self.load.alive and all(came is not None and came > lost for came, lost in ends)

    def text(self) -> str:
        """One line of the table."""
        gaps = self.gaps_ms
        stages = ", ".join(f"{stage} {seconds:.2f}" for stage, seconds in self.stages.items())
        tcp = "alive" if self.load.alive else "CUT"
        return (
            f"{self.name:<22} nothing forwarded for {gaps[0]:.0f} to {gaps[-1]:.0f} ms, median"
            f" {median(gaps):.0f}; after {stages} s; TCP {tcp};"
            f" {len(self.rewritten)} entries rewritten by the controller"
        )


class SwitchRestarts:
    """Both ways, on a running site, with probes between the instances of a ring."""

    def __init__(self, site: Site, controller: ControllerProcess, ring: Sequence[Way]) -> None:
        self._site = site
        self._controller = controller
        self._ring = ring
        instances = controller.get("/v1/instances")
        self._addresses: Mapping[str, Any] = {i["name"]: i["ip"] for i in instances}

    def killed(self, transfers: Sequence[Way] = ()) -> SwitchRestart:
        """SIGKILL and start: the controller finds empty switches and programs them."""
        return self._run("killed (SIGKILL)", self._kill, transfers)

    def planned(self, transfers: Sequence[Way] = ()) -> SwitchRestart:
        """Flows saved, put back, and found as they shall be."""
        return self._run("planned, flows saved", self._plan, transfers)

    def planned_alone(self, transfers: Sequence[Way] = ()) -> SwitchRestart:
        """The same while no controller is there; it comes back and finds nothing to do."""
        return self._run("planned, no controller", self._plan_alone, transfers)

    def _run(
        self,
        name: str,
        restart: Callable[[dict[str, float]], Sequence[str]],
        transfers: Sequence[Way],
    ) -> SwitchRestart:
        rate_hz = TOGETHER_HZ / len(self._ring)
        load = Load(self._site, self._addresses, self._ring, transfers, rate_hz=rate_hz)
        load.begin()
        stages: dict[str, float] = {}
        changed = restart(stages)
        return SwitchRestart(name, stages, load.finish(), changed)

    def _kill(self, stages: dict[str, float]) -> Sequence[str]:
        ovs = self._site.ovs
        began = time.monotonic()
        ovs.kill_switch()
        ovs.start_switch()
        stages["Open vSwitch up"] = time.monotonic() - began
        self._sync(stages, began)
        before, read = held(self._site), time.monotonic()  # programmed once, and left so
        time.sleep(_LATER_S)
        elapsed_s = time.monotonic() - read
        return rewritten(before, held(self._site), elapsed_s)

    def _plan(self, stages: dict[str, float]) -> Sequence[str]:
        began = self._restart_with_flows(stages)
        before, read = held(self._site), time.monotonic()
        self._sync(stages, began)
        time.sleep(_LATER_S)
        elapsed_s = time.monotonic() - read
        return rewritten(before, held(self._site), elapsed_s)

    def _plan_alone(self, stages: dict[str, float]) -> Sequence[str]:
        self._controller.stop()
        began = self._restart_with_flows(stages)
        before, read = held(self._site), time.monotonic()
        time.sleep(_LATER_S)
        self._controller.start()
        self._controller.wait_ready()
        stages["in sync"] = time.monotonic() - began
        elapsed_s = time.monotonic() - read
        return rewritten(before, held(self._site), elapsed_s)

    def _restart_with_flows(self, stages: dict[str, float]) -> float:
        """When ovs-vswitchd was ended."""
        ovs = self._site.ovs
        with tempfile.TemporaryDirectory() as folder:
            self._script("save", folder)
            began = time.monotonic()
            ovs.end_switch()
            ovs.start_switch()
            stages["Open vSwitch up"] = time.monotonic() - began
            self._script("restore", folder)
        stages["flows back"] = time.monotonic() - began
        return began

    def _sync(self, stages: dict[str, float], began: float) -> None:
        """Until every switch has a session, then until each is in sync."""
        for stage, key in (("sessions", "connected"), ("in sync", "in_sync")):
            self._until(key)
            stages[stage] = time.monotonic() - began

    def _until(self, key: str) -> None:
        deadline = time.monotonic() + _PATIENCE_S
        while not all(switch[key] for switch in self._controller.get("/v1/switches")):
            if time.monotonic() > deadline:
                raise RuntimeError(f"switches are not {key} {_PATIENCE_S:.0f} s after the restart")
            time.sleep(_POLL_S)

    def _script(self, half: str, folder: str) -> None:
        done = subprocess.run(
            [str(_SCRIPT), half, str(Path(folder) / "flows")],
            env=self._site.ovs.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise RuntimeError(f"{_SCRIPT.name} {half}: {done.stderr.strip()}")
