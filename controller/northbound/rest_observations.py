"""REST's calls that look at the network: what is there, who may reach whom, and why."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from controller.northbound import examples, samples
from controller.northbound.answers import answer, cached
from controller.northbound.following import behind, followed, listed, since_revision
from controller.northbound.matrix import Cut
from controller.northbound.parameters import (
    CapacityQuery,
    EventsQuery,
    ExplainQuery,
    MatrixQuery,
    NoQuery,
    RoutesQuery,
    principal_of,
)
from controller.northbound.ports import Controller
from controller.northbound.proofs import Proofs
from controller.northbound.queries import Queries

Nothing = Annotated[NoQuery, Query()]


def observations(controller: Controller, queries: Queries, proofs: Proofs) -> APIRouter:
    """The routes."""
    router = APIRouter(prefix="/v1", tags=["observations"])

    @router.get(
        "/reachability",
        summary="Which services may open what to which, by rule",
        responses=examples.responses(samples.REACHABILITY),
    )
    async def reachability(request: Request, query: Nothing) -> Response:
        revision = controller.revision()
        return cached(request, await queries.reachability(), revision)

    @router.get(
        "/matrix",
        summary="Which tenants may open something to which, by rule; or the services of two",
        responses=examples.responses(samples.MATRIX),
    )
    async def matrix(query: Annotated[MatrixQuery, Query()]) -> Response:
        cut = Cut(query.match, query.limit)
        return answer(await queries.matrix(query.source, query.destination, cut))

    @router.get(
        "/topology",
        summary="Switches, links and hosts, as declared and observed",
        responses=examples.responses(samples.TOPOLOGY),
    )
    async def topology(query: Nothing) -> Response:
        return answer(queries.topology())

    @router.get(
        "/switches",
        summary="Every declared switch with its state",
        responses=examples.responses(samples.SWITCHES),
    )
    async def switches(query: Nothing) -> Response:
        return answer(queries.switches())

    @router.get(
        "/routes",
        summary="The way between two hosts for a class, by VRF",
        responses=examples.responses(samples.ROUTES),
    )
    async def routes(query: Annotated[RoutesQuery, Query()]) -> Response:
        found = queries.routes(query.source, query.destination, query.qos_class, query.vrf)
        return answer(found)

    @router.get(
        "/capacity",
        summary="What is left: instances and rates of hosts, VLAN ids, subnets, addresses",
        responses=examples.responses(samples.CAPACITY),
    )
    async def capacity(request: Request, query: Annotated[CapacityQuery, Query()]) -> Response:
        return answer(queries.capacity(query.host))

    @router.get(
        "/explain",
        summary="Why a packet passes or not: rule, file and line, tables and path",
        responses=examples.responses(examples.EXPLAIN),
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
        responses=examples.responses(samples.EVENTS),
    )
    async def events(request: Request, query: Annotated[EventsQuery, Query()]) -> Response:
        last = request.headers.get("last-event-id", "")
        if query.since is not None and not last:
            start = await since_revision(controller, query.since)
        else:
            last_id = int(last) if last.isdecimal() else 0
            start = await behind(controller, max(query.after, last_id))
        return (followed if query.follow else listed)(controller.events(), start)

    @router.post(
        "/verify",
        summary="Hold what switches hold against the intent: entries, and packets of all pairs",
        responses=examples.responses(examples.VERIFIED),
    )
    async def verify(query: Nothing) -> Response:
        return answer(await proofs.verify())

    return router
