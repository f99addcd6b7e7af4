"""The REST API: routes, what they mean, and nothing else. `docs/api.md` is its page."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated, Any

from fastapi import APIRouter, FastAPI, Path, Query, Request
from starlette.responses import Response
from starlette.types import ASGIApp

from controller.model.collections import COLLECTIONS
from controller.northbound import answer_schemas, examples
from controller.northbound.answers import answer, cached, handle_errors, paged, written
from controller.northbound.body_schemas import PUTS
from controller.northbound.browsing import add_docs
from controller.northbound.direct import ObjectCalls
from controller.northbound.headers import expected_revision, options_of, principal_of
from controller.northbound.measuring import AnswerCount, metrics
from controller.northbound.object_writes import ObjectWrites
from controller.northbound.openapi import describe, problem_content
from controller.northbound.operations import Operations, Options
from controller.northbound.page import add_page
from controller.northbound.parameters import (
    ListQuery,
    NoQuery,
    PlanQuery,
    WriteQuery,
)
from controller.northbound.ports import Controller
from controller.northbound.queries import VERSION, Queries
from controller.northbound.receiving import body_of, object_of
from controller.northbound.replay import WriteRoute, response_replays
from controller.northbound.rest_gate import RestGate
from controller.northbound.rest_history import health, history
from controller.northbound.rest_observations import observations
from controller.northbound.schema_words import list_of
from controller.northbound.use_cases import UseCases
from controller.northbound.views import Body

Name = Annotated[str, Path(description="The object's name")]
Nothing = Annotated[NoQuery, Query()]
Listing = Annotated[ListQuery, Query()]
Writing = Annotated[WriteQuery, Query()]
Planning = Annotated[PlanQuery, Query()]
Handler = Callable[..., Awaitable[Response]]


def create_app(cases: UseCases) -> ASGIApp:
    """The ASGI application over a controller. Its handlers run in the controller's loop.

    The gate stands before FastAPI, not within: a call that needs no route does not pay for it.
    """
    calls = ObjectCalls(routes(cases), cases)
    return AnswerCount(RestGate(calls, cases.gate), cases.telemetry.answered)


def routes(cases: UseCases) -> FastAPI:
    """All calls with their document, open to whoever calls."""
    controller, queries, operations = cases.controller, cases.queries, cases.operations
    writes = ObjectWrites(operations)
    app = FastAPI(
        title="Bulkhead",
        version=VERSION,
        summary="SDN controller for hosts that run many services",
        description=examples.DESCRIPTION,
        docs_url=None,  # their pages load scripts from other hosts
        redoc_url=None,
        responses={
            "default": {"description": "What went wrong (RFC 9457)", **problem_content()},
        },
    )
    app.state.apply_timeout_s = cases.apply_timeout_s
    app.state.replays = response_replays(controller)
    handle_errors(app)
    for collection in reversed(COLLECTIONS):  # tried in order: instances are asked for most
        app.include_router(_collection(collection, controller, queries, writes))
    app.include_router(_changes(operations, writes))
    app.include_router(observations(controller, queries, cases.proofs))
    app.include_router(history(queries, operations))
    app.include_router(health(controller, queries))
    app.include_router(metrics(cases.telemetry))
    describe(app)
    add_docs(app)
    add_page(app)
    return app


def _collection(
    collection: str, controller: Controller, queries: Queries, writes: ObjectWrites
) -> APIRouter:
    one = examples.SINGULAR[collection]
    router = APIRouter(prefix=f"/v1/{collection}", tags=[collection], route_class=WriteRoute)

    @router.get(
        "",
        summary=f"All {collection}, or those of a selector, whole or in pages",
        operation_id=f"list_{collection}",
        responses=examples.responses(
            list_of(answer_schemas.exactly(answer_schemas.OBJECTS[collection])),
            [examples.OBJECTS[collection]],
        ),
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
        responses=examples.responses(
            answer_schemas.exactly(answer_schemas.OBJECTS[collection]), examples.OBJECTS[collection]
        ),
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
        openapi_extra=examples.request_body(PUTS[collection], examples.BODIES[collection]),
        responses={
            201: {"description": "Made"},
            **examples.responses(
                answer_schemas.put(collection), {**examples.OBJECTS[collection], **examples.MADE}
            ),
        },
    )
    async def put_object(request: Request, name: Name, query: Writing) -> Response:
        return await writes.put(request, collection, name, query)

    @router.delete(
        "/{name}",
        summary=f"Delete a {one}",
        operation_id=f"delete_{one}",
        description="Refused, with its users, while something uses it.",
        responses=examples.responses(answer_schemas.written(), examples.WRITTEN),
    )
    async def delete_object(request: Request, name: Name, query: Writing) -> Response:
        return await writes.delete(request, collection, name, query)

    return router


def _changes(operations: Operations, writes: ObjectWrites) -> APIRouter:
    router = APIRouter(prefix="/v1", tags=["changes"], route_class=WriteRoute)

    @router.post(
        "/apply",
        summary="A whole intent document, or a list of changes, as one revision",
        description=examples.APPLY,
        openapi_extra=examples.request_body("Submission", examples.DOCUMENT, examples.CHANGES),
        responses=examples.responses(answer_schemas.written(), examples.WRITTEN),
    )
    async def apply(request: Request, query: Writing) -> Response:
        tree, positions = await body_of(request)
        return written(await operations.apply(tree, options_of(request, query), positions))

    @router.post(
        "/plan",
        summary="What `apply` would do with the same body",
        openapi_extra=examples.request_body("Submission", examples.DOCUMENT, examples.CHANGES),
        responses=examples.responses(answer_schemas.exactly("Plan"), examples.PLAN),
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
        responses=examples.responses(answer_schemas.exactly("Plan"), examples.PLAN),
    )
    async def shown_plan(plan_id: str, query: Nothing) -> Response:
        return answer(operations.plan(plan_id))

    @router.post(
        "/plans/{plan_id}/apply",
        summary="Make a plan true, exactly as it was shown; 412 if the revision has moved on",
        responses=examples.responses(
            answer_schemas.APPLIED_PLAN, {"plan": "5f2c9a01d4e7b386", **examples.WRITTEN}
        ),
    )
    async def apply_plan(request: Request, plan_id: str, query: Writing) -> Response:
        return written(await operations.apply_plan(plan_id, options_of(request, query)))

    @router.post(
        "/placements",
        summary="Place, move and remove many instances, and move tenants, as one revision",
        description=examples.PLACEMENTS_TEXT,
        openapi_extra=examples.request_body("Placements", examples.PLACEMENTS),
        responses=examples.responses(answer_schemas.PLACED, examples.PLACED),
    )
    async def place(request: Request, query: Writing) -> Response:
        tree = await object_of(request)
        return written(await operations.place(tree, options_of(request, query)))

    def move(
        path: str, one: str, body: str, example: Body, moved: dict[int | str, Any], text: str
    ) -> Callable[[Handler], Handler]:
        return router.post(
            path,
            summary=f"Move {one}",
            description=text,
            openapi_extra=examples.request_body(body, example),
            responses=moved,
        )

    @move(
        "/tenants/{name}/move",
        "a tenant",
        "MoveTenant",
        examples.MOVE_TENANT,
        examples.responses(answer_schemas.MOVED_TENANT, examples.MOVED_TENANT),
        examples.MOVE_TENANT_TEXT,
    )
    async def move_tenant(request: Request, name: Name, query: Writing) -> Response:
        return await writes.move(request, "tenants", name, query)

    @move(
        "/instances/{name}/move",
        "an instance to another host",
        "MoveInstance",
        examples.MOVE_INSTANCE,
        examples.responses(
            answer_schemas.MOVED_INSTANCE,
            {**examples.OBJECTS["instances"], "host": "host-2", **examples.WRITTEN},
        ),
        "Its id, MAC and address stay.",
    )
    async def move_instance(request: Request, name: Name, query: Writing) -> Response:
        return await writes.move(request, "instances", name, query)

    return router
