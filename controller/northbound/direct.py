"""Reads of one object, which tools ask for most, answered without a search for their route."""

from __future__ import annotations

from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from controller.errors import BulkheadError
from controller.model.collections import COLLECTIONS
from controller.northbound.answers import cached, failed
from controller.northbound.headers import principal_of
from controller.northbound.ports import Controller
from controller.northbound.queries import Queries

_PREFIX: Final = "/v1/"


class ObjectReads:
    """ASGI middleware: answers ``GET /v1/{collection}/{name}`` as its route does.

    To find the route and that there are no parameters to check was half of what a read costs. What
    has a query, or is any other request, goes on to the routes.
    """

    def __init__(self, app: ASGIApp, controller: Controller, queries: Queries) -> None:
        self._app, self._controller, self._queries = app, controller, queries

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        found = _object_of(scope)
        if found is None:
            await self._app(scope, receive, send)
            return
        answer: ASGIApp
        try:
            answer = self._read(Request(scope), *found)
        except Exception:  # the route has the same fault, and tells it as faults are told
            answer = self._app
        await answer(scope, receive, send)

    def _read(self, request: Request, collection: str, name: str) -> Response:
        try:
            shown = self._queries.object(collection, name, principal_of(request))
        except BulkheadError as error:
            return failed(request, error)
        return cached(request, shown, self._controller.revision())


def _object_of(scope: Scope) -> tuple[str, str] | None:
    """Collection and name, None for another request."""
    if scope["type"] != "http" or scope["method"] != "GET" or scope["query_string"]:
        return None
    path: str = scope["path"]
    collection, _, name = path.removeprefix(_PREFIX).partition("/")
    if not path.startswith(_PREFIX) or collection not in COLLECTIONS:
        return None
    return (collection, name) if name and "/" not in name else None
