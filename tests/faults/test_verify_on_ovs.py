"""`verify` judges what switches really hold: not what they were sent, nor what was read before."""

from __future__ import annotations

from typing import Any

from controller.dataplane.pipeline import SHAPES, Table
from controller.dataplane.text import format_entry
from labkit.faults import FaultSite
from tests.faults.conftest import SiteWith

LONG_S = 3600.0
"""No read-back comes by itself while a test runs."""


def verified(site: FaultSite) -> dict[str, Any]:
    return dict(site.controller.post("/v1/verify", {}))


def last_full_proof(site: FaultSite) -> dict[str, Any]:
    return dict(site.controller.get("/v1/status")["proof"]["whole"])


def allow_another_port(site: FaultSite) -> None:
    """Between two that talk already, in rows that look as if they were ours."""
    for edge in ("edge-1", "edge-2"):
        row = next(r for r in site.held_by(edge).program if r.shape == "permit.tcp")
        spare = row._replace(match=(*row.match[:2], 22, 0xFFFF))
        site.ovs.ofctl("add-flow", edge, format_entry(SHAPES[row.shape].entry(spare)))


def test_what_is_done_behind_its_back_is_witnessed(site_with: SiteWith) -> None:
    site = site_with(audit_s=LONG_S)
    assert verified(site)["holds"]
    before = last_full_proof(site)
    assert before["holds"]

    allow_another_port(site)
    answer = verified(site)

    assert not answer["holds"]
    assert {m["what"] for m in answer["flows"]["mismatches"]} == {"extra"}
    leaks = [w for w in answer["pairs"]["witnesses"] if w["kind"] == "leak"]
    assert leaks and {(w["protocol"], w["port"]) for w in leaks} == {(6, 22)}
    assert all(w["expected"] == "denied" and w["steps"] for w in leaks)
    after = last_full_proof(site)
    assert after["at"] > before["at"]
    assert not after["holds"] and after["faults"] == len(answer["pairs"]["witnesses"])

    site.ovs.ofctl("del-flows", "edge-1", f"table={Table.PERMIT.value}")
    answer = verified(site)

    assert (answer["holds"], answer["unread"]) == (False, [])
    assert ("edge-1", "missing") in {
        (m["switch"], m["what"]) for m in answer["flows"]["mismatches"]
    }
    losses = [w for w in answer["pairs"]["witnesses"] if w["kind"] == "loss"]
    assert any({"edge-1"} == {s["switch"] for s in w["steps"]} for w in losses)
    assert all(w["from"] and w["to"] and w["steps"] for w in losses)
    assert last_full_proof(site)["at"] > after["at"]
