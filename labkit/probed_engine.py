"""The engine, which sends its switches barriers beside its work and writes down what they take.

A barrier goes the way of all OpenFlow: out of the engine's loop, through the speaker to the switch,
and back into the loop. The file :data:`PROBES`, in the settings' ``run_dir``, gets a line for each:
when it was due on the machine's monotonic clock, in s, and how many ms later its answer was there.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

from controller import engine
from controller.settings import load
from controller.southbound.channel import Session, SpeakerChannel, Watcher
from labkit.barriers import ask_barriers

PROBES: Final = "probes"
_EVERY_S: Final = 0.0073
"""No multiple of what else is regular here: what meets barriers shall be what happens to be."""


class Probe(NamedTuple):
    """One barrier: when it was due, and how long after that its answer was there."""

    due_s: float
    took_ms: float


def probes(run_dir: Path) -> Iterator[Probe]:
    """What an engine has written down so far."""
    for line in (run_dir / PROBES).read_text().splitlines(keepends=True):
        if line.endswith("\n"):
            due_s, took_ms = map(float, line.split())
            yield Probe(due_s, took_ms)


class _ProbedChannel(SpeakerChannel):
    """The engine's channel, with barriers to one switch after the other."""

    async def connect(self, path: str, watcher: Watcher) -> None:
        await super().connect(path, watcher)
        self._asked = 0
        self._file = (Path(load(environment=os.environ).settings.run_dir) / PROBES).open(
            "w", buffering=1
        )
        self._asking = asyncio.create_task(
            ask_barriers(self, self._next, _EVERY_S, self._write_down)
        )

    async def close(self) -> None:
        self._asking.cancel()
        await super().close()

    def _next(self) -> Session | None:
        self._asked += 1
        sessions = list(self._live)
        return sessions[self._asked % len(sessions)] if sessions else None

    def _write_down(self, due_s: float, took_ms: float) -> None:
        self._file.write(f"{due_s:.6f} {took_ms:.3f}\n")


def main() -> int:
    """Run the engine as it is, but for its channel."""
    engine.SpeakerChannel = _ProbedChannel  # type: ignore[attr-defined]
    return engine.main()
