"""What gRPC has of its own: codes, deadlines, streams, keys, health and reflection."""

from __future__ import annotations

import asyncio
from typing import Any

import grpc
import pytest
from grpc_health.v1 import health_pb2
from grpc_health.v1.health_pb2_grpc import HealthStub
from grpc_reflection.v1alpha import reflection_pb2
from grpc_reflection.v1alpha.reflection_pb2_grpc import ServerReflectionStub

from controller.errors import BulkheadError
from controller.journal import Journal
from controller.northbound import bulkhead_pb2 as pb
from controller.northbound.access.gate import Gate, Limits
from controller.northbound.ports import Write, Written
from controller.northbound.rpc_server import SERVICE, GrpcServer
from controller.northbound.use_cases import UseCases
from tests.northbound.fakes import FakeController
from tests.rpc.conftest import OnSite, Site
from tests.rpc.statuses import refused

NEW = pb.Object(instance=pb.Instance(name="web-2", service="web", host="host-2"))


def test_an_unknown_name_is_not_found(on_site: OnSite) -> None:
    async def trial(site: Site) -> None:
        found = await refused(site.stub.Get(pb.ObjectName(collection="tenants", name="shpo")))
        assert found.code is grpc.StatusCode.NOT_FOUND
        assert found.reason == "NOT_FOUND"
        assert found.message == "there is no `shpo` in tenants (did you mean `shop`?)"

    on_site(trial)


def test_every_problem_is_a_field_violation(on_site: OnSite) -> None:
    async def trial(site: Site) -> None:
        changes = [
            pb.Change(put=pb.Object(tenant=pb.Tenant(name="a", segment="nowhere"))),
            pb.Change(put=pb.Object(service=pb.Service(name="b", tenant="nobody"))),
        ]
        found = await refused(site.stub.Apply(pb.ApplyRequest(changes=changes)))
        assert found.code is grpc.StatusCode.INVALID_ARGUMENT
        fields = {violation.field for violation in found.violations}
        assert {"tenants.a.segment", "services.b.tenant"} <= fields
        assert site.engine.revision() == 1

    on_site(trial)


def test_many_problems_are_told_in_what_a_head_holds(on_site: OnSite) -> None:
    async def trial(site: Site) -> None:
        changes = [
            pb.Change(put=pb.Object(service=pb.Service(name=f"b-{n}", tenant="nobody")))
            for n in range(1000)
        ]
        found = await refused(site.stub.Apply(pb.ApplyRequest(changes=changes)))
        assert (found.code, found.reason) == (grpc.StatusCode.INVALID_ARGUMENT, "INVALID")
        assert "1000 problems" in found.message
        *told, more = found.violations
        assert told[0].field == "services.b-0.tenant"
        assert len(told) > 10
        assert more.description == f"and {1000 - len(told)} more; send less at once to see them"
        assert found.document == {}  # there is no room for a second copy

    on_site(trial)


def test_a_long_message_is_cut_to_what_a_head_holds(on_site: OnSite) -> None:
    async def trial(site: Site) -> None:
        name = pb.ObjectName(collection="tenants", name="\u00e9" * 60_000)
        found = await refused(site.stub.Get(name))
        assert (found.code, found.reason) == (grpc.StatusCode.NOT_FOUND, "NOT_FOUND")
        assert found.message.startswith("there is no `\u00e9") and found.message.endswith("...")

    on_site(trial)


def test_who_asks_too_much_is_told_when_to_come_again(on_site: OnSite) -> None:
    async def trial(site: Site) -> None:
        await site.stub.GetStatus(pb.StatusRequest())
        found = await refused(site.stub.GetStatus(pb.StatusRequest()))
        assert (found.code, found.reason) == (grpc.StatusCode.RESOURCE_EXHAUSTED, "TOO_MANY")
        assert found.retry_after_s == pytest.approx(2.0, abs=0.01)

    on_site(trial, gate=Gate(limits=Limits(per_s=0.5, burst=1), clock=lambda: 0.0))


def test_an_object_without_a_kind_is_refused(on_site: OnSite) -> None:
    async def trial(site: Site) -> None:
        found = await refused(site.stub.Put(pb.PutRequest()))
        assert found.code is grpc.StatusCode.INVALID_ARGUMENT
        assert [violation.field for violation in found.violations] == ["object"]

    on_site(trial)


def test_a_write_against_an_old_revision_says_what_has_changed(on_site: OnSite) -> None:
    async def trial(site: Site) -> None:
        await site.stub.Put(pb.PutRequest(object=NEW))
        options = pb.WriteOptions(expected_revision=1)
        request = pb.DeleteRequest(collection="instances", name="web-2", options=options)
        found = await refused(site.stub.Delete(request))
        assert found.code is grpc.StatusCode.FAILED_PRECONDITION
        assert found.metadata == {"base": "1", "newest": "2"}
        assert [item["revision"] for item in found.document["meanwhile"]] == [2]

    on_site(trial)


def test_a_write_is_done_once_for_its_key(on_site: OnSite) -> None:
    async def trial(site: Site) -> None:
        request = pb.PutRequest(object=NEW, options=pb.WriteOptions(idempotency_key="k"))
        first = await site.stub.Put(request)
        again = await site.stub.Put(request)
        assert not first.written.replayed and again.written.replayed
        assert again.object == first.object and again.written.revision == 2
        assert site.engine.revision() == 2
        other = pb.DeleteRequest(
            collection="instances", name="web-2", options=pb.WriteOptions(idempotency_key="k")
        )
        assert (await refused(site.stub.Delete(other))).reason == "KEY_REUSED"

    on_site(trial)


def test_a_dry_run_answers_a_plan_that_is_applied_by_its_id(on_site: OnSite) -> None:
    async def trial(site: Site) -> None:
        request = pb.DeleteRequest(
            collection="rules", name="web-to-api", options=pb.WriteOptions(dry_run=True)
        )
        shown = (await site.stub.Delete(request)).plan
        assert shown.pairs == ["shop/web -> shop/api tcp/8080: lost"]
        assert site.engine.revision() == 1
        assert await site.stub.GetPlan(pb.PlanName(plan=shown.plan)) == shown
        over_rest = (await site.http.get(f"/v1/plans/{shown.plan}")).json()
        assert over_rest["pairs"] == list(shown.pairs)
        written = await site.stub.ApplyPlan(pb.ApplyPlanRequest(plan=shown.plan))
        assert (written.revision, written.changed) == (2, True)
        assert "web-to-api" not in site.engine.network().intent.rules

    on_site(trial)


class _Slow(FakeController):
    """An engine whose switches take their time."""

    def __init__(self) -> None:
        super().__init__()
        self.confirmed = asyncio.Event()
        self.waits: list[float] = []

    async def submit(self, write: Write, *, wait: Any, timeout_s: float) -> Written:
        written = await super().submit(write, wait=wait, timeout_s=timeout_s)
        self.waits.append(timeout_s)
        await self.confirmed.wait()
        return written


def test_a_deadline_ends_the_waiting_and_not_the_write(on_site: OnSite) -> None:
    engine = _Slow()

    async def trial(site: Site) -> None:
        options = pb.WriteOptions(idempotency_key="once")
        request = pb.PutRequest(object=NEW, options=options)
        found = await refused(site.stub.Put(request, timeout=0.5))
        assert found.code is grpc.StatusCode.DEADLINE_EXCEEDED
        assert 0 < engine.waits[0] < 1  # what gRPC says is left, by a clock of its own
        assert engine.revision() == 2
        engine.confirmed.set()
        again = await site.stub.Put(request, timeout=30)
        assert (again.written.revision, again.written.replayed) == (2, True)
        assert engine.revision() == 2

    on_site(trial, engine)


class _Broken(FakeController):
    def network(self) -> Any:
        raise KeyError("secret of the inside")


def test_a_fault_is_internal_and_tells_nothing_of_the_inside(on_site: OnSite) -> None:
    async def trial(site: Site) -> None:
        found = await refused(site.stub.GetTopology(pb.TopologyRequest()))
        assert found.code is grpc.StatusCode.INTERNAL
        assert "log" in found.message and "secret" not in found.message

    on_site(trial, _Broken())


def test_watch_tells_what_was_and_what_comes(on_site: OnSite) -> None:
    async def trial(site: Site) -> None:
        await site.stub.Put(pb.PutRequest(object=NEW))
        site.engine.events().record("revision", revision=2, author="me", message="", changes={})
        stream = site.stub.Watch(pb.WatchRequest(since_revision=0))
        kinds = [(await stream.read()).data["revision"] for _ in range(2)]
        assert kinds == [1, 2]
        site.engine.events().record("link", link="h1-f1", up=False)
        event = await stream.read()
        assert (event.kind, event.data["link"], event.data["up"]) == ("link", "h1-f1", False)
        resumed = site.stub.Watch(pb.WatchRequest(after=event.id - 1))
        assert await resumed.read() == event
        site.engine.events().close()
        assert await resumed.read() is grpc.aio.EOF

    on_site(trial)


def test_a_watch_goes_on_among_what_is_told_from_the_history(on_site: OnSite) -> None:
    async def trial(site: Site) -> None:
        site.engine.journal = Journal(last=1_790_000_000_000)
        await site.stub.Put(pb.PutRequest(object=NEW))
        site.engine.events().record("drift", switch="edge-1")
        stream = site.stub.Watch(pb.WatchRequest(since_revision=0))
        first = await stream.read()
        resumed = site.stub.Watch(pb.WatchRequest(after=first.id))
        for found in (stream, resumed):
            assert (await found.read()).data["revision"] == 2
            assert (await found.read()).kind == "drift"
        late = site.stub.Watch(pb.WatchRequest(after=1_789_000_000_000))
        assert [(await late.read()).kind for _ in range(2)] == ["gap", "drift"]

    on_site(trial)


def test_pages_hold_the_whole_list(on_site: OnSite) -> None:
    async def trial(site: Site) -> None:
        found, token = [], ""
        while True:
            request = pb.ListRequest(collection="instances", page_size=3, page_token=token)
            page = await site.stub.List(request)
            found += [item.instance.name for item in page.objects]
            token = page.next_page_token
            if not token:
                break
        assert found == ["api-1", "api-2", "prometheus-1", "web-1"]

    on_site(trial)


def test_pairs_and_revisions_come_in_pages_too(on_site: OnSite) -> None:
    async def trial(site: Site) -> None:
        await site.stub.Put(pb.PutRequest(object=NEW))
        whole = await site.stub.GetReachability(pb.ReachabilityRequest())
        assert len(whole.pairs) > 1 and not whole.next_page_token
        pairs, token = [], ""
        while not pairs or token:
            asked = pb.ReachabilityRequest(page_size=1, page_token=token)
            page = await site.stub.GetReachability(asked)
            pairs += page.pairs
            token = page.next_page_token
        assert pairs == list(whole.pairs)
        some = await site.stub.GetReachability(pb.ReachabilityRequest(source="web"))
        assert list(some.pairs) == [pair for pair in pairs if pair.source == "web"]
        newest = await site.stub.ListRevisions(pb.RevisionsRequest(limit=1))
        older = await site.stub.ListRevisions(
            pb.RevisionsRequest(limit=1, page_token=newest.next_page_token)
        )
        assert [page.revisions[0].revision for page in (newest, older)] == [2, 1]
        assert not older.next_page_token

    on_site(trial)


def test_health_follows_readiness(on_site: OnSite) -> None:
    async def trial(site: Site) -> None:
        stub = HealthStub(site.channel)
        answers = health_pb2.HealthCheckResponse
        assert (await stub.Check(health_pb2.HealthCheckRequest())).status == answers.SERVING
        stream = stub.Watch(health_pb2.HealthCheckRequest(service=SERVICE))
        assert (await stream.read()).status == answers.SERVING
        site.engine.disconnected.add("edge-1")
        site.engine.events().record("disconnected", switch="edge-1")
        assert (await stream.read()).status == answers.NOT_SERVING

    on_site(trial)


def test_reflection_names_the_service(on_site: OnSite) -> None:
    async def trial(site: Site) -> None:
        asked = reflection_pb2.ServerReflectionRequest(list_services="")
        stream = ServerReflectionStub(site.channel).ServerReflectionInfo(iter([asked]))
        reply = await stream.read()
        names = {service.name for service in reply.list_services_response.service}
        assert {SERVICE, "grpc.health.v1.Health"} <= names

    on_site(trial)


def test_an_address_in_use_is_told_with_what_to_do(on_site: OnSite) -> None:
    async def trial(site: Site) -> None:
        cases = UseCases.of(site.engine)
        first = GrpcServer(cases, port=0)
        await first.start()
        try:
            await GrpcServer(cases, *first.address).start()
        except BulkheadError as error:
            assert "set `grpc` to another address" in str(error)
        else:
            raise AssertionError("two servers listen on one port")
        finally:
            await first.stop()

    on_site(trial)
