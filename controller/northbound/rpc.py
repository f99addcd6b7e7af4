"""The gRPC API: calls, what they mean, and nothing else. `docs/grpc.md` is its page.

Each is REST's call of the same meaning, through the same use case.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import asdict
from typing import Any, Final, TypeVar

from google.protobuf.message import Message
from google.protobuf.struct_pb2 import Struct

from controller.northbound import bulkhead_pb2 as pb
from controller.northbound.bodies import read_document
from controller.northbound.bulkhead_pb2_grpc import BulkheadServicer
from controller.northbound.following import behind, since_revision
from controller.northbound.matrix import Cut
from controller.northbound.operations import Options
from controller.northbound.paging import Page, cursor_of
from controller.northbound.parameters import (
    ExplainQuery,
    ListQuery,
    MatrixQuery,
    ReachQuery,
    RevisionsQuery,
    RoutesQuery,
)
from controller.northbound.replay import Replays
from controller.northbound.rpc_gate import Call
from controller.northbound.rpc_messages import (
    body_of,
    message_of,
    object_of,
    parts_of,
    struct_of,
)
from controller.northbound.rpc_options import DETAILS, checked, given, key_of, options_of
from controller.northbound.rpc_replies import (
    place_reply,
    plan_reply,
    put_reply,
    replayed_reply,
    write_reply,
)
from controller.northbound.use_cases import UseCases
from controller.northbound.views import Body

log = logging.getLogger(__name__)

PAGE: Final = 1000
M = TypeVar("M", bound=Message)


class BulkheadService(BulkheadServicer):
    """The calls of ``service Bulkhead`` in bulkhead.proto."""

    def __init__(self, cases: UseCases) -> None:
        self._cases = cases
        self._queries, self._operations = cases.queries, cases.operations
        self._replays: Replays[Any] = Replays(cases.controller)
        self._under_way: set[asyncio.Future[Any]] = set()

    # Objects

    async def List(self, request: pb.ListRequest, call: Call) -> pb.ListReply:
        query = checked(
            ListQuery,
            selector=request.selector,
            limit=request.page_size or PAGE,
            cursor=request.page_token,
        )
        page = self._queries.objects(request.collection, query.wish(), call.principal)
        return pb.ListReply(
            objects=[object_of(request.collection, item) for item in page.items],
            next_page_token=_token(page),
            revision=self._cases.controller.revision(),
        )

    async def Get(self, request: pb.ObjectName, call: Call) -> pb.Object:
        shown = self._queries.object(request.collection, request.name, call.principal)
        return object_of(request.collection, shown)

    async def Put(self, request: pb.PutRequest, call: Call) -> pb.PutReply:
        collection, name, body = parts_of(request.object)

        async def put(options: Options) -> Body:
            return await self._operations.put(collection, name, body, options)

        return await self._write(request, call, put, put_reply(collection))

    async def Delete(self, request: pb.DeleteRequest, call: Call) -> pb.WriteReply:
        async def delete(options: Options) -> Body:
            return await self._operations.delete(request.collection, request.name, options)

        return await self._write(request, call, delete, write_reply)

    # Changes of many objects

    async def Apply(self, request: pb.ApplyRequest, call: Call) -> pb.WriteReply:
        async def apply(options: Options) -> Body:
            if request.changes:
                changes = [_change(index, item) for index, item in enumerate(request.changes)]
                return await self._operations.apply({"changes": changes}, options)
            tree, positions = await asyncio.to_thread(read_document, request.document.encode())
            return await self._operations.apply(tree, options, positions)

        return await self._write(request, call, apply, write_reply)

    async def Place(self, request: pb.PlaceRequest, call: Call) -> pb.PlaceReply:
        items = [_item(index, item) for index, item in enumerate(request.items)]

        async def place(options: Options) -> Body:
            return await self._operations.place(
                {"items": items, "atomic": not request.keep_going}, options
            )

        return await self._write(request, call, place, place_reply)

    async def MoveTenant(self, request: pb.MoveTenantRequest, call: Call) -> pb.MoveTenantReply:
        wish = body_of(request.move)
        name = wish.pop("name", "")

        async def move(options: Options) -> Body:
            return await self._operations.move_tenant(name, wish, options)

        def reply(shown: Body) -> pb.MoveTenantReply:
            moved = message_of(pb.MoveTenantReply, shown)
            moved.written.CopyFrom(write_reply(shown))
            return moved

        return await self._write(request, call, move, reply)

    async def MoveInstance(self, request: pb.MoveInstanceRequest, call: Call) -> pb.PutReply:
        async def move(options: Options) -> Body:
            wish = {"host": request.move.host}
            return await self._operations.move_instance(request.move.name, wish, options)

        return await self._write(request, call, move, put_reply("instances"))

    # Plans

    async def GetPlan(self, request: pb.PlanName, _call: Call) -> pb.Plan:
        return plan_reply(self._operations.plan(request.plan))

    async def ApplyPlan(self, request: pb.ApplyPlanRequest, call: Call) -> pb.WriteReply:
        async def apply(options: Options) -> Body:
            return await self._operations.apply_plan(request.plan, options)

        return await self._write(request, call, apply, write_reply)

    # Observations

    async def Explain(self, request: pb.ExplainRequest, call: Call) -> Struct:
        query = checked(ExplainQuery, **{"from": "", "to": "", **given(request)})
        return struct_of(
            await self._cases.proofs.explain(
                query.source,
                query.destination,
                query.protocol,
                query.port,
                query.dscp,
                call.principal,
            )
        )

    async def Verify(self, _request: pb.VerifyRequest, _call: Call) -> Struct:
        return struct_of(await self._cases.proofs.verify())

    async def GetRoutes(self, request: pb.RoutesRequest, _call: Call) -> pb.Routes:
        query = checked(RoutesQuery, **{"from": "", "to": "", **given(request)})
        found = self._queries.routes(query.source, query.destination, query.qos_class, query.vrf)
        return message_of(pb.Routes, found)

    async def GetTopology(self, _request: pb.TopologyRequest, _call: Call) -> pb.Topology:
        return message_of(pb.Topology, self._queries.topology())

    async def ListSwitches(self, _request: pb.SwitchesRequest, _call: Call) -> pb.Switches:
        return message_of(pb.Switches, {"switches": self._queries.switches()})

    async def GetReachability(
        self, request: pb.ReachabilityRequest, _call: Call
    ) -> pb.Reachability:
        names = {"source": "from", "destination": "to", "page_size": "limit"}
        query = checked(ReachQuery, **given(request, page_token="cursor", **names))
        revision = self._cases.controller.revision()
        page = await self._queries.pairs(query.wanted())
        found = {"pairs": page.items, "revision": revision, "next_page_token": _token(page)}
        return message_of(pb.Reachability, found)

    async def GetMatrix(self, request: pb.MatrixRequest, _call: Call) -> pb.Matrix:
        query = checked(MatrixQuery, **given(request))
        revision = self._cases.controller.revision()
        cut = Cut(query.match, query.limit)
        found = await self._queries.matrix(query.source, query.destination, cut)
        return message_of(pb.Matrix, {**found, "revision": revision})

    async def GetCapacity(self, request: pb.CapacityRequest, _call: Call) -> pb.Capacity:
        return message_of(pb.Capacity, self._queries.capacity(request.host or None))

    async def GetStatus(self, _request: pb.StatusRequest, _call: Call) -> pb.Status:
        return message_of(pb.Status, self._queries.status())

    # What happens

    async def Watch(self, request: pb.WatchRequest, _call: Call) -> AsyncIterator[pb.Event]:
        controller = self._cases.controller
        if request.HasField("since_revision") and not request.HasField("after"):
            start = await since_revision(controller, request.since_revision)
        else:
            start = await behind(controller, request.after)
        for event in start.forgotten:
            yield message_of(pb.Event, asdict(event))
        events, after = controller.events(), start.after
        while found := await events.more(after):
            for event in found:
                yield message_of(pb.Event, asdict(event))
            after = found[-1].id

    # History

    async def ListRevisions(self, request: pb.RevisionsRequest, _call: Call) -> pb.Revisions:
        query = checked(RevisionsQuery, **given(request, page_token="cursor"))
        page = await self._queries.revisions_below(query.below(), query.limit)
        found = {"revisions": page.items, "next_page_token": _token(page)}
        return message_of(pb.Revisions, found)

    async def GetRevision(self, request: pb.RevisionNumber, _call: Call) -> pb.RevisionDocument:
        found = await self._queries.revision(request.revision)
        return pb.RevisionDocument(
            revision=found["revision"], document=json.dumps(found["document"])
        )

    async def DiffRevisions(self, request: pb.DiffRequest, _call: Call) -> pb.Plan:
        detail = DETAILS.get(request.detail, "counts")
        one, other = getattr(request, "from"), request.to
        return plan_reply(await self._operations.compare(one, other, detail))

    async def RestoreRevision(self, request: pb.RestoreRequest, call: Call) -> pb.WriteReply:
        async def restore(options: Options) -> Body:
            return await self._operations.restore(request.revision, options)

        return await self._write(request, call, restore, write_reply)

    async def _write(
        self,
        request: Any,
        call: Call,
        work: Callable[[Options], Awaitable[Body]],
        reply: Callable[[Body], M],
    ) -> M:
        """Do a write, once for each key. A deadline ends the waiting, never the write."""
        key = key_of(request, request.options, call)
        options = options_of(request.options, key, call, self._cases.apply_timeout_s)

        async def do() -> M:
            return reply(await work(options))

        async def once() -> M:
            if key is None:
                return await do()
            found, again = await self._replays.once(key, do, reply)
            shown: M = replayed_reply(found) if again else found
            return shown

        task = call.work = asyncio.ensure_future(once())
        self._under_way.add(task)
        task.add_done_callback(self._ended)
        return await asyncio.shield(task)

    def _ended(self, task: asyncio.Future[Any]) -> None:
        self._under_way.discard(task)
        if not task.cancelled():
            task.exception()  # taken, also where the client waits no more


def _token(page: Page) -> str:
    return "" if page.last is None else cursor_of(page.last)


def _change(index: int, item: pb.Change) -> Body:
    if item.WhichOneof("op") == "delete":
        return {"op": "delete", **body_of(item.delete)}
    collection, name, body = parts_of(item.put, f"changes[{index}].put")
    return {"op": "put", "collection": collection, "name": name, "body": body}


def _item(index: int, item: pb.Placement) -> Body:
    match item.WhichOneof("op"):
        case "place":
            body = body_of(item.place)
            return {"op": "place", "instance": body.pop("name", ""), **body}
        case "move_instance":
            return {
                "op": "move",
                "instance": item.move_instance.name,
                "host": item.move_instance.host,
            }
        case "move_tenant":
            body = body_of(item.move_tenant)
            return {"op": "move", "tenant": body.pop("name", ""), **body}
        case "remove":
            return {"op": "remove", "instance": item.remove}
        case _:
            return {}
