"""Bulkhead and OVN, one after the other, on the same site and the same changes.

A host of up to 2,000 bound ports; each change is waited for until the switch has it: OVN's host has
confirmed it to its southbound database, Bulkhead's switches have confirmed it and what changed was
read back and proved before the call is answered. The site has one host's switch here, that of the
first 2,000 instances; those beyond are unbound in OVN, and on declared hosts elsewhere in Bulkhead.

Full set-up is of an empty switch, by processes that run. OVN is given the whole site. Bulkhead has
the site stored, and its time begins when the switch has connected; how long that took, and how long
a start of all its processes takes, is said beside. The whole document applied, as in OVN, is a row
of its own.

OVN's column takes minutes. Where ``BENCH_KEPT`` names a folder, as in ``make bench``, it is kept
there and taken again by the next site that is held against as many services.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from statistics import median
from typing import Final, Protocol

from bench.measure import KEPT, Figure, Result, number_text, say, timed
from bench.memory import Resident
from bench.ovn import OvnEnded, ovn, version
from bench.rig import rig, site_of
from bench.targets import FLOWS, LABEL, MEMORY, MOVE, RULE, SETUP
from bench.workload import PER_SEGMENT

FROM_CUT: Final = "the same, with the time until it is connected again"
STARTED: Final = "the same, from the start of the controller's processes"
ANSWERING: Final = "of which until they had started"
MEMORY_OF_EACH: Final = "the same, libraries that several have in common counted for each"
APPLY: Final = "full set-up, a document applied"
MOST_OF_OVN: Final = 2000
"""More services take OVN minutes: it is measured with so many, which is less than it would take."""

_REPEATS: Final = PER_SEGMENT
"""No more: who is relabelled is of the first tenant, which stays."""

_ENOUGH_S: Final = 10.0
_FEWEST: Final = 3
_STARTS: Final = 3
_TRIES: Final = 3


class Controller(Protocol):
    """What both can do, each with numbers from 0 on."""

    def apply_site(self) -> None:
        """The whole site on an empty switch."""

    def relabel(self, number: int) -> None:
        """One member gets another label."""

    def add_rule(self, number: int) -> None:
        """One rule more."""

    def move_tenant(self, number: int) -> None:
        """A tenant goes to another VLAN and VRF."""

    def flows(self) -> int:
        """Flows on the first host."""

    def memory(self) -> Resident:
        """What its processes hold."""


@dataclass(frozen=True, slots=True)
class Measured:
    """One controller's column of the table."""

    took_ms: Mapping[str, float]
    flows: int
    memory: Resident

    def with_row(self, row: str, took_ms: float) -> Measured:
        """With a row above its own."""
        return replace(self, took_ms={row: took_ms, **self.took_ms})

    def text(self) -> str:
        """As JSON."""
        return json.dumps(asdict(self))

    @staticmethod
    def read(text: str) -> Measured:
        """What :meth:`text` has written."""
        found = json.loads(text)
        return Measured(found["took_ms"], found["flows"], Resident(**found["memory"]))


def run(services: int) -> Result:
    """The slowest change against OVN's; the ratio is the smallest (OVN / Bulkhead), timed."""
    release = version()
    theirs_of = min(services, MOST_OF_OVN)
    if theirs_of < services:
        say(f"OVN takes minutes for {services} services: it is measured with {theirs_of}")
    say(f"OVN {release}, {theirs_of} services")
    theirs = _of_ovn(theirs_of)
    say(f"Bulkhead, {services} services")
    with rig(services) as our_site:
        ours = measure(our_site, services)
        anew = [our_site.program_anew() for _ in range(_STARTS)]
        for way in anew:
            say(f"  programmed in {way.took_s:.2f} s, {way.from_cut_s:.2f} s from the cut on")
        start = our_site.start_anew()
    ours = ours.with_row(SETUP, median(way.took_s for way in anew) * 1000)
    theirs = theirs.with_row(SETUP, theirs.took_ms[APPLY])
    figures = (
        *_figures(ours, theirs, f"OVN {release}, {theirs_of} services"),
        Figure(FROM_CUT, median(way.from_cut_s for way in anew), "s"),
        Figure(STARTED, start.took_s, "s"),
        Figure(ANSWERING, start.answering_s, "s"),
    )
    ratios = {row: theirs.took_ms[row] / took for row, took in ours.took_ms.items()}
    slowest = max((LABEL, RULE, MOVE), key=ours.took_ms.__getitem__)
    against = f"OVN {release}, {theirs_of} services, {slowest}: {theirs.took_ms[slowest]:.1f} ms"
    smallest = min(ratios.values())
    return Result("ovn_compare", ours.took_ms[slowest], "ms", against, smallest, figures)


def _of_ovn(services: int) -> Measured:
    """OVN's column: what is kept of it, or as it is measured now."""
    folder = os.environ.get(KEPT, "")
    file = Path(folder, f"ovn-{services}.json")
    if folder and file.exists():
        say("  measured already in this run of all benchmarks")
        return Measured.read(file.read_text())
    found = _measured_ovn(services)
    if folder:
        file.write_text(found.text())
    return found


def _measured_ovn(services: int) -> Measured:
    """Begun anew where one of its processes ends by itself."""
    for _ in range(_TRIES - 1):
        try:
            with ovn(site_of(services)) as site:
                return measure(site, services)
        except OvnEnded as error:
            say(f"  {error}: begun anew")
    with ovn(site_of(services)) as site:
        return measure(site, services)


def measure(controller: Controller, services: int) -> Measured:
    """Set up the site, then change it. No tenant that moves has a member that was relabelled."""
    tenants = services // PER_SEGMENT - 1
    _, setup_ms = timed(controller.apply_site)
    say(f"  {APPLY}: {setup_ms:.0f} ms")
    flows = controller.flows()
    took_ms = {
        APPLY: setup_ms,
        LABEL: _median("label", _REPEATS, controller.relabel),
        RULE: _median("rule", _REPEATS, controller.add_rule),
        MOVE: _median("tenant", min(_REPEATS, tenants), lambda n: controller.move_tenant(n + 1)),
    }
    return Measured(took_ms, flows, controller.memory())


def _median(what: str, times: int, work: Callable[[int], None]) -> float:
    """Of so many times, or of as many as there are in some seconds."""
    took: list[float] = []
    while len(took) < times and (len(took) < _FEWEST or sum(took) < _ENOUGH_S * 1000):
        took.append(timed(lambda: work(len(took)))[1])
    say(f"  {what}: {', '.join(f'{ms:.0f}' for ms in took)} ms")
    return median(took)


def _figures(ours: Measured, theirs: Measured, who: str) -> Iterator[Figure]:
    """Every row, OVN's value and OVN / Bulkhead."""
    for row, took_ms in ours.took_ms.items():
        in_s = row in (SETUP, APPLY)
        unit, per = ("s", 1000) if in_s else ("ms", 1)
        yield _figure(row, took_ms / per, theirs.took_ms[row] / per, unit, who)
    yield _figure(FLOWS, ours.flows, theirs.flows, "flows", who)
    yield _figure(MEMORY, ours.memory.together_mb, theirs.memory.together_mb, "MB", who)
    yield _figure(MEMORY_OF_EACH, ours.memory.each_mb, theirs.memory.each_mb, "MB", who)


def _figure(row: str, ours: float, theirs: float, unit: str, who: str) -> Figure:
    return Figure(row, ours, unit, f"{who}: {number_text(theirs)} {unit}", theirs / ours)
