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
from starlette.types import Receive, Scope, Send

from controller.errors import BulkheadError, Problem
from controller.northbound.bodies import BadParameters, TooLarge, TooSlow
from controller.northbound.paging import Page, cursor_of
from controller.northbound.problems import in_a_line, of_error, problem
from controller.northbound.texts import shown
from controller.northbound.views import Body

log = logging.getLogger(__name__)

_METHODS: Final = ("DELETE", "GET", "HEAD", "POST", "PUT")


TOLD: Final = "told"
"""The key of a request's state for what was wrong with it, in a line."""


class ProblemResponse(JSONResponse):
    """A problem document (RFC 9457 section 3)."""

    media_type = "application/problem+json"

    def __init__(self, content: Body, status: int, headers: Any = None) -> None:
        super().__init__(content, status, headers)
        self._told = in_a_line(content)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer it; what stands around the application is told, too."""
        scope.setdefault("state", {})[TOLD] = self._told
        await super().__call__(scope, receive, send)


def etag(revision: int) -> str:
    """The ETag of whatever follows from one revision."""
    return f'"{revision}"'


def answer(content: object, revision: int | None = None, status: int = 200) -> JSONResponse:
    """A JSON answer; one that the revision and who asks alone determine has the former as ETag."""
    return JSONResponse(content, status, {} if revision is None else _tagged(revision))


def _tagged(revision: int) -> dict[str, str]:
    return {"ETag": etag(revision), "Vary": "Authorization"}


def written(shown: Body) -> Response:
    """The answer to a write or plan, with the revision it made or was made against."""
    return answer(shown, shown["revision"])


def made(request: Request, content: object, revision: int) -> JSONResponse:
    """The answer to a PUT that has made its object (RFC 9110, section 9.3.4)."""
    response = answer(content, revision, 201)
    response.headers["Location"] = request.url.path
    return response


def cached(request: Request, content: object, revision: int) -> Response:
    """The answer to a read, or 304 where the client has it already."""
    if request.headers.get("if-none-match") == etag(revision):
        return Response(status_code=304, headers=_tagged(revision))
    return answer(content, revision)


def paged(request: Request, page: Page, revision: int) -> Response:
    """A page of a list that a revision determines, or 304."""
    return linked(request, cached(request, page.items, revision), page)


def linked(request: Request, response: Response, page: Page) -> Response:
    """The answer with a page; it names the next one in its Link header (RFC 8288)."""
    if page.last is not None:
        following = request.url.include_query_params(cursor=cursor_of(page.last))
        response.headers["Link"] = f'<{following.path}?{following.query}>; rel="next"'
    return response


def refused(content: Body, headers: Any = None) -> ProblemResponse:
    """The answer that carries a problem document."""
    return ProblemResponse(content, content["status"], headers)


def failed(request: Request, error: BulkheadError) -> ProblemResponse:
    """The answer to a request that one of our errors has ended."""
    conditional = request.headers.get("if-match", "*") != "*"
    unread = isinstance(error, TooLarge | TooSlow)  # what is left of the body is not waited for
    headers = {"Connection": "close"} if unread else None
    return refused(of_error(error, conditional=conditional), headers)


def broken(request: Request, error: Exception) -> ProblemResponse:
    """The answer to a request that a fault of ours has ended, which the log tells."""
    log.error("%s %s failed", request.method, request.url.path, exc_info=error)
    detail = "this is a fault of the controller; its log has the details"
    return refused(problem(500, "internal", detail))


def handle_errors(app: FastAPI) -> None:
    """Every error of an app is answered as a problem document, never as a traceback."""

    @app.exception_handler(BulkheadError)
    async def _ours(request: Request, error: BulkheadError) -> Response:
        return failed(request, error)

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
        return broken(request, error)


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
    if error["type"] == "value_error":
        return Problem(path, str(error["ctx"]["error"]))
    message = str(error["msg"])
    found = shown(error.get("input"))
    return Problem(path, f"{message[:1].lower()}{message[1:]}, found {found}")
