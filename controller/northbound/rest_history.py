"""REST's calls about what was and what is: revisions, and where things stand."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request
from starlette.responses import Response

from controller.northbound import answer_schemas, examples, samples
from controller.northbound.answers import answer, linked, written
from controller.northbound.headers import options_of
from controller.northbound.operations import Operations
from controller.northbound.parameters import DiffQuery, NoQuery, RevisionsQuery, WriteQuery
from controller.northbound.ports import Controller
from controller.northbound.queries import Queries
from controller.northbound.replay import WriteRoute
from controller.northbound.schema_words import list_of, ref
from controller.northbound.texts import NUMBER_MAX

Number = Annotated[int, Path(ge=1, le=NUMBER_MAX, description="The revision's number")]
Nothing = Annotated[NoQuery, Query()]
Writing = Annotated[WriteQuery, Query()]


def history(queries: Queries, operations: Operations) -> APIRouter:
    """The routes of revisions."""
    router = APIRouter(prefix="/v1/revisions", tags=["history"], route_class=WriteRoute)

    @router.get(
        "",
        summary="The newest revisions, in pages",
        responses=examples.responses(list_of(ref("Revision")), samples.REVISIONS),
    )
    async def revisions(request: Request, query: Annotated[RevisionsQuery, Query()]) -> Response:
        page = await queries.revisions_below(query.below(), query.limit)
        return linked(request, answer(page.items), page)

    @router.get(
        "/{one}/diff/{other}",
        summary="What the second revision has otherwise",
        responses=examples.responses(ref("Difference"), samples.DIFF),
    )
    async def diff(one: Number, other: Number, query: Annotated[DiffQuery, Query()]) -> Response:
        return answer(await operations.compare(one, other, query.detail))

    @router.get(
        "/{number}",
        summary="The whole document of a revision",
        responses=examples.responses(
            ref("RevisionDocument"), {"revision": 12, "document": examples.DOCUMENT}
        ),
    )
    async def revision(number: Number, query: Nothing) -> Response:
        return answer(await queries.revision(number))

    @router.post(
        "/{number}/restore",
        summary="Make an earlier revision's intent the newest, as a new revision",
        responses=examples.responses(answer_schemas.RESTORED, {"restored": 3, **examples.WRITTEN}),
    )
    async def restore(request: Request, number: Number, query: Writing) -> Response:
        return written(await operations.restore(number, options_of(request, query)))

    return router


def health(controller: Controller, queries: Queries) -> APIRouter:
    """The routes for supervisors, and the status."""
    router = APIRouter(tags=["health"])

    @router.get(
        "/healthz",
        summary="200 while the controller serves",
        responses=examples.responses(ref("Health"), {"healthy": True}),
    )
    async def healthz(query: Nothing) -> Response:
        return answer({"healthy": True})

    @router.get(
        "/readyz",
        summary="200 when every declared switch holds the newest revision, else 503 and why",
        responses={
            **examples.responses(ref("Readiness"), samples.READY),
            503: {
                "description": "Not ready; `reason` says why",
                "content": {
                    "application/json": {"schema": ref("Readiness"), "example": samples.NOT_READY}
                },
            },
        },
    )
    async def readyz(query: Nothing) -> Response:
        ready, reason = controller.ready()
        return answer({"ready": ready, "reason": reason}, status=200 if ready else 503)

    @router.get(
        "/v1/status",
        summary="Where things stand, in one answer",
        responses=examples.responses(ref("Status"), samples.STATUS),
    )
    async def status(query: Nothing) -> Response:
        return answer(queries.status())

    return router
