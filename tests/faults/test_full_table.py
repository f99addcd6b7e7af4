"""A table without room: the switch keeps its old program, and so do all the others."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from controller.dataplane.pipeline import SHAPES, Table
from controller.model.change import Change, apply_changes
from labkit.faults import FaultSite, Write
from labkit.processes import eventually
from tests.faults.conftest import SiteWith
from tests.faults.steps import way
from tests.faults.writes import HOSTS

BODY = {"from": {"tenant": "shop"}, "to": {"tenant": "stock"}, "allow": ["tcp/1-1000"]}
BIG = Write("PUT", "/v1/rules/big", BODY)
UNDO = Write("DELETE", "/v1/rules/big")


@pytest.fixture
def site(site_with: SiteWith) -> Iterator[FaultSite]:
    """A site whose edge-2 has room for one more judgement."""
    found = site_with()
    rows = found.held_by("edge-2").program
    used = sum(SHAPES[row.shape].table == Table.PERMIT for row in rows)
    limit(found, used + 1)
    yield found


def limit(site: FaultSite, entries: int) -> None:
    """Let the table ``permit`` of edge-2 take so many entries and no more."""
    table = ["--id=@t", "create", "Flow_Table", f"flow_limit={entries}", "overflow_policy=refuse"]
    site.ovs.vsctl(*table, "--", "set", "bridge", "edge-2", f"flow_tables:{int(Table.PERMIT)}=@t")


def answer_to(site: FaultSite, write: Write) -> dict[str, object]:
    response = site.start_write(write).wait()
    assert response is not None
    assert response.is_success, response.text
    return dict(response.json())


def assert_in_sync(site: FaultSite) -> None:
    site.controller.wait_ready()
    wanted = site.programs(site.intent(site.revision()))
    assert {name: held.program.rows for name, held in site.held().items()} == {
        name: program.rows for name, program in wanted.items()
    }


def test_a_change_that_does_not_fit_changes_no_switch(site: FaultSite) -> None:
    before = site.intent(site.revision())
    after = apply_changes(before, [Change("put", "rules", "big", BODY)], hosts=HOSTS)
    path = way(site.programs(before), site.programs(after))

    answer = answer_to(site, BIG)

    assert not answer["applied"]
    pending = answer["pending"]
    assert isinstance(pending, dict)
    assert pending.keys() == {"edge-1", "edge-2"}
    assert "edge-2 refused its part" in pending["edge-1"]
    assert "the table is full" in pending["edge-2"]
    assert "table=permit" in pending["edge-2"]
    assert "flow_limit of Flow_Table 7 (permit)" in pending["edge-2"]
    # It is tried again and again: others then hold more, for a moment, yet never something else.
    eventually(lambda: 0 in path.places(site.held()), "the old programs, whole")
    for _ in range(20):
        places = path.places(site.held())
        assert places and min(places) <= 1, path.off(site.held())
    state = {s["name"]: s for s in site.controller.get("/v1/switches")}
    assert "the table is full" in state["edge-2"]["problem"]


def test_a_controller_killed_meanwhile_takes_nothing_further(site: FaultSite) -> None:
    old = {name: held.program for name, held in site.held().items()}
    assert not answer_to(site, BIG)["applied"]
    site.kill("engine")

    def full() -> bool:
        try:
            state = {s["name"]: s for s in site.controller.get("/v1/switches")}
        except httpx.HTTPError:
            return False
        return "the table is full" in (state["edge-2"]["problem"] or "")

    eventually(full, "the reason, from the next engine")
    eventually(
        lambda: {name: held.program for name, held in site.held().items()} == old,
        "the old programs, whole",
    )
    assert answer_to(site, UNDO)["applied"]
    assert_in_sync(site)


def test_it_comes_right_by_itself_once_there_is_room(site: FaultSite) -> None:
    assert not answer_to(site, BIG)["applied"]
    limit(site, 1000)
    assert_in_sync(site)


def test_it_comes_right_at_once_when_the_change_is_undone(site: FaultSite) -> None:
    assert not answer_to(site, BIG)["applied"]
    assert answer_to(site, UNDO)["applied"]
    assert_in_sync(site)
