"""Calls about one object, which tools make most, answered without a search for their route."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from functools import lru_cache
from typing import Any, Final

from pydantic import ValidationError
from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from controller.errors import BulkheadError
from controller.model.collections import COLLECTIONS
from controller.northbound.answers import broken, cached, failed
from controller.northbound.headers import principal_of
from controller.northbound.object_writes import ObjectWrites
from controller.northbound.parameters import WriteQuery
from controller.northbound.replay import HEADER
from controller.northbound.use_cases import UseCases

Work = Callable[[Request], Coroutine[Any, Any, Response]]

_PREFIX: Final = "/v1/"
_KEY: Final = HEADER.lower().encode()
_LONGEST: Final = 256
"""Bytes of a query that is looked at here; some are remembered, most tools send the same."""


class ObjectCalls:
    """ASGI middleware: answers calls to ``/v1/{collection}/{name}`` as their routes do.

    To find the route and to check that parameters are what they may be was half of what a read
    costs, and a third of a write. What is not as expected goes on to the routes, which say so: a
    read with a query, a write with an unknown parameter or with a key, and any other request.
    """

    def __init__(self, app: ASGIApp, cases: UseCases) -> None:
        self._app, self._controller, self._queries = app, cases.controller, cases.queries
        self._writes = ObjectWrites(cases.operations)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        work = self._work(scope) if scope["type"] == "http" else None
        if work is None:
            await self._app(scope, receive, send)
            return
        scope["app"] = self._app  # as the application says of itself to its routes
        request = Request(scope, receive)
        try:
            answer = await work(request)
        except BulkheadError as error:
            answer = failed(request, error)
        except Exception as error:
            answer = broken(request, error)
        await answer(scope, receive, send)

    def _work(self, scope: Scope) -> Work | None:
        """What answers a request, None where a route does."""
        method, path = scope["method"], scope["path"]
        collection, _, rest = path.removeprefix(_PREFIX).partition("/")
        name, *more = rest.split("/")
        if not path.startswith(_PREFIX) or collection not in COLLECTIONS or not name:
            return None
        if method == "GET":
            return None if more or scope["query_string"] else self._read(collection, name)
        query = _query_of(scope)
        if query is None:
            return None
        match method, more:
            case "PUT", []:
                return lambda request: self._writes.put(request, collection, name, query)
            case "DELETE", []:
                return lambda request: self._writes.delete(request, collection, name, query)
            case "POST", ["move"] if self._writes.moves(collection):
                return lambda request: self._writes.move(request, collection, name, query)
            case _:
                return None

    def _read(self, collection: str, name: str) -> Work:
        async def read(request: Request) -> Response:
            shown = self._queries.object(collection, name, principal_of(request))
            return cached(request, shown, self._controller.revision())

        return read


def _query_of(scope: Scope) -> WriteQuery | None:
    """The parameters of a write, None where a route must look at them, or at its key."""
    text = scope["query_string"]
    keyed = any(name == _KEY for name, _ in scope["headers"])
    return None if keyed or len(text) > _LONGEST else _parsed(text)


@lru_cache(maxsize=256)
def _parsed(text: bytes) -> WriteQuery | None:
    try:
        return WriteQuery.model_validate(dict(QueryParams(text)))
    except ValidationError:
        return None
