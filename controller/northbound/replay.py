"""Idempotency keys: a write that is sent again is answered from the first.

The client names its write with `Idempotency-Key`. While the first is under way the second waits for
it; after a restart the revision that the first made is found by its key in the history. What was
refused was not done, so it is done again when it is sent again.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from typing import Any, Final, Generic, NamedTuple, TypeVar

from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.responses import Response

from controller.errors import NotFound, Problem
from controller.model.network import Network
from controller.northbound.answers import answer, made
from controller.northbound.bodies import KeyReused, Malformed
from controller.northbound.headers import principal_of
from controller.northbound.ports import Controller, RevisionInfo
from controller.northbound.receiving import raw_body
from controller.northbound.views import Body, object_view

HEADER: Final = "Idempotency-Key"
REPLAYED: Final = {"Idempotent-Replayed": "true"}
LONGEST: Final = 255
_KEPT: Final = 1000
_MARKED: Final = ("etag", "location")
_WRITES: Final = ("PUT", "POST", "DELETE")

Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True)
class Key:
    """A client's key, and the digest of the request it names."""

    text: str
    request: str


class Subject(NamedTuple):
    """The object that a write puts."""

    collection: str
    name: str


class Replays(Generic[Answer]):
    """The answers to writes that had a key, as one transport gives them.

    ``done`` tells an answer from a refusal.
    """

    def __init__(
        self, controller: Controller, done: Callable[[Answer], bool] = lambda _answer: True
    ) -> None:
        self._controller = controller
        self._is_done = done
        self._known: OrderedDict[str, tuple[str, asyncio.Future[Answer]]] = OrderedDict()

    async def once(
        self,
        key: Key,
        work: Callable[[], Awaitable[Answer]],
        stored: Callable[[Body], Answer],
        about: Subject | None = None,
    ) -> tuple[Answer, bool]:
        """The answer to a write, done once, and whether it was done before.

        ``stored`` makes an answer of what is known of a write before the last restart; ``about``
        is the object that the write puts, which is known too then. Raises KeyReused for another
        write of the same key.
        """
        if key.text in self._known:
            return await self._again(key), True
        first: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._known[key.text] = key.request, first
        try:
            body = await self._stored(key, about)
            found = await work() if body is None else stored(body)
        except BaseException as error:
            self._known.pop(key.text, None)
            first.set_exception(error)
            first.exception()  # taken, also where nobody waits for it
            raise
        first.set_result(found)
        if not self._is_done(found):
            self._known.pop(key.text, None)
        self._forget_the_oldest()
        return found, body is not None

    def _forget_the_oldest(self) -> None:
        """Never a write that is under way: who sends it again must find it."""
        done = [text for text, (_, first) in self._known.items() if first.done()]
        for text in done[: max(0, len(self._known) - _KEPT)]:
            del self._known[text]

    async def _again(self, key: Key) -> Answer:
        request, first = self._known[key.text]
        if request != key.request:
            raise KeyReused(key.text)
        return await asyncio.shield(first)

    async def _stored(self, key: Key, about: Subject | None) -> Body | None:
        """The answer where a controller before this one has made the revision."""
        found: RevisionInfo | None = await self._controller.revision_of(key.text)
        if found is None:
            return None
        if found.request != key.request:
            raise KeyReused(key.text)
        outcome = self._controller.outcome()
        return {
            **await self._put_then(found, about),
            "revision": found.number,
            "applied": outcome.applied,
            "pending": dict(outcome.pending),
            "changed": True,
        }

    async def _put_then(self, found: RevisionInfo, about: Subject | None) -> Body:
        """The object as the revision has it, with whether that made it."""
        if about is None:
            return {}
        try:
            intent = await self._controller.intent_at(found.number)
        except NotFound:  # no longer kept, since it was found
            return {}
        now = self._controller.network()
        shown = object_view(Network(intent, now.topology, now.facts), *about)
        return {
            **shown,
            "created": f"{about.collection}/{about.name}" in found.changes.get("added", ()),
        }


class WriteRoute(APIRoute):
    """A route whose writes are done once for each key."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The handler, behind the keys."""
        handle = super().get_route_handler()

        async def once(request: Request) -> Response:
            text = request.headers.get(HEADER)
            if text is None or request.method not in _WRITES:
                return await handle(request)
            key = Key(checked_key(text, HEADER), digest(request, await raw_body(request)))
            request.state.key = key
            replays: Replays[Response] = request.app.state.replays
            response, again = await replays.once(
                key,
                lambda: handle(request),
                lambda body: _stored_answer(request, body),
                _put_by(request),
            )
            return _marked(response) if again else response

        return once


def response_replays(controller: Controller) -> Replays[Response]:
    """Answers of the REST API."""
    return Replays(controller, lambda response: response.status_code < 400)


def digest(request: Request, body: bytes) -> str:
    """What tells a request from another: who makes it, its method, path, parameters and body."""
    who = principal_of(request).name
    told = f"{who} {request.method} {request.url.path}?{request.url.query}\n".lstrip()
    found = hashlib.sha256(told.encode())
    found.update(body)
    return found.hexdigest()


def checked_key(text: str, path: str) -> str:
    """A key that may be kept. Raises :class:`Malformed`."""
    if not text or len(text) > LONGEST or not text.isprintable():
        message = f"expected 1 to {LONGEST} printable characters, found {text[:80]!r}"
        raise Malformed((Problem(path, message),))
    return text


def _put_by(request: Request) -> Subject | None:
    """The object that a request puts, None for any other request."""
    if request.method != "PUT":
        return None
    return Subject(request.url.path.split("/")[-2], request.path_params["name"])


def _stored_answer(request: Request, body: Body) -> Response:
    if body.get("created"):
        return made(request, body, body["revision"])
    return answer(body, body["revision"])


def _marked(response: Response) -> Response:
    """A copy that says that it is the first one's."""
    kept = {k: v for k, v in response.headers.items() if k.lower() in _MARKED}
    return Response(response.body, response.status_code, {**kept, **REPLAYED}, response.media_type)
