"""Somebody edits a switch's flows behind the controller: noticed, reported, repaired."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

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


@pytest.mark.parametrize("edit", EDITS)
@pytest.mark.parametrize("switch", ["edge-1", "fabric-1"])
def test_an_edit_is_noticed_and_repaired(site: FaultSite, edit: str, switch: str) -> None:
    wanted = site.programs(site.intent(site.revision()))[switch]
    others = {name: held for name, held in site.held().items() if name != switch}
    told = len(site.controller.log_file.read_text())
    command, flows = EDITS[edit]

    site.ovs.ofctl(command, switch, *flows.split())
    changed = site.held_by(switch)
    assert changed.foreign or changed.program.rows != wanted.rows, "the edit does something"

    def repaired() -> bool:
        held = site.held_by(switch)
        return held.program.rows == wanted.rows and not held.foreign

    eventually(repaired, "the program again, whole")
    line = f"{switch} held something else than it was given"
    eventually(lambda: line in site.controller.log_file.read_text()[told:], line)
    assert {name: held for name, held in site.held().items() if name != switch} == others
    site.controller.wait_ready()
