"""HTTP answers: JSON with the revision as ETag, problem documents for every error."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any, Final

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response
from starlette.routing import Match

from controller.errors import BulkheadError, Problem
from controller.northbound.bodies import BadParameters
from controller.northbound.paging import Page, cursor_of
from controller.northbound.problems import of_error, problem
from controller.northbound.views import Body

log = logging.getLogger(__name__)

_METHODS: Final = ("DELETE", "GET", "HEAD", "POST", "PUT")


class ProblemResponse(JSONResponse):
    """A problem document (RFC 9457 section 3)."""

    media_type = "application/problem+json"


def etag(revision: int) -> str:
    """The ETag of whatever follows from one revision."""
    return f'"{revision}"'


def answer(content: object, revision: int | None = None, status: int = 200) -> JSONResponse:
    """A JSON answer; one that the revision and who asks alone determine has the former as ETag."""
    return JSONResponse(content, status, {} if revision is None else _tagged(revision))


def _tagged(revision: int) -> dict[str, str]:
    return {"ETag": etag(revision), "Vary": "Authorization"}


def cached(request: Request, content: object, revision: int) -> Response:
    """The answer to a read, or 304 where the client has it already."""
    if request.headers.get("if-none-match") == etag(revision):
        return Response(status_code=304, headers=_tagged(revision))
    return answer(content, revision)


def paged(request: Request, page: Page, revision: int) -> Response:
    """A page of a list, or 304; it names the next one in its Link header (RFC 8288)."""
    response = cached(request, page.items, revision)
    if page.last is not None:
        following = request.url.include_query_params(cursor=cursor_of(page.last))
        response.headers["Link"] = f'<{following.path}?{following.query}>; rel="next"'
    return response


def refused(content: Body, headers: Any = None) -> ProblemResponse:
    """The answer that carries a problem document."""
    return ProblemResponse(content, content["status"], headers)


def handle_errors(app: FastAPI) -> None:
    """Every error of an app is answered as a problem document, never as a traceback."""

    @app.exception_handler(BulkheadError)
    async def _ours(request: Request, error: BulkheadError) -> Response:
        conditional = request.headers.get("if-match", "*") != "*"
        return refused(of_error(error, conditional=conditional))

    @app.exception_handler(HTTPException)
    async def _http(request: Request, error: HTTPException) -> Response:
        kind = "not-found" if error.status_code == 404 else "http"
        headers = {"Allow": _allowed(request)} if error.status_code == 405 else error.headers
        return refused(_http_problem(request, error.status_code, kind), headers)

    @app.exception_handler(RequestValidationError)
    async def _query(_request: Request, error: RequestValidationError) -> Response:
        problems = tuple(parameter_problem(item["loc"][1:], item) for item in error.errors())
        return refused(of_error(BadParameters(problems)))

    @app.exception_handler(Exception)
    async def _bug(request: Request, error: Exception) -> Response:
        log.error("%s %s failed", request.method, request.url.path, exc_info=error)
        detail = "this is a fault of the controller; its log has the details"
        return refused(problem(500, "internal", detail))


def _allowed(request: Request) -> str:
    """Every method of a path: Starlette tells those of the first of its routes."""
    routes = request.app.routes
    scopes = {method: {**request.scope, "method": method} for method in _METHODS}
    return ", ".join(
        method
        for method, scope in scopes.items()
        if any(route.matches(scope)[0] is Match.FULL for route in routes)
    )


def _http_problem(request: Request, status: int, kind: str) -> Body:
    where = f"{request.method} {request.url.path}"
    match status:
        case 404:
            detail = f"there is no {request.url.path}; GET /openapi.json tells what there is"
        case 405:
            detail = f"{where} is not possible; see the Allow header"
        case _:
            detail = f"{where} was not accepted"
    return problem(status, kind, detail)


def parameter_problem(location: Sequence[Any], error: Any) -> Problem:
    """A pydantic error in our words; ``location`` is where, below the query or path."""
    path = ".".join(map(str, location)) or "query"
    if error["type"] == "extra_forbidden":
        return Problem(path, "there is no such parameter")
    if error["type"] == "missing":
        return Problem(path, "is needed")
    message = str(error["msg"])
    return Problem(path, f"{message[:1].lower()}{message[1:]}, found {error.get('input')!r}")
