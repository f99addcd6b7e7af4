"""The REST API: routes, what they mean, and nothing else. `docs/api.md` is its page."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated, Any

from fastapi import APIRouter, FastAPI, Path, Query, Request
from starlette.responses import Response

from controller.model.collections import COLLECTIONS
from controller.northbound import examples, samples
from controller.northbound.answers import answer, cached, handle_errors, linked, paged
from controller.northbound.browsing import add_docs
from controller.northbound.headers import expected_revision, options_of, principal_of
from controller.northbound.operations import Operations, Options
from controller.northbound.page import add_page
from controller.northbound.parameters import (
    DiffQuery,
    ListQuery,
    NoQuery,
    PlanQuery,
    RevisionsQuery,
    WriteQuery,
)
from controller.northbound.ports import Controller
from controller.northbound.queries import VERSION, Queries
from controller.northbound.receiving import body_of, object_of
from controller.northbound.replay import WriteRoute, response_replays
from controller.northbound.rest_gate import RestGate
from controller.northbound.rest_observations import observations
from controller.northbound.texts import NUMBER_MAX
from controller.northbound.use_cases import UseCases
from controller.northbound.views import Body

Name = Annotated[str, Path(description="The object's name")]
Number = Annotated[int, Path(ge=1, le=NUMBER_MAX, description="The revision's number")]
Nothing = Annotated[NoQuery, Query()]
Listing = Annotated[ListQuery, Query()]
Writing = Annotated[WriteQuery, Query()]
Planning = Annotated[PlanQuery, Query()]
Handler = Callable[..., Awaitable[Response]]


def create_app(cases: UseCases) -> FastAPI:
    """The ASGI application over a controller. Its handlers run in the controller's loop."""
    controller, queries, operations = cases.controller, cases.queries, cases.operations
    app = FastAPI(
        title="Bulkhead",
        version=VERSION,
        summary="SDN controller for hosts that run many services",
        description=examples.DESCRIPTION,
        docs_url=None,  # their pages load scripts from other hosts
        redoc_url=None,
        responses=samples.ERRORS,
    )
    app.state.apply_timeout_s = cases.apply_timeout_s
    app.state.replays = response_replays(controller)
    handle_errors(app)
    for collection in reversed(COLLECTIONS):  # tried in order: instances are asked for most
        app.include_router(_collection(collection, controller, queries, operations))
    app.include_router(_changes(operations))
    app.include_router(observations(controller, queries, cases.proofs))
    app.include_router(_history(queries, operations))
    app.include_router(_health(controller, queries))
    add_docs(app)
    add_page(app)
    app.add_middleware(RestGate, gate=cases.gate)
    return app


def _collection(
    collection: str, controller: Controller, queries: Queries, operations: Operations
) -> APIRouter:
    one = examples.SINGULAR[collection]
    router = APIRouter(prefix=f"/v1/{collection}", tags=[collection], route_class=WriteRoute)

    @router.get(
        "",
        summary=f"All {collection}, or those of a selector, whole or in pages",
        operation_id=f"list_{collection}",
        responses=examples.responses([examples.OBJECTS[collection]]),
    )
    async def list_objects(request: Request, query: Listing) -> Response:
        return paged(
            request,
            queries.objects(collection, query.wish(), principal_of(request)),
            controller.revision(),
        )

    @router.get(
        "/{name}",
        summary=f"One {one}",
        operation_id=f"get_{one}",
        responses=examples.responses(examples.OBJECTS[collection]),
    )
    async def get_object(request: Request, name: Name, query: Nothing) -> Response:
        return cached(
            request, queries.object(collection, name, principal_of(request)), controller.revision()
        )

    @router.put(
        "/{name}",
        summary=f"Make or replace a {one}",
        operation_id=f"put_{one}",
        description="What the body leaves out is allocated, and stays. Read-only keys may be "
        "sent back as they were read.",
        openapi_extra=examples.request_body(examples.BODIES[collection]),
        responses={
            201: {"description": "Made"},
            **examples.responses({**examples.OBJECTS[collection], **examples.MADE}),
        },
    )
    async def put_object(request: Request, name: Name, query: Writing) -> Response:
        tree = await object_of(request)
        shown = await operations.put(collection, name, tree, options_of(request, query))
        return written(shown, 201 if shown["created"] and not query.dry_run else 200)

    @router.delete(
        "/{name}",
        summary=f"Delete a {one}",
        operation_id=f"delete_{one}",
        description="Refused, with its users, while something uses it.",
        responses=examples.responses(examples.WRITTEN),
    )
    async def delete_object(request: Request, name: Name, query: Writing) -> Response:
        return written(await operations.delete(collection, name, options_of(request, query)))

    return router


def _changes(operations: Operations) -> APIRouter:
    router = APIRouter(prefix="/v1", tags=["changes"], route_class=WriteRoute)

    @router.post(
        "/apply",
        summary="A whole intent document, or a list of changes, as one revision",
        description=examples.APPLY,
        openapi_extra=examples.request_body(examples.DOCUMENT, examples.CHANGES),
        responses=examples.responses(examples.WRITTEN),
    )
    async def apply(request: Request, query: Writing) -> Response:
        tree, positions = await body_of(request)
        return written(await operations.apply(tree, options_of(request, query), positions))

    @router.post(
        "/plan",
        summary="What `apply` would do with the same body",
        openapi_extra=examples.request_body(examples.DOCUMENT, examples.CHANGES),
        responses=examples.responses(examples.PLAN),
    )
    async def plan(request: Request, query: Planning) -> Response:
        tree, positions = await body_of(request)
        options = Options(
            expected=expected_revision(request),
            principal=principal_of(request),
            dry_run=True,
            detail=query.detail,
        )
        return written(await operations.apply(tree, options, positions))

    @router.get(
        "/plans/{plan_id}",
        summary="A plan as it was shown",
        responses=examples.responses(examples.PLAN),
    )
    async def shown_plan(plan_id: str, query: Nothing) -> Response:
        return answer(operations.plan(plan_id))

    @router.post(
        "/plans/{plan_id}/apply",
        summary="Make a plan true, exactly as it was shown; 412 if the revision has moved on",
        responses=examples.responses({"plan": "5f2c9a01d4e7b386", **examples.WRITTEN}),
    )
    async def apply_plan(request: Request, plan_id: str, query: Writing) -> Response:
        return written(await operations.apply_plan(plan_id, options_of(request, query)))

    @router.post(
        "/placements",
        summary="Place, move and remove many instances, and move tenants, as one revision",
        description=examples.PLACEMENTS_TEXT,
        openapi_extra=examples.request_body(examples.PLACEMENTS),
        responses=examples.responses(examples.PLACED),
    )
    async def place(request: Request, query: Writing) -> Response:
        tree = await object_of(request)
        return written(await operations.place(tree, options_of(request, query)))

    def move(
        path: str, one: str, example: Body, moved: Body, text: str
    ) -> Callable[[Handler], Handler]:
        return router.post(
            path,
            summary=f"Move {one}",
            description=text,
            openapi_extra=examples.request_body(example),
            responses=examples.responses(moved),
        )

    @move(
        "/tenants/{name}/move",
        "a tenant",
        examples.MOVE_TENANT,
        examples.MOVED_TENANT,
        examples.MOVE_TENANT_TEXT,
    )
    async def move_tenant(request: Request, name: Name, query: Writing) -> Response:
        tree = await object_of(request)
        return written(await operations.move_tenant(name, tree, options_of(request, query)))

    @move(
        "/instances/{name}/move",
        "an instance to another host",
        examples.MOVE_INSTANCE,
        {**examples.OBJECTS["instances"], "host": "host-2", **examples.WRITTEN},
        "Its id, MAC and address stay.",
    )
    async def move_instance(request: Request, name: Name, query: Writing) -> Response:
        tree = await object_of(request)
        return written(await operations.move_instance(name, tree, options_of(request, query)))

    return router


def _history(queries: Queries, operations: Operations) -> APIRouter:
    router = APIRouter(prefix="/v1/revisions", tags=["history"], route_class=WriteRoute)

    @router.get(
        "",
        summary="The newest revisions, in pages",
        responses=examples.responses(samples.REVISIONS),
    )
    async def revisions(request: Request, query: Annotated[RevisionsQuery, Query()]) -> Response:
        page = await queries.revisions_below(query.below(), query.limit)
        return linked(request, answer(page.items), page)

    @router.get(
        "/{one}/diff/{other}",
        summary="What the second revision has otherwise",
        responses=examples.responses(samples.DIFF),
    )
    async def diff(one: Number, other: Number, query: Annotated[DiffQuery, Query()]) -> Response:
        return answer(await operations.compare(one, other, query.detail))

    @router.get(
        "/{number}",
        summary="The whole document of a revision",
        responses=examples.responses({"revision": 12, "document": examples.DOCUMENT}),
    )
    async def revision(number: Number, query: Nothing) -> Response:
        return answer(await queries.revision(number))

    @router.post(
        "/{number}/restore",
        summary="Make an earlier revision's intent the newest, as a new revision",
        responses=examples.responses({"restored": 3, **examples.WRITTEN}),
    )
    async def restore(request: Request, number: Number, query: Writing) -> Response:
        return written(await operations.restore(number, options_of(request, query)))

    return router


def _health(controller: Controller, queries: Queries) -> APIRouter:
    router = APIRouter(tags=["health"])

    @router.get(
        "/healthz",
        summary="200 while the controller serves",
        responses=examples.responses({"healthy": True}),
    )
    async def healthz(query: Nothing) -> Response:
        return answer({"healthy": True})

    @router.get(
        "/readyz",
        summary="200 when every declared switch holds the newest revision, else 503 and why",
        responses={
            **examples.responses(samples.READY),
            503: {
                "description": "Not ready; `reason` says why",
                "content": {"application/json": {"example": samples.NOT_READY}},
            },
        },
    )
    async def readyz(query: Nothing) -> Response:
        ready, reason = controller.ready()
        return answer({"ready": ready, "reason": reason}, status=200 if ready else 503)

    @router.get(
        "/v1/status",
        summary="Where things stand, in one answer",
        responses=examples.responses(samples.STATUS),
    )
    async def status(query: Nothing) -> Response:
        return answer(queries.status())

    return router


def written(shown: dict[str, Any], status: int = 200) -> Response:
    """The answer to a write or plan, with the revision it made or was made against."""
    return answer(shown, shown["revision"], status)
