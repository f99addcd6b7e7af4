"""A plan is applied as it was shown, or not at all; what it said is what happens."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.strategies import DataObject

from controller.compile import compile_network
from controller.dataplane.program import differences
from controller.model.encode import encode_object
from controller.model.network import Network
from controller.northbound.views import reach_view
from tests.chance import often
from tests.model.slow_reach import gained_lost as slowly
from tests.northbound.client import Client
from tests.northbound.fakes import FakeController
from tests.strategies import intents, plugged, site
from tests.verify.test_plan_safety import changed

DELETE = {"changes": [{"op": "delete", "collection": "rules", "name": "web-to-api"}]}


def test_a_plan_is_applied_by_its_id(call: Client, engine: FakeController) -> None:
    plan = call("POST", "/v1/plan", json=DELETE).json()
    assert call.get(f"/v1/plans/{plan['plan']}") == plan
    answer = call("POST", f"/v1/plans/{plan['plan']}/apply?message=closing").json()
    assert (answer["revision"], answer["applied"], answer["plan"]) == (2, True, plan["plan"])
    assert "web-to-api" not in engine.network().intent.rules
    assert engine.history[-1][0].message == "closing"


def test_every_dry_run_has_a_plan(call: Client, engine: FakeController) -> None:
    plan = call(
        "POST", "/v1/tenants/shop/move?dry_run=true", json={"vrf": "monitoring", "vlan": "auto"}
    ).json()
    call("POST", f"/v1/plans/{plan['plan']}/apply")
    segment = engine.network().intent.tenants["shop"].segment
    assert engine.network().intent.segments[segment].vrf == "monitoring"


def test_a_plan_of_an_older_revision_is_refused(call: Client, engine: FakeController) -> None:
    plan = call("POST", "/v1/plan", json=DELETE).json()
    body = {"from": {}, "to": {"tier": "web"}, "allow": ["icmp"]}
    call(
        "PUT",
        "/v1/rules/ping?message=for%20the%20probes",
        json=body,
        headers={"Bulkhead-Author": "ann"},
    )
    refused = call("POST", f"/v1/plans/{plan['plan']}/apply")
    assert refused.status_code == 412
    problem = refused.json()
    assert (problem["base"], problem["newest"]) == (1, 2)
    (meanwhile,) = problem["meanwhile"]
    assert (meanwhile["revision"], meanwhile["author"]) == (2, "ann")
    assert meanwhile["message"] == "for the probes"
    assert meanwhile["changes"]["added"] == ["rules/ping"]
    assert "web-to-api" in engine.network().intent.rules


MOVE = "/v1/instances/web-1/move?dry_run=true", {"host": "host-3"}


def test_a_plan_is_refused_where_a_port_makes_other_entries_of_it(
    call: Client, engine: FakeController
) -> None:
    plan = call("POST", MOVE[0], json=MOVE[1]).json()
    engine.replug(lambda ports: {**ports, ("edge-3", "web-1"): 9})  # the new host has it by now
    refused = call("POST", f"/v1/plans/{plan['plan']}/apply")
    assert refused.status_code == 412
    problem = refused.json()
    assert "other ports were plugged or other links were up" in problem["detail"]
    assert (problem["base"], problem["newest"], problem["meanwhile"]) == (1, 1, [])
    assert engine.revision() == 1
    again = call("POST", MOVE[0], json=MOVE[1]).json()
    assert call("POST", f"/v1/plans/{again['plan']}/apply").json()["revision"] == 2


def test_a_plan_is_applied_where_what_has_changed_does_not_concern_it(
    call: Client, engine: FakeController
) -> None:
    plan = call("POST", "/v1/plan", json=DELETE).json()
    engine.replug(lambda ports: {**ports, ("edge-3", "spare"): 9})
    engine.cut("h1-fabric-1")  # other ways, before and after alike
    assert call("POST", f"/v1/plans/{plan['plan']}/apply").json()["revision"] == 2


def test_a_stale_if_match_says_what_changed_meanwhile(call: Client) -> None:
    call("DELETE", "/v1/rules/scrape")
    refused = call("DELETE", "/v1/rules/web-to-api", headers={"If-Match": '"1"'})
    assert refused.status_code == 412
    assert refused.json()["meanwhile"][0]["changes"]["removed"] == ["rules/scrape"]


def test_a_plan_is_refused_where_the_client_expects_another_revision(
    call: Client, engine: FakeController
) -> None:
    call("DELETE", "/v1/rules/scrape")
    plan = call("POST", "/v1/plan", json=DELETE, headers={"If-Match": '"2"'}).json()
    path = f"/v1/plans/{plan['plan']}/apply"
    for refused in (
        call("POST", "/v1/plan", json=DELETE, headers={"If-Match": '"1"'}),
        call("POST", path, headers={"If-Match": '"1"'}),
    ):
        assert refused.status_code == 412
        problem = refused.json()
        assert (problem["base"], problem["newest"]) == (1, 2)
        assert [item["revision"] for item in problem["meanwhile"]] == [2]
        assert problem["meanwhile_left_out"] == 0
    assert engine.revision() == 2
    assert call("POST", path, headers={"If-Match": '"2"'}).json()["revision"] == 3


def test_of_many_revisions_meanwhile_some_are_told_and_the_others_counted(
    call: Client, engine: FakeController
) -> None:
    for _ in range(130):
        engine.store(engine.network().intent)
    problem = call("DELETE", "/v1/rules/scrape", headers={"If-Match": '"1"'}).json()
    told = [item["revision"] for item in problem["meanwhile"]]
    assert told == list(range(131, 31, -1))
    assert problem["meanwhile_left_out"] == 30


def test_an_unknown_plan(call: Client) -> None:
    refused = call("POST", "/v1/plans/none/apply")
    assert refused.status_code == 404
    assert "plan again" in refused.json()["detail"]


def test_entries_come_with_table_and_object(call: Client) -> None:
    shown = call("POST", "/v1/plan?detail=flows", json=DELETE).json()["switches"]["edge-1"]
    removed = shown["entries"]["removed"]
    assert {e["for"] for e in removed if e["table"] == "permit"} == {"rule web-to-api"}
    # Whom nobody here may meet any more is not resolved here any more either.
    assert shown["tables"].keys() == {"permit", "resolve", "origin"}
    assert sum(table["removed"] for table in shown["tables"].values()) == len(removed)


def test_another_class_is_shown_as_such(call: Client) -> None:
    rule = call.get("/v1/rules/web-to-api")
    body = {k: v for k, v in rule.items() if k != "name"} | {"class": "best-effort"}
    shown = call("PUT", "/v1/rules/web-to-api?dry_run=true", json=body).json()
    assert shown["pairs"] == ["shop/web -> shop/api tcp/8080: class realtime -> best-effort"]
    assert (shown["gained"], shown["lost"], shown["reach"]["changed"]["pairs"]) == ([], [], 1)


@settings(max_examples=often(12), deadline=None)
@given(st.data())
def test_what_a_plan_says_is_what_applying_it_does(data: DataObject) -> None:
    before = data.draw(intents(max_instances=6))
    after = data.draw(changed(before))
    engine = FakeController()
    engine.history.clear()
    engine.store(before)
    call = Client(engine)
    names = sorted({*before.rules, *after.rules})
    body = {
        "changes": [
            {"op": "put", "collection": "rules", "name": n, "body": encode_object("rules", r)}
            if (r := after.rules.get(n))
            else {"op": "delete", "collection": "rules", "name": n}
            for n in names
        ]
    }
    plan = call("POST", "/v1/plan", json=body).json()
    old = Network(before, site(), plugged(before, site()))
    done = call("POST", f"/v1/plans/{plan['plan']}/apply").json()
    new = engine.network()
    assert done["changed"] == plan["changed"]
    held, holds = compile_network(old), compile_network(new)
    for name in holds:
        found = differences(held[name], holds[name])
        shown = plan["switches"].get(name, {"added": 0, "changed": 0, "removed": 0})
        counts = len(found.added), len(found.changed), len(found.removed)
        assert counts == (shown["added"], shown["changed"], shown["removed"])
    gained, lost = slowly(before, new.intent)
    assert plan["gained"] == [reach_view(new.intent, reach) for reach in gained]
    assert plan["lost"] == [reach_view(before, reach) for reach in lost]
