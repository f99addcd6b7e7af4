"""Somebody edits a switch's flows behind the controller: noticed, reported, repaired."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from labkit.faults import FaultSite
from labkit.ledger import Ledger
from labkit.processes import eventually
from tests.faults.site import POLICY, TOPOLOGY

AUDIT_S = 0.5

EDITS = {
    "everything deleted": ("del-flows", ()),
    "a table deleted": ("del-flows", ("table=9",)),
    "one entry deleted": ("--strict del-flows", ("table=0,priority=0",)),
    "actions changed": ("mod-flows", ("table=9,actions=drop",)),
    "an entry of no shape added": ("add-flow", ("table=9,priority=17,actions=drop",)),
    "a foreign entry added": ("add-flow", ("cookie=0x77,table=3,priority=9,ip,actions=NORMAL",)),
    "a foreign entry that hides ours": (
        "add-flow",
        ("cookie=0x78,table=0,priority=65535,actions=drop",),
    ),
}  # fmt: skip


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
    command, arguments = EDITS[edit]

    site.ovs.ofctl(command, switch, *arguments)
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
