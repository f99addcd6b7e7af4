"""The client's types are what the controller answers, and its plans are what it does."""

from __future__ import annotations

from typing import Any, get_type_hints

import pytest

from controller.client import Bulkhead, Refused, answers, objects, writes
from controller.northbound.ports import ProofRun, ProofStatus
from tests.client.shapes import misfits
from tests.northbound.fakes import FakeController

_TYPES = {
    "vrfs": objects.Vrf,
    "classes": objects.QosClass,
    "segments": objects.Segment,
    "tenants": objects.Tenant,
    "services": objects.Service,
    "instances": objects.Instance,
    "rules": objects.Rule,
}
_RULE = {"from": {"tier": ["web"]}, "to": {"tier": "api"}, "allow": ["tcp/8081"], "dscp": 46}


def fits(value: Any, wanted: Any) -> bool:
    assert list(misfits(value, wanted)) == []
    return True


@pytest.mark.parametrize("collection", _TYPES)
def test_objects_are_what_their_types_say(site: Bulkhead, collection: str) -> None:
    site.put("rules", "marked", _RULE)
    site.put("tenants", "labelled", {"segment": "orders", "labels": {"team": "shop"}})
    found = list(site.objects(collection))
    assert found
    for item in found:
        assert fits(item, _TYPES[collection])
    assert site.find(collection, found[0]["name"]) == found[0]


def test_what_is_observed_is_what_its_types_say(site: Bulkhead, engine: FakeController) -> None:
    assert fits(site.status(), answers.Status)
    run = ProofRun("2026-01-01T00:00:00Z", 1, True, 0, 5, 100, 1.0)
    engine.proofs = lambda: ProofStatus(run, run)  # type: ignore[method-assign]
    assert fits(site.status(), answers.Status)
    engine.disconnected = {"edge-2"}
    assert fits(site.switches(), list[answers.Switch])
    assert fits(site.capacity(), answers.Capacity)
    assert len(site.capacity("host-1")["hosts"]) == 1
    assert fits(list(site.reachability()), list[answers.Reach])
    assert {pair["source"] for pair in site.reachability(source="web")} == {"web"}


def test_a_packet_is_explained(site: Bulkhead, engine: FakeController) -> None:
    engine.places = {"rules/web-to-api": ("shop.yaml", 31)}
    allowed = site.explain("web-1", "api-1", protocol="tcp", port=8080)
    denied = site.explain("web-1", "api-1", protocol="tcp", port=22, dscp=46)
    assert fits(allowed, answers.Explanation) and fits(denied, answers.Explanation)
    assert allowed["rule"] == {"name": "web-to-api", "file": "shop.yaml", "line": 31}
    assert not denied["allowed"] and denied["nearest"][0]["rule"]["name"] == "web-to-api"


def test_a_site_is_verified(site: Bulkhead, engine: FakeController) -> None:
    assert fits(site.verify(), answers.Verification) and site.verify()["holds"]
    engine.emptied, engine.disconnected = {"edge-1"}, {"edge-3"}
    found = site.verify()
    assert fits(found, answers.Verification)
    assert found["unread"] == ["edge-3"] and found["pairs"]["witnesses"]


def test_every_write_can_be_planned_and_then_made(site: Bulkhead, engine: FakeController) -> None:
    calls = [
        writes.put("rules", "marked", _RULE),
        writes.delete("rules", "scrape"),
        writes.apply({"changes": [{"op": "delete", "collection": "rules", "name": "marked"}]}),
        writes.move_instance("web-1", "host-3"),
        writes.move_tenant("shop", vrf="monitoring", vlan="auto"),
        writes.place([{"op": "move", "instance": "web-1", "host": "host-2"}], message="drain"),
        writes.restore(1),
    ]
    for number, call in enumerate(calls, 1):
        plan = site.plan(call, detail="flows")
        assert (plan["revision"], plan["changed"], engine.revision()) == (number, True, number)
        known = {key: value for key, value in plan.items() if key in get_type_hints(answers.Plan)}
        assert fits(known, answers.Plan)  # some writes answer the object too
        assert site.shown_plan(plan["plan"])["objects"] == plan["objects"]
        outcome = site.apply_plan(plan["plan"], message=f"step {number}")
        assert (outcome.revision, outcome.applied, outcome.changed) == (number + 1, True, True)
    log = site.revisions(limit=2)
    assert fits(log, list[answers.Revision])
    assert log[0]["message"] == f"step {len(calls)}"
    assert fits(site.difference(1, 3, detail="flows"), answers.Difference)
    assert site.difference(1, len(calls) + 1)["reach"]["lost"]["pairs"] == 0


def test_a_plan_is_not_applied_to_another_network(site: Bulkhead) -> None:
    plan = site.plan(writes.delete("rules", "scrape"))
    site.apply({"changes": [{"op": "delete", "collection": "rules", "name": "web-to-api"}]})
    with pytest.raises(Refused) as refused:
        site.apply_plan(plan["plan"])
    assert refused.value.is_conflict
