"""Who was denied whom: samples of dropped packets, told once a minute for each pair.

One sender that tries everybody must not hide what others are denied: what is told of it in a minute
is limited.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, NamedTuple

WINDOW_S: Final = 60.0
MOST_PAIRS: Final = 1000
MOST_OF_ONE: Final = 20


class Denial(NamedTuple):
    """A dropped packet: sender and receiver by name, or by address where nobody has it."""

    switch: str
    source: str
    destination: str
    protocol: str
    port: int | None
    why: str


@dataclass
class Denials:
    """Decides which denials are told; ``clock`` in seconds."""

    clock: Callable[[], float]
    _began_s: float = float("-inf")
    _told: set[tuple[str, str]] = field(default_factory=set)
    _of_one: Counter[str] = field(default_factory=Counter)

    def is_news(self, source: str, destination: str) -> bool:
        """Whether this pair is to be told now: the first time in a window."""
        now_s = self.clock()
        if now_s - self._began_s >= WINDOW_S:
            self._began_s = now_s
            self._told.clear()
            self._of_one.clear()
        if (source, destination) in self._told or self._of_one[source] >= MOST_OF_ONE:
            return False
        if len(self._told) >= MOST_PAIRS:
            return False
        self._told.add((source, destination))
        self._of_one[source] += 1
        return True
