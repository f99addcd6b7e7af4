"""The gate in front of the REST API: what a request shows, what it needs, and the log of it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

from starlette.datastructures import Headers, QueryParams
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from controller.northbound.access.audit import Deed, Outcome, outcome_of
from controller.northbound.access.gate import Credentials, Gate, Need
from controller.northbound.access.principals import Principal
from controller.northbound.access.refusals import Refusal, Unauthenticated
from controller.northbound.answers import TOLD, refused
from controller.northbound.problems import of_error

CERTIFICATE: Final = "bulkhead.certificate"
"""The scope's key for the common name of a client's certificate."""

_OPEN: Final = ("/", "/healthz", "/readyz", "/openapi.json", "/docs")
_OPEN_BELOW: Final = ("/docs/", "/page/")
_STREAM: Final = "/v1/events"
_TRUE: Final = ("1", "on", "t", "true", "y", "yes")  # as pydantic takes them
_READS: Final = ("GET", "HEAD", "OPTIONS")
_OWN: Final = ("status", "tenants", "services", "instances", "rules", "segments", "vrfs", "classes")


def need_of(method: str, path: str) -> Need:
    """What a request needs, told by its method and path."""
    if path in _OPEN or path.startswith(_OPEN_BELOW):
        return Need.NOTHING
    part = path.removeprefix("/v1/").split("/")[0]
    if method in _READS:
        return Need.OWN if part in (*_OWN, "explain") else Need.SITE
    if path == "/v1/plan":
        return Need.OWN
    return Need.SITE if path == "/v1/verify" else Need.WRITE


class _Gone(BaseException):
    """Who follows a stream may not any more. No error: nobody on the way shall take it for one."""


class RestGate:
    """ASGI middleware: lets requests in, and writes down writes and refusals."""

    def __init__(self, app: ASGIApp, gate: Gate) -> None:
        self._app, self._gate = app, gate

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        need = need_of(scope["method"], scope["path"])
        shown = _credentials(scope)
        try:
            principal = self._gate.enter(shown, _source(scope), need)
        except Refusal as error:
            self._record(scope, error.principal, Outcome.REFUSED, detail=str(error))
            await refused(of_error(error), _headers(error))(scope, receive, send)
            return
        scope.setdefault("state", {})["principal"] = principal
        if scope["path"] == _STREAM:
            await self._followed(scope, receive, send, lambda: self._gate.knows(principal, shown))
        elif scope["method"] in _READS:
            await self._app(scope, receive, send)
        else:
            await self._written(scope, receive, send, principal, need)

    async def _written(
        self, scope: Scope, receive: Receive, send: Send, principal: Principal, need: Need
    ) -> None:
        """A write, or a question that is asked by POST: of that only a refusal is told."""
        answer: dict[str, str | int] = {"status": 500, "etag": ""}

        async def watched(message: Message) -> None:
            if message["type"] == "http.response.start":
                answer["status"] = message["status"]
                answer["etag"] = Headers(raw=message["headers"]).get("etag", "")
            await send(message)

        try:
            await self._app(scope, receive, watched)
        except asyncio.CancelledError:
            answer["status"] = 504  # the controller ends: it may be done all the same
            raise
        finally:
            if need is Need.WRITE or answer["status"] == 403:
                revision = str(answer["etag"]).strip('"')
                self._record(
                    scope,
                    principal,
                    outcome_of(int(answer["status"])),
                    int(revision) if revision.isdecimal() else 0,
                    str(scope["state"].get(TOLD, "")),
                )

    async def _followed(
        self, scope: Scope, receive: Receive, send: Send, still: Callable[[], bool]
    ) -> None:
        """A stream ends with what it was let in by: before the next event, or heartbeat."""

        async def checked(message: Message) -> None:
            if message["type"] == "http.response.body" and not still():
                raise _Gone
            await send(message)

        try:
            await self._app(scope, receive, checked)
        except _Gone:
            await send({"type": "http.response.body", "body": b""})

    def _record(
        self,
        scope: Scope,
        principal: Principal | None,
        outcome: Outcome,
        revision: int = 0,
        detail: str = "",
    ) -> None:
        dry = _is_dry(scope)
        if outcome is Outcome.DONE and dry:
            outcome = Outcome.PLANNED
        self._gate.audit.record(
            Deed(
                who=principal.name if principal else "",
                role=str(principal.role) if principal else "",
                source=_source(scope),
                what=f"{scope['method']} {scope['path']}{'?dry_run=true' * dry}",
                outcome=outcome,
                revision=revision if outcome is Outcome.DONE else 0,
                detail=detail,
            )
        )


def _source(scope: Scope) -> str:
    return str((scope.get("client") or ("unknown",))[0])


def _is_dry(scope: Scope) -> bool:
    """Whether a write asks for its plan alone; of what else a query says nothing is written."""
    query = scope["query_string"]
    may_be = b"dry_run" in query or b"%" in query  # which may stand for any letter
    return may_be and QueryParams(query).get("dry_run", "").lower() in _TRUE


def _credentials(scope: Scope) -> Credentials:
    shown = next((value for name, value in scope["headers"] if name == b"authorization"), b"")
    kind, _, token = shown.decode("latin-1").partition(" ")
    return Credentials(
        token.strip() if kind.lower() == "bearer" else "", str(scope.get(CERTIFICATE, ""))
    )


def _headers(error: Refusal) -> dict[str, str]:
    """RFC 6750 section 3 and RFC 6585 section 4."""
    found = (
        {"WWW-Authenticate": 'Bearer realm="bulkhead"'}
        if isinstance(error, Unauthenticated)
        else {}
    )
    if error.retry_after_s > 0:
        found["Retry-After"] = str(max(1, round(error.retry_after_s + 0.5)))
    return found
