"""Bulkhead and OVN, one after the other, on the same site and the same changes.

A host of up to 2,000 bound ports; each change is waited for until the switch has it: OVN's host has
confirmed it to its southbound database, Bulkhead's switches have confirmed it and what changed was
read back and proved before the call is answered. OVN has one host, and the ports beyond its 2,000
are unbound there; Bulkhead has all hosts connected, each with its own Open vSwitch.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from statistics import median
from typing import Final, Protocol

from bench.measure import Result, say, timed
from bench.ovn import ovn, version
from bench.rig import rig, site_of
from bench.workload import PER_SEGMENT

SETUP: Final = "full set-up"
MOST_OF_OVN: Final = 2000
"""More services take OVN minutes: it is measured with so many, which is less than it would take."""

_REPEATS: Final = 7


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

    def memory_mb(self) -> Mapping[str, float]:
        """Resident memory by process."""


@dataclass(frozen=True, slots=True)
class Measured:
    """One controller's column of the table."""

    took_ms: Mapping[str, float]
    flows: int
    memory_mb: float


def run(services: int) -> Result:
    """The slowest change against OVN's; the ratio is the smallest (OVN / Bulkhead) of all rows."""
    release = version()
    theirs_of = min(services, MOST_OF_OVN)
    if theirs_of < services:
        say(
            f"OVN is measured with {theirs_of} services, which is less than it takes for {services}"
        )
    say(f"OVN {release}, {theirs_of} services")
    with ovn(site_of(theirs_of)) as their_site:
        theirs = measure(their_site, theirs_of)
    say(f"Bulkhead, {services} services")
    with rig(services) as our_site:
        ours = measure(our_site, services)
        anew_s = our_site.start_anew()
    _tell(ours, theirs)
    say(f"  Bulkhead started anew, its site stored, the switches empty: {anew_s:.1f} s")
    ratios = {row: theirs.took_ms[row] / took for row, took in ours.took_ms.items()}
    slowest = max((row for row in ours.took_ms if row != SETUP), key=ours.took_ms.__getitem__)
    against = f"OVN {release}, {theirs_of} services, {slowest}: {theirs.took_ms[slowest]:.1f} ms"
    return Result("ovn_compare", ours.took_ms[slowest], "ms", against, min(ratios.values()))


def measure(controller: Controller, services: int) -> Measured:
    """Set up the site, then change it. No tenant that moves has a member that was relabelled."""
    tenants = services // PER_SEGMENT - 1
    _, setup_ms = timed(controller.apply_site)
    say(f"  {SETUP}: {setup_ms:.0f} ms")
    flows = controller.flows()
    took_ms = {
        SETUP: setup_ms,
        "one member gets another label": _median("label", _REPEATS, controller.relabel),
        "one rule added": _median("rule", _REPEATS, controller.add_rule),
        f"a tenant of {PER_SEGMENT} moved": _median(
            "tenant", min(_REPEATS, tenants), lambda n: controller.move_tenant(n + 1)
        ),
    }
    return Measured(took_ms, flows, sum(controller.memory_mb().values()))


def _median(what: str, times: int, work: Callable[[int], None]) -> float:
    took = [timed(lambda n=n: work(n))[1] for n in range(times)]  # type: ignore[misc]
    say(f"  {what}: {', '.join(f'{ms:.0f}' for ms in took)} ms")
    return median(took)


def _tell(ours: Measured, theirs: Measured) -> None:
    say(f"  {'median':34} {'OVN':>12} {'Bulkhead':>12} {'ratio':>8}")
    rows = [(row, theirs.took_ms[row], took, "ms") for row, took in ours.took_ms.items()]
    rows.append(("flows on the host", theirs.flows, ours.flows, ""))
    rows.append(("resident memory", theirs.memory_mb, ours.memory_mb, "MB"))
    for row, their_value, our_value, unit in rows:
        ratio = their_value / our_value
        say(f"  {row:34} {their_value:9,.0f} {unit:2} {our_value:9,.0f} {unit:2} {ratio:7.1f}x")
