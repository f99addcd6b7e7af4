"""Somebody edits a switch's flows behind the controller: noticed, reported, repaired."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from controller.dataplane.pipeline import SHAPES
from controller.dataplane.shapes import Row
from controller.dataplane.text import format_entry
from controller.reports import MOST_ENTRIES
from labkit.faults import FaultSite
from labkit.ledger import Ledger
from labkit.processes import eventually
from tests.faults.edits import EDITS
from tests.faults.site import POLICY, TOPOLOGY

AUDIT_S = 0.5


@pytest.fixture(scope="module")
def site() -> Iterator[FaultSite]:
    ledger = Ledger.create("test-drift")
    try:
        with FaultSite(ledger, TOPOLOGY, POLICY, audit_s=AUDIT_S) as found:
            yield found
    finally:
        ledger.clean()


def events(site: FaultSite, after: int = 0, kind: str = "") -> list[dict[str, Any]]:
    """The events after one, of a kind."""
    found = site.controller.get("/v1/events", follow="false", after=after)
    return [event for event in found if kind in ("", event["kind"])]


def text(row: Row) -> str:
    return format_entry(SHAPES[row.shape].entry(row))


@pytest.mark.parametrize("edit", EDITS)
@pytest.mark.parametrize("switch", ["edge-1", "fabric-1"])
def test_an_edit_is_noticed_and_repaired(site: FaultSite, edit: str, switch: str) -> None:
    wanted = site.programs(site.intent(site.revision()))[switch]
    others = {name: held for name, held in site.held().items() if name != switch}
    last = max((event["id"] for event in events(site)), default=0)
    command, flows = EDITS[edit]

    site.ovs.ofctl(command, switch, *flows.split())

    def repaired() -> bool:
        held = site.held_by(switch)
        return held.program.rows == wanted.rows and not held.foreign

    eventually(repaired, "the program again, whole")
    eventually(lambda: bool(events(site, last, "drift")), "an event")
    told = events(site, last, "drift")[0]["data"]
    assert told["switch"] == switch
    counts, ours = told["counts"], {text(row) for row in wanted}
    assert any(counts.values())
    for kind, number in counts.items():
        assert len(told[kind]) == min(number, MOST_ENTRIES)
    assert set(told["missing"]) <= ours
    assert not set(told["extra"]) & ours
    if edit == "everything deleted":
        assert counts["missing"] == len(wanted)
    assert {e["data"]["switch"] for e in events(site, last, "drift")} == {switch}
    assert {name: held for name, held in site.held().items() if name != switch} == others
    site.controller.wait_ready()


def test_meters_that_somebody_deletes_are_made_again(site: FaultSite) -> None:
    """Entries go on to speak of them, and Open vSwitch then hands every packet up."""
    before = site.ovs.ofctl("dump-meters", "edge-1").partition("\n")[2]
    assert "meter=1 pktps burst" in before
    site.ovs.ofctl("del-meters", "edge-1")
    eventually(
        lambda: site.ovs.ofctl("dump-meters", "edge-1").partition("\n")[2] == before,
        "the meters again, with their rates",
    )
