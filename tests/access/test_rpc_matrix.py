"""Each role against each call of bulkhead.proto, on a site that nobody has written to."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Iterator
from typing import Any, NamedTuple

import grpc
import pytest
from google.protobuf.message import Message

from controller.northbound import bulkhead_pb2 as pb
from tests.access.conftest import PEOPLE, Guarded
from tests.access.over_grpc import Callers, over_grpc

YES, NO = "", "PERMISSION_DENIED"
HIDDEN, NOBODY = "NOT_FOUND", "UNAUTHENTICATED"
SITE = {"": NOBODY, "viewer": YES, "tenant": NO, "operator": YES, "admin": YES}
OWN = {**SITE, "tenant": YES}
THEIRS = {"": NOBODY, "viewer": NO, "tenant": YES, "operator": YES, "admin": YES}
OPERATORS = {**THEIRS, "tenant": NO}
ADMINS = {**OPERATORS, "operator": NO}
DRY = pb.WriteOptions(dry_run=True)
Served = Callable[[], Awaitable[tuple[Guarded, Callers]]]


class Case(NamedTuple):
    """A call that succeeds for who may make it."""

    method: str
    request: Message
    may: dict[str, str]


def put(may: dict[str, str], **kind: Any) -> Case:
    return Case("Put", pb.PutRequest(object=pb.Object(**kind)), may)


def delete(may: dict[str, str], collection: str, name: str) -> Case:
    return Case("Delete", pb.DeleteRequest(collection=collection, name=name), may)


def get(may: dict[str, str], collection: str, name: str) -> Case:
    return Case("Get", pb.ObjectName(collection=collection, name=name), may)


LABELS = {"from": {"tenant": "shop"}, "to": {"service": "api"}}
WEB_B = pb.Change(put=pb.Object(service=pb.Service(name="web-b", tenant="shop")))
SHOP = pb.MoveTenant(name="shop", vrf="monitoring")
WEB_1 = pb.MoveInstance(name="web-1", host="host-2")

CASES = [
    *[
        Case("List", pb.ListRequest(collection=collection), OWN)
        for collection in (
            *("vrfs", "classes", "segments", "tenants", "services", "instances", "rules"),
        )
    ],
    get(OWN, "vrfs", "business"),
    get(OWN, "classes", "realtime"),
    get(OWN, "segments", "orders"),
    get({**OWN, "tenant": HIDDEN}, "segments", "metrics"),
    get(OWN, "tenants", "shop"),
    get({**OWN, "tenant": HIDDEN}, "tenants", "ops"),
    get(OWN, "services", "web"),
    get(OWN, "instances", "web-1"),
    get({**OWN, "tenant": HIDDEN}, "instances", "prometheus-1"),
    get({**OWN, "tenant": HIDDEN}, "rules", "scrape"),
    put(ADMINS, vrf=pb.Vrf(name="business", id=101)),
    put(ADMINS, **{"class": pb.QosClass(name="bulk", dscp=8, queue=2)}),
    put(OPERATORS, segment=pb.Segment(name="more", vrf="business", subnet="10.90.1.0/24")),
    put(OPERATORS, tenant=pb.Tenant(name="shop", segment="metrics")),
    put(THEIRS, service=pb.Service(name="web-b", tenant="shop")),
    put(OPERATORS, service=pb.Service(name="prometheus", tenant="shop")),
    put(THEIRS, instance=pb.Instance(name="web-2", service="web", host="host-2")),
    put(OPERATORS, instance=pb.Instance(name="prometheus-2", service="prometheus", host="host-2")),
    put(THEIRS, rule=pb.Rule(name="inside", allow=["tcp/1"], **LABELS)),
    delete(THEIRS, "instances", "web-1"),
    delete(THEIRS, "services", "spare"),
    delete({**OPERATORS, "tenant": HIDDEN}, "rules", "scrape"),
    delete({**OPERATORS, "tenant": HIDDEN}, "tenants", "empty"),
    delete({**OPERATORS, "tenant": HIDDEN}, "segments", "unused"),
    delete(ADMINS, "classes", "spare"),
    delete(ADMINS, "vrfs", "spare"),
    Case("Apply", pb.ApplyRequest(changes=[WEB_B]), THEIRS),
    Case("Apply", pb.ApplyRequest(changes=[WEB_B], options=DRY), OWN),
    Case("Place", pb.PlaceRequest(items=[pb.Placement(move_instance=WEB_1)]), THEIRS),
    Case("MoveTenant", pb.MoveTenantRequest(move=SHOP), OPERATORS),
    Case("MoveInstance", pb.MoveInstanceRequest(move=WEB_1), THEIRS),
    Case("GetPlan", pb.PlanName(plan="PLAN"), SITE),
    Case("ApplyPlan", pb.ApplyPlanRequest(plan="PLAN"), OPERATORS),
    Case("Explain", pb.ExplainRequest(**{"from": "web-1", "to": "api-1", "port": 8080}), OWN),
    Case("Verify", pb.VerifyRequest(), SITE),
    Case("GetRoutes", pb.RoutesRequest(**{"from": "host-1", "to": "host-2"}), SITE),
    Case("GetTopology", pb.TopologyRequest(), SITE),
    Case("ListSwitches", pb.SwitchesRequest(), SITE),
    Case("GetReachability", pb.ReachabilityRequest(), SITE),
    Case("GetMatrix", pb.MatrixRequest(), SITE),
    Case("GetCapacity", pb.CapacityRequest(), SITE),
    Case("GetStatus", pb.StatusRequest(), OWN),
    Case("Watch", pb.WatchRequest(since_revision=0), SITE),
    Case("ListRevisions", pb.RevisionsRequest(), SITE),
    Case("GetRevision", pb.RevisionNumber(revision=1), SITE),
    Case("DiffRevisions", pb.DiffRequest(**{"from": 1, "to": 1}), SITE),
    # takes the spare objects away, VRFs and classes too: an admin's
    Case("RestoreRevision", pb.RestoreRequest(revision=1), ADMINS),
]


def test_the_table_has_every_call() -> None:
    service = pb.DESCRIPTOR.services_by_name["Bulkhead"]
    assert {case.method for case in CASES} == {method.name for method in service.methods}


def _shown(case: Case) -> str:
    return " ".join(f"{case.method} {case.request}".split())[:60]


@pytest.fixture(scope="module")
def served(loop: asyncio.Runner, unwritten: Callable[[], Guarded]) -> Iterator[Served]:
    """Hands out a site and its callers: the same, until somebody has written to it."""
    made: list[tuple[Guarded, Callers]] = []
    serving = contextlib.AsyncExitStack()

    async def site() -> tuple[Guarded, Callers]:
        guarded = unwritten()
        if not made or made[-1][0] is not guarded:
            await serving.aclose()
            made.append((guarded, await serving.enter_async_context(over_grpc(guarded))))
        return made[-1]

    yield site
    loop.run(serving.aclose())


@pytest.mark.parametrize("role", ["", *PEOPLE])
@pytest.mark.parametrize("case", CASES, ids=_shown)
def test_a_role_and_a_call(loop: asyncio.Runner, served: Served, case: Case, role: str) -> None:
    async def trial() -> str:
        guarded, call = await served()
        request = await _planned(call, case.request)
        before = guarded.engine.revision()
        code = await _code(call(role, case.method, request))
        assert not code or guarded.engine.revision() == before
        return code

    assert loop.run(trial()) == case.may[role]


async def _planned(call: Callers, request: Any) -> Any:
    """The request with the id of a plan in it, where it wants one."""
    if getattr(request, "plan", "") != "PLAN":
        return request
    moved = await call("admin", "MoveTenant", pb.MoveTenantRequest(move=SHOP, options=DRY))
    return type(request)(plan=moved.written.plan.plan)


async def _code(call: Any) -> str:
    """The name of the status, "" for a reply or the first of a stream."""
    try:
        await (call.read() if hasattr(call, "read") else call)
    except grpc.aio.AioRpcError as error:
        return str(error.code().name)
    call.cancel()
    return ""
