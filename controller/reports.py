"""What the loop has to tell people: a line in the log, and an event in the journal."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Iterable
from itertools import islice
from typing import Final

from controller.dataplane.pipeline import SHAPES
from controller.dataplane.shapes import Row
from controller.dataplane.text import format_entry
from controller.journal import Journal
from controller.model.network import Facts
from controller.reconcile.events import Drift, Problem, Reverted, Settled

log = logging.getLogger("controller.control")

MOST_ENTRIES: Final = 100
"""How many entries of a kind an event shows; the counts are of all."""

MOST_PORTS: Final = 1000
"""How many ports an event names; the count is of all."""


def report(effect: Settled | Drift | Problem | Reverted, journal: Journal) -> None:
    """Tell of an effect that asks for nothing."""
    match effect:
        case Settled(revision, names):
            log.debug("revision %d confirmed by %s", revision, ", ".join(sorted(names)))
            journal.record("in-sync", revision=revision, switches=sorted(names))
        case Drift():
            _drift(effect, journal)
        case Reverted(revision, refused, names):
            others = ", ".join(sorted(names))
            log.error(
                "revision %d: %s refused its part, so %s go back to what they held before",
                *(revision, refused, others),
            )
            journal.record("reverted", revision=revision, refused=refused, switches=sorted(names))
        case Problem(name, reason):
            log.error("%s: %s; it keeps its old program and is tried again", name, reason)
            journal.record("problem", switch=name, reason=reason)


def tell_facts(before: Facts, after: Facts, journal: Journal) -> None:
    """Tell which ports and links have come and gone."""
    unknown = before.unseen  # what a switch has when it is first seen is no news
    for kind, ports in (
        ("bound", after.ports.keys() - before.ports.keys()),
        ("unbound", before.ports.keys() - after.ports.keys()),
    ):
        by_switch: dict[str, list[str]] = defaultdict(list)
        for switch, port in sorted(ports):
            if switch not in unknown:
                by_switch[switch].append(port)
        for switch, names in by_switch.items():
            shown = names[:MOST_PORTS]
            journal.record(kind, switch=switch, count=len(names), ports=shown)
    for kind, links in (
        ("link-down", after.down_links - before.down_links),
        ("link-up", before.down_links - after.down_links),
    ):
        for link in sorted(links):
            journal.record(kind, link=link)


def tell_faults(faults: tuple[str, ...], journal: Journal) -> None:
    """Tell what a proof has found wrong, if anything."""
    for fault in faults:
        log.error("the proof fails: %s", fault)
    if faults:
        journal.record("proof-failed", faults=list(faults))


def _drift(drift: Drift, journal: Journal) -> None:
    log.warning(
        "%s held something else than it was given: %d missing, %d altered, %d added,"
        " %d cookies not ours; repairing",
        *(drift.switch, len(drift.missing), len(drift.altered), len(drift.extra)),
        len(drift.foreign),
    )
    journal.record(
        "drift",
        switch=drift.switch,
        counts={
            "missing": len(drift.missing),
            "altered": len(drift.altered),
            "extra": len(drift.extra),
            "foreign": len(drift.foreign),
        },
        missing=_texts(drift.missing),
        altered=_texts(drift.altered),
        extra=_texts(drift.extra),
        foreign=[f"cookie={cookie:#x}" for cookie in sorted(drift.foreign)],
    )


def _texts(rows: Iterable[Row]) -> list[str]:
    return [format_entry(SHAPES[row.shape].entry(row)) for row in islice(rows, MOST_ENTRIES)]
