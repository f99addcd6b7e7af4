"""Repeats, medians, and the line that ends a benchmark."""

from __future__ import annotations

import gc
import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any, Final, TypeVar

from labkit.processes import CONTROLLER, put_ahead, session_ahead

T = TypeVar("T")
KEPT: Final = "BENCH_KEPT"
"""The environment's name for the folder of what the benchmarks of one ``make bench`` share."""

_PACES: Final = 3


@dataclass(frozen=True, slots=True)
class Figure:
    """One thing that was measured on the way to a result, by name.

    ``against`` and ``ratio`` are what it is held against and how it compares, where there is that.
    """

    name: str
    value: float
    unit: str
    against: str = ""
    ratio: float | None = None

    def text(self) -> str:
        """For people."""
        ratio = "" if self.ratio is None else f", ratio {self.ratio:.3g}"
        against = f" ({self.against})" if self.against else ""
        return f"{self.name}: {number_text(self.value)} {self.unit}{against}{ratio}"


@dataclass(frozen=True, slots=True)
class Result:
    """What was measured, what of the same run it is held against, and how it compares.

    ``ratio`` is value to that, or what the benchmark's own text says. ``figures`` is what else was
    measured: not in the line, but kept and shown beside it.
    """

    name: str
    value: float
    unit: str
    against: str
    ratio: float
    figures: tuple[Figure, ...] = ()

    @staticmethod
    def of_ms(
        name: str,
        value_ms: float,
        against: str,
        against_ms: float,
        figures: tuple[Figure, ...] = (),
    ) -> Result:
        """A median in ms held against another."""
        held = f"{against}: {against_ms:.1f} ms"
        return Result(name, value_ms, "ms", held, value_ms / against_ms, figures)

    def kept(self) -> list[dict[str, Any]]:
        """The figures, for a file."""
        return [
            asdict(figure)
            | {
                "value": round(figure.value, 3),
                "ratio": None if figure.ratio is None else round(figure.ratio, 5),
            }
            for figure in self.figures
        ]

    def line(self) -> str:
        """One line of JSON."""
        return json.dumps(
            {
                "name": self.name,
                "value": round(self.value, 3),
                "unit": self.unit,
                "against": self.against,
                "ratio": round(self.ratio, 5),
            }
        )


def number_text(value: float) -> str:
    """A number to four digits, or to a whole one where that is more."""
    return f"{value:,.0f}" if value >= 1000 else f"{value:.4g}"


def say(text: str) -> None:
    """Progress, beside the result."""
    print(text, file=sys.stderr, flush=True)


@contextmanager
def ahead() -> Iterator[None]:
    """Let this process and all that it starts go before the rest of the machine, as root."""
    before = os.getpriority(os.PRIO_PROCESS, 0)
    put_ahead(os.getpid(), CONTROLLER)
    try:
        with session_ahead():
            yield
    finally:
        if os.geteuid() == 0:
            os.setpriority(os.PRIO_PROCESS, 0, before)


def timed(work: Callable[[], T]) -> tuple[T, float]:
    """What work gives, and how many ms it took."""
    began = time.perf_counter()
    found = work()
    return found, (time.perf_counter() - began) * 1000


def pace() -> float:
    """How fast this machine is now: ten times what a million additions take in Python, in s.

    The least of several times: brief company is left out, what lasts is not.
    """
    return round(min(timed(_million_additions)[1] for _ in range(_PACES)) / 100, 3)


def _million_additions() -> int:
    total = 0
    for number in range(1_000_000):
        total += number
    return total


def median_ms(what: str, times: int, work: Callable[[int], object]) -> float:
    """The median of running work with 0, 1, 2 and so on."""
    gc.collect()
    took = []
    for number in range(times):
        took.append(timed(lambda number=number: work(number))[1])  # type: ignore[misc]
        say(f"  {what} {number + 1}/{times}: {took[-1]:.1f} ms")
    return median(took)


def percentile(values: list[float], percent: int) -> float:
    """The value that so many percent are not above; 0 where there are none."""
    ordered = sorted(values) or [0.0]
    return ordered[min(len(ordered) - 1, len(ordered) * percent // 100)]
