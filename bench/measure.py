"""Repeats, medians, and the line that ends a benchmark."""

from __future__ import annotations

import gc
import json
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median
from typing import TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Result:
    """A median in ms, and the one of the same run that it is held against."""

    name: str
    value_ms: float
    against: str
    against_ms: float

    def line(self) -> str:
        """One line of JSON."""
        return json.dumps(
            {
                "name": self.name,
                "value": round(self.value_ms, 3),
                "unit": "ms",
                "against": f"{self.against}: {self.against_ms:.1f} ms",
                "ratio": round(self.value_ms / self.against_ms, 5),
            }
        )


def say(text: str) -> None:
    """Progress, beside the result."""
    print(text, file=sys.stderr, flush=True)


def timed(work: Callable[[], T]) -> tuple[T, float]:
    """What work gives, and how many ms it took."""
    began = time.perf_counter()
    found = work()
    return found, (time.perf_counter() - began) * 1000


def median_ms(what: str, times: int, work: Callable[[int], object]) -> float:
    """The median of running work with 0, 1, 2 and so on."""
    gc.collect()
    took = []
    for number in range(times):
        took.append(timed(lambda number=number: work(number))[1])  # type: ignore[misc]
        say(f"  {what} {number + 1}/{times}: {took[-1]:.1f} ms")
    return median(took)
