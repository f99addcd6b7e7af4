"""The same scenario through both transports has the same answers, and leaves the same network."""

from __future__ import annotations

import json
import re
from asyncio import Runner
from collections.abc import Callable
from typing import Any, NamedTuple

import pytest
from google.protobuf.message import Message
from google.protobuf.struct_pb2 import Struct

from controller.model.encode import encode_intent
from controller.northbound import bulkhead_pb2 as pb
from controller.northbound.rest import routes
from controller.northbound.rpc_messages import body_of, struct_of
from controller.northbound.use_cases import UseCases
from tests.northbound.fakes import DOCUMENT, FakeController
from tests.rpc.conftest import Site, serving
from tests.rpc.statuses import refused


class Step(NamedTuple):
    """One call, told in both ways. ``parts`` makes REST's shape of the gRPC answer."""

    call: str
    request: Message
    method: str
    path: str
    body: object = None
    parts: Callable[[Any], object] = lambda reply: reply


def merged(*names: str) -> Callable[[Any], object]:
    """Fields of the answer that REST has side by side."""

    def parts(reply: dict[str, Any]) -> object:
        found = {k: v for k, v in reply.items() if k not in names}
        for name in names:
            inner = reply.get(name, {})
            found |= next(iter(inner.values())) if name == "object" and inner else inner
        return found

    return parts


def objects(reply: dict[str, Any]) -> object:
    return [next(iter(item.values())) for item in reply.get("objects", ())]


def placed(reply: dict[str, Any]) -> object:
    items = []
    for item in reply["items"]:
        kind = "tenant" if "tenant" in item.get("object", {}) else "instance"
        inner = item.pop("object", None)
        name = item.pop("name")
        items.append({**item, kind: name, **({"object": inner[kind]} if inner else {})})
    return {**reply["written"], "items": items}


def one(reply: dict[str, Any]) -> object:
    return next(iter(reply.values()))


def only(key: str) -> Callable[[dict[str, Any]], object]:
    return lambda reply: reply.get(key)


def unversioned(reply: dict[str, Any]) -> object:
    """REST has the revision in a header."""
    return {key: item for key, item in reply.items() if key != "revision"}


def revisions(reply: dict[str, Any]) -> object:
    """Who wrote is told by where the call came from."""
    return [
        {**item, "author": item["author"].replace("gRPC", "REST")} for item in reply["revisions"]
    ]


def details(reply: dict[str, Any]) -> object:
    return reply.get("plan", reply)["details"]


SPARE = pb.Segment(name="spare", vrf="business", reserved=["10.64.0.9", "10.64.0.2-10.64.0.4"])
WEB_2 = pb.Instance(name="web-2", service="web", host="host-2")
RULE = pb.Rule(
    **{"name": "look", "from": struct_of({}), "to": struct_of({"tier": ["api", "web"]})},
    allow=["tcp/22"],
)
LISTS = ("vrfs", "classes", "segments", "tenants", "services", "instances", "rules")

SCENARIO = [
    *[
        Step("List", pb.ListRequest(collection=name), "GET", f"/v1/{name}", None, objects)
        for name in LISTS
    ],
    Step(
        "List",
        pb.ListRequest(collection="services", selector="tier in (api,web)"),
        "GET",
        "/v1/services?selector=tier in (api,web)",
        None,
        objects,
    ),
    Step(
        "Get",
        pb.ObjectName(collection="instances", name="api-2"),
        "GET",
        "/v1/instances/api-2",
        None,
        one,
    ),
    Step(
        "Put",
        pb.PutRequest(object=pb.Object(vrf=pb.Vrf(name="business", id=100, pool="10.64.0.0/12"))),
        "PUT",
        "/v1/vrfs/business",
        {"id": 100, "pool": "10.64.0.0/12"},
        merged("object", "written"),
    ),
    Step(
        "Put",
        pb.PutRequest(object=pb.Object(segment=SPARE)),
        "PUT",
        "/v1/segments/spare",
        {"vrf": "business", "reserved": ["10.64.0.9", "10.64.0.2-10.64.0.4"]},
        merged("object", "written"),
    ),
    Step(
        "Put",
        pb.PutRequest(object=pb.Object(instance=WEB_2)),
        "PUT",
        "/v1/instances/web-2",
        {"service": "web", "host": "host-2"},
        merged("object", "written"),
    ),
    Step(
        "Put",
        pb.PutRequest(object=pb.Object(rule=RULE), options=pb.WriteOptions(wait=pb.STORED)),
        "PUT",
        "/v1/rules/look?wait=stored",
        {"from": {}, "to": {"tier": ["api", "web"]}, "allow": ["tcp/22"]},
        merged("object", "written"),
    ),
    Step("Get", pb.ObjectName(collection="rules", name="look"), "GET", "/v1/rules/look", None, one),
    Step(
        "MoveInstance",
        pb.MoveInstanceRequest(move=pb.MoveInstance(name="web-2", host="host-3")),
        "POST",
        "/v1/instances/web-2/move",
        {"host": "host-3"},
        merged("object", "written"),
    ),
    Step(
        "MoveTenant",
        pb.MoveTenantRequest(move=pb.MoveTenant(name="shop", vrf="monitoring", vlan=4999)),
        "POST",
        "/v1/tenants/shop/move",
        {"vrf": "monitoring", "vlan": 4999},
        merged("written"),
    ),
    Step(
        "Place",
        pb.PlaceRequest(
            items=[
                pb.Placement(place=pb.Instance(name="web-3", service="web", host="host-1")),
                pb.Placement(move_instance=pb.MoveInstance(name="web-1", host="host-2")),
                pb.Placement(remove="web-2"),
                pb.Placement(move_instance=pb.MoveInstance(name="nobody", host="host-2")),
            ],
            keep_going=True,
        ),
        "POST",
        "/v1/placements",
        {
            "atomic": False,
            "items": [
                {"op": "place", "instance": "web-3", "service": "web", "host": "host-1"},
                {"op": "move", "instance": "web-1", "host": "host-2"},
                {"op": "remove", "instance": "web-2"},
                {"op": "move", "instance": "nobody", "host": "host-2"},
            ],
        },
        placed,
    ),
    Step(
        "Apply",
        pb.ApplyRequest(
            changes=[
                pb.Change(delete=pb.ObjectName(collection="rules", name="look")),
                pb.Change(
                    put=pb.Object(
                        service=pb.Service(name="web", tenant="shop", labels={"tier": "w"})
                    )
                ),
            ]
        ),
        "POST",
        "/v1/apply",
        {
            "changes": [
                {"op": "delete", "collection": "rules", "name": "look"},
                {
                    "op": "put",
                    "collection": "services",
                    "name": "web",
                    "body": {"tenant": "shop", "labels": {"tier": "w"}},
                },
            ]
        },
    ),
    Step("Apply", pb.ApplyRequest(document=json.dumps(DOCUMENT)), "POST", "/v1/apply", DOCUMENT),
    Step(
        "Apply",
        pb.ApplyRequest(
            changes=[pb.Change(delete=pb.ObjectName(collection="rules", name="scrape"))],
            options=pb.WriteOptions(dry_run=True, detail=pb.FLOWS),
        ),
        "POST",
        "/v1/plan?detail=flows",
        {"changes": [{"op": "delete", "collection": "rules", "name": "scrape"}]},
        details,
    ),
    Step(
        "Delete", pb.DeleteRequest(collection="rules", name="scrape"), "DELETE", "/v1/rules/scrape"
    ),
    Step(
        "RestoreRevision",
        pb.RestoreRequest(revision=1),
        "POST",
        "/v1/revisions/1/restore",
        None,
        lambda reply: {**reply, "restored": 1},
    ),
    Step(
        "GetRevision",
        pb.RevisionNumber(revision=1),
        "GET",
        "/v1/revisions/1",
        None,
        lambda reply: {**reply, "document": json.loads(reply["document"])},
    ),
    Step(
        "ListRevisions",
        pb.RevisionsRequest(limit=3),
        "GET",
        "/v1/revisions?limit=3",
        None,
        revisions,
    ),
    Step(
        "DiffRevisions",
        pb.DiffRequest(**{"from": 1, "to": 3}),
        "GET",
        "/v1/revisions/1/diff/3",
        None,
        details,
    ),
    Step(
        "Explain",
        pb.ExplainRequest(**{"from": "web-1", "to": "api-1", "port": 8080}),
        "GET",
        "/v1/explain?from=web-1&to=api-1&port=8080",
    ),
    Step(
        "Explain",
        pb.ExplainRequest(**{"from": "web-1", "to": "prometheus-1", "port": 1, "dscp": 46}),
        "GET",
        "/v1/explain?from=web-1&to=prometheus-1&port=1&dscp=46",
    ),
    Step("Verify", pb.VerifyRequest(), "POST", "/v1/verify"),
    Step(
        "GetRoutes",
        pb.RoutesRequest(**{"from": "host-1", "to": "host-2", "class": "realtime"}),
        "GET",
        "/v1/routes?from=host-1&to=host-2&class=realtime",
    ),
    Step("GetTopology", pb.TopologyRequest(), "GET", "/v1/topology"),
    Step("ListSwitches", pb.SwitchesRequest(), "GET", "/v1/switches", None, only("switches")),
    Step(
        "GetReachability", pb.ReachabilityRequest(), "GET", "/v1/reachability", None, only("pairs")
    ),
    Step("GetMatrix", pb.MatrixRequest(limit=1), "GET", "/v1/matrix?limit=1", None, unversioned),
    Step(
        "GetMatrix",
        pb.MatrixRequest(source="shop", destination="ops", match="e"),
        "GET",
        "/v1/matrix?source=shop&destination=ops&match=e",
        None,
        unversioned,
    ),
    Step(
        "GetMatrix",
        pb.MatrixRequest(source="ops", destination="shop"),
        "GET",
        "/v1/matrix?source=ops&destination=shop",
        None,
        unversioned,
    ),
    Step("GetCapacity", pb.CapacityRequest(host="host-1"), "GET", "/v1/capacity?host=host-1"),
    Step("GetStatus", pb.StatusRequest(), "GET", "/v1/status"),
]


def bare(value: Any) -> Any:
    """Without what a protobuf message does not tell from nothing."""
    match value:
        case dict():
            kept = {key: bare(item) for key, item in value.items()}
            return {
                key: item for key, item in kept.items() if item not in (None, {}, [], False, "")
            }
        case list():
            return [bare(item) for item in value]
        case bool():
            return value
        case int():
            return value or None
        case _:
            return value


def asked(answer: Any) -> Any:
    """Without the ids that differ from plan to plan."""
    if isinstance(answer, dict):
        return {key: item for key, item in answer.items() if key != "plan"}
    return answer


def test_every_step_is_answered_alike(loop: Runner) -> None:
    async def trial() -> tuple[FakeController, FakeController]:
        async with serving(FakeController()) as ours, serving(FakeController()) as theirs:
            for step in SCENARIO:
                found = await _over_grpc(ours, step)
                wanted = await theirs.http.request(step.method, step.path, json=step.body)
                assert wanted.status_code in (200, 201), (step, wanted.text)
                assert bare(asked(found)) == bare(asked(wanted.json())), step
            return ours.engine, theirs.engine

    one, other = loop.run(trial())
    assert encode_intent(one.network().intent) == encode_intent(other.network().intent)
    assert one.revision() == other.revision() > 8


async def _over_grpc(site: Site, step: Step) -> Any:
    reply = await getattr(site.stub, step.call)(step.request)
    body = body_of(reply)
    return body if isinstance(reply, Struct) else step.parts(body)


ELSEWHERE = {
    ("GET", "/v1/events"): "Watch",
    ("GET", "/v1/plans/{plan_id}"): "GetPlan",
    ("POST", "/v1/plans/{plan_id}/apply"): "ApplyPlan",
}
"""What test_calls is about."""
WITHOUT_GRPC = {("GET", "/healthz"), ("GET", "/readyz"), ("GET", "/metrics")}
"""For supervisors of processes, which over gRPC ask grpc.health.v1.Health, and for Prometheus."""


def test_the_scenario_makes_every_call_of_the_service() -> None:
    told = {step.call for step in SCENARIO} | set(ELSEWHERE.values())
    assert told == {method.name for method in pb.DESCRIPTOR.services_by_name["Bulkhead"].methods}


def test_every_call_of_rest_has_one_of_the_service() -> None:
    paths = routes(UseCases.of(FakeController())).openapi()["paths"]
    calls = {(method.upper(), path) for path, methods in paths.items() for method in methods}
    told = {_declared(step, calls) for step in SCENARIO} | ELSEWHERE.keys()
    assert {_of_any_kind(call) for call in calls} == {*map(_of_any_kind, told), *WITHOUT_GRPC}


def _declared(step: Step, calls: set[tuple[str, str]]) -> tuple[str, str]:
    """The call of the OpenAPI document that a step makes."""
    where = step.path.partition("?")[0]
    [found] = [
        call
        for call in calls
        if call[0] == step.method and re.fullmatch(re.sub(r"{\w+}", "[^/]+", call[1]), where)
    ]
    return found


def _of_any_kind(call: tuple[str, str]) -> tuple[str, str]:
    """gRPC has one call for all collections."""
    return call[0], re.sub(rf"^/v1/({'|'.join(LISTS)})(?=(/{{name}})?$)", "/v1/*", call[1])


def told(document: Any) -> str:
    """Detail and problems; a number is a text in a URL and a number in a message."""
    return json.dumps([document["detail"], document["errors"]], sort_keys=True).replace("'", "")


REFUSED = [
    Step("Get", pb.ObjectName(collection="vrf", name="x"), "GET", "/v1/vrfs/x"),
    Step(
        "Put",
        pb.PutRequest(object=pb.Object(tenant=pb.Tenant(name="a", segment="nowhere"))),
        "PUT",
        "/v1/tenants/a",
        {"segment": "nowhere"},
    ),
    Step(
        "Put",
        pb.PutRequest(object=pb.Object(instance=pb.Instance(name="x y", service="w", host="h"))),
        "PUT",
        "/v1/instances/x y",
        {"service": "w", "host": "h"},
    ),
    Step(
        "MoveTenant",
        pb.MoveTenantRequest(move=pb.MoveTenant(name="shop", vrf="business", vlan=1)),
        "POST",
        "/v1/tenants/shop/move",
        {"vrf": "business", "vlan": 1},
    ),
    Step("Apply", pb.ApplyRequest(document="vrfs: [1, 2"), "POST", "/v1/apply"),
    Step(
        "Explain",
        pb.ExplainRequest(**{"from": "web-1", "to": "api-1", "port": 70000, "dscp": 64}),
        "GET",
        "/v1/explain?from=web-1&to=api-1&port=70000&dscp=64",
    ),
    Step("List", pb.ListRequest(collection="vrfs", page_size=20000), "GET", "/v1/vrfs?limit=20000"),
]


@pytest.mark.parametrize("step", REFUSED, ids=lambda step: step.call + step.path)
def test_refusals_name_the_same_problems(loop: Runner, step: Step) -> None:
    async def trial() -> None:
        async with serving(FakeController()) as site:
            found = await refused(getattr(site.stub, step.call)(step.request))
            body = {"content": "vrfs: [1, 2"} if step.call == "Apply" else {"json": step.body}
            wanted = (await site.http.request(step.method, step.path, **body)).json()
            assert site.engine.revision() == 1
            if step.path != "/v1/vrfs/x":  # REST has a path of its own for each collection
                assert told(found.document) == told(wanted)
                assert {v.field for v in found.violations} == {e["path"] for e in wanted["errors"]}

    loop.run(trial())
