"""What is wanted of the benchmarks: of a result, or of one of its figures, at a size.

Each is for a machine of two cores that does nothing else.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

RATIO: Final = "of it"
"""The unit of a target that is for a ratio, not for a value."""


@dataclass(frozen=True, slots=True)
class Target:
    """A bound, in the unit of what it is for: from above, or ``least`` from below.

    ``times``: how many times less than what it is held against in the same run, on any machine.
    """

    bound: float
    unit: str
    least: bool = False
    times: float | None = None

    def text(self) -> str:
        """For people."""
        times = "" if self.times is None else f"; {self.times:g}x"
        return f"at {'least' if self.least else 'most'} {self.bound:,g} {self.unit}{times}"

    def met(self, value: float) -> bool:
        """Whether a value is on the right side of it."""
        return value >= self.bound if self.least else value <= self.bound

    def judged(self, value: float, ratio: float) -> str:
        """Whether it is met, for people: the bound by a value, and ``times`` by a ratio."""
        found = [self.met(value)]
        found += [] if self.times is None else [ratio >= self.times]
        return "; ".join("yes" if one else "no" for one in found)


ITSELF: Final = ""
"""In the place of a figure's name: the result itself."""

SETUP: Final = "full set-up, from an empty switch and a stored revision"
FLOWS: Final = "flows on the host"
LABEL: Final = "one member gets another label"
RULE: Final = "one rule added"
MOVE: Final = "a tenant of 20 moved"
MEMORY: Final = "resident memory, all processes"
SHARED_ROWS: Final = "permit rows that the rule adds to a host's switch"
CALLS: Final = "placement calls stored, of 1,000 a second"
ECHO: Final = "echo of another switch, p99"
BARRIER: Final = "barrier of another switch, p99"
ROUTES_ANEW: Final = "from nothing"
ROUTES_SETS: Final = "from nothing, with the sets of equal ways"
ROUTES_LONGEST: Final = "a link's failure, longest"
READ_P99: Final = "a read, p99"
WRITE_P99: Final = "a write, p99"
DELAY: Final = "OpenFlow's p99, later than without reads"

_COMPARED: Final = {
    200: (0.3, 1500, 15, 15, 40, 150),
    2000: (2.0, 10_000, 20, 20, 50, 250),
    10_000: (4.0, 30_000, 25, 25, 60, 500),
}
_COMPARED_ROWS: Final = (
    (SETUP, "s"),
    (FLOWS, "flows"),
    (LABEL, "ms"),
    (RULE, "ms"),
    (MOVE, "ms"),
    (MEMORY, "MB"),
)
_TIMES: Final = {2000: {SETUP: 12.0, FLOWS: 27.0, LABEL: 32.0, RULE: 32.0, MOVE: 33.0}}

Key = tuple[str, int | None, str]
"""Benchmark, number of services or None for each, and figure."""


def _compared() -> Iterator[tuple[Key, Target]]:
    for services, bounds in _COMPARED.items():
        for (figure, unit), bound in zip(_COMPARED_ROWS, bounds, strict=True):
            times = _TIMES.get(services, {}).get(figure)
            yield ("ovn_compare", services, figure), Target(bound, unit, times=times)


TARGETS: Final[Mapping[Key, Target]] = {
    **dict(_compared()),
    ("shared_rules", 2000, SHARED_ROWS): Target(1.01, RATIO),
    ("plan", 10_000, ITSELF): Target(50, "ms"),
    ("verify_change", 10_000, ITSELF): Target(10, "ms"),
    ("verify_full", 10_000, ITSELF): Target(10_000, "ms"),
    ("push", 10_000, ITSELF): Target(0.7, RATIO),
    ("read_back", None, ITSELF): Target(1000, "ms"),
    ("read_back", None, ECHO): Target(10, "ms"),
    ("read_back", None, BARRIER): Target(10, "ms"),
    ("burst", None, ITSELF): Target(30, "ms"),
    ("burst", None, CALLS): Target(900, "calls/s", least=True),
    ("ports", None, ITSELF): Target(10, "s"),
    ("routes", None, ROUTES_ANEW): Target(2000, "ms"),
    ("routes", None, ROUTES_SETS): Target(2000, "ms"),
    ("routes", None, ITSELF): Target(50, "ms"),
    ("routes", None, ROUTES_LONGEST): Target(50, "ms"),
    ("store", None, ITSELF): Target(10, "ms"),
    ("load", 10_000, ITSELF): Target(2000, "ms"),
    ("rest_reads", None, ITSELF): Target(2000, "requests/s", least=True),
    ("rest_reads", None, READ_P99): Target(20, "ms"),
    ("rest_beside", None, READ_P99): Target(20, "ms"),
    ("rest_beside", None, DELAY): Target(5, "ms"),
    ("rest_writes", None, ITSELF): Target(300, "requests/s", least=True),
    ("bulk_apply", 10_000, ITSELF): Target(5, "s"),
}


def target(benchmark: str, services: int, figure: str = ITSELF) -> Target | None:
    """What is wanted, None where nothing is said."""
    return TARGETS.get((benchmark, services, figure)) or TARGETS.get((benchmark, None, figure))
