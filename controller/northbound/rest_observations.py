"""REST's calls that look at the network: what is there, who may reach whom, and why."""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from controller.northbound import examples, samples
from controller.northbound.answers import answer, paged
from controller.northbound.following import behind, followed, listed, since_revision
from controller.northbound.headers import last_event, principal_of
from controller.northbound.matrix import Cut
from controller.northbound.parameters import (
    CapacityQuery,
    EventsQuery,
    ExplainQuery,
    MatrixQuery,
    NoQuery,
    ReachQuery,
    RoutesQuery,
)
from controller.northbound.ports import Controller
from controller.northbound.proofs import Proofs
from controller.northbound.queries import Queries
from controller.northbound.schema_words import TEXT, list_of, ref

Nothing = Annotated[NoQuery, Query()]
_EVENTS: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "description": "A stream of events; with follow=false a list of those that are kept",
        "content": {
            "application/json": {
                "schema": list_of(ref("JournalEvent")),
                "example": samples.EVENTS,
            },
            "text/event-stream": {"schema": TEXT, "example": samples.EVENT_STREAM},
        },
    }
}


def observations(controller: Controller, queries: Queries, proofs: Proofs) -> APIRouter:
    """The routes."""
    router = APIRouter(prefix="/v1", tags=["observations"])

    @router.get(
        "/reachability",
        summary="Which services may open what to which, by rule, in pages",
        responses=examples.responses(list_of(ref("Reach")), samples.REACHABILITY),
    )
    async def reachability(request: Request, query: Annotated[ReachQuery, Query()]) -> Response:
        revision = controller.revision()
        return paged(request, await queries.pairs(query.wanted()), revision)

    @router.get(
        "/matrix",
        summary="Which tenants may open something to which, by rule; or the services of two",
        responses=examples.responses(ref("Matrix"), samples.MATRIX),
    )
    async def matrix(query: Annotated[MatrixQuery, Query()]) -> Response:
        cut = Cut(query.match, query.limit)
        return answer(await queries.matrix(query.source, query.destination, cut))

    @router.get(
        "/topology",
        summary="Switches, links and hosts, as declared and observed",
        responses=examples.responses(ref("Topology"), samples.TOPOLOGY),
    )
    async def topology(query: Nothing) -> Response:
        return answer(queries.topology())

    @router.get(
        "/switches",
        summary="Every declared switch with its state",
        responses=examples.responses(list_of(ref("SwitchStatus")), samples.SWITCHES),
    )
    async def switches(query: Nothing) -> Response:
        return answer(queries.switches())

    @router.get(
        "/routes",
        summary="The way between two hosts for a class, by VRF",
        responses=examples.responses(ref("Routes"), samples.ROUTES),
    )
    async def routes(query: Annotated[RoutesQuery, Query()]) -> Response:
        found = queries.routes(query.source, query.destination, query.qos_class, query.vrf)
        return answer(found)

    @router.get(
        "/capacity",
        summary="What is left: instances, ports and rates of hosts, VLAN ids, subnets, addresses",
        responses=examples.responses(ref("Capacity"), samples.CAPACITY),
    )
    async def capacity(request: Request, query: Annotated[CapacityQuery, Query()]) -> Response:
        return answer(queries.capacity(query.host))

    @router.get(
        "/explain",
        summary="Why a packet passes or not: rule, file and line, tables and path",
        responses=examples.responses(ref("Explanation"), examples.EXPLAIN),
    )
    async def explain(request: Request, query: Annotated[ExplainQuery, Query()]) -> Response:
        found = await proofs.explain(
            query.source,
            query.destination,
            query.protocol,
            query.port,
            query.dscp,
            principal_of(request),
        )
        return answer(found)

    @router.get(
        "/events",
        summary="What happens, as server-sent events; with follow=false what has happened",
        responses=_EVENTS,
    )
    async def events(request: Request, query: Annotated[EventsQuery, Query()]) -> Response:
        last = last_event(request)
        if query.since is not None and last is None:
            start = await since_revision(controller, query.since)
        else:
            start = await behind(controller, max(query.after, last or 0))
        return (followed if query.follow else listed)(controller.events(), start)

    @router.post(
        "/verify",
        summary="Hold what switches hold against the intent: entries, and packets of all pairs",
        responses=examples.responses(ref("Verification"), examples.VERIFIED),
    )
    async def verify(query: Nothing) -> Response:
        return answer(await proofs.verify())

    return router
