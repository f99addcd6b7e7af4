"""The gate in front of the REST API: what a request shows, what it needs, and the log of it."""

from __future__ import annotations

from typing import Final

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from controller.northbound.access.audit import Deed
from controller.northbound.access.gate import Credentials, Gate, Need
from controller.northbound.access.principals import Principal
from controller.northbound.access.refusals import Refusal, Unauthenticated
from controller.northbound.answers import refused
from controller.northbound.problems import of_error

CERTIFICATE: Final = "bulkhead.certificate"
"""The scope's key for the common name of a client's certificate."""

_OPEN: Final = ("/", "/healthz", "/readyz", "/openapi.json", "/docs")
_OPEN_BELOW: Final = ("/docs/", "/page/")
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
        source = (scope.get("client") or ("unknown",))[0]
        try:
            principal = self._gate.enter(_credentials(scope), source, need)
        except Refusal as error:
            self._record(scope, None, 0, str(error), source)
            await refused(of_error(error), _headers(error))(scope, receive, send)
            return
        scope.setdefault("state", {})["principal"] = principal
        if need is not Need.WRITE:
            await self._app(scope, receive, send)
            return
        answer: dict[str, str | int] = {"status": 500, "etag": ""}

        async def watched(message: Message) -> None:
            if message["type"] == "http.response.start":
                answer["status"] = message["status"]
                answer["etag"] = Headers(raw=message["headers"]).get("etag", "")
            await send(message)

        try:
            await self._app(scope, receive, watched)
        finally:
            self._record(scope, principal, int(answer["status"]), str(answer["etag"]), source)

    def _record(
        self, scope: Scope, principal: Principal | None, status: int, told: str, source: str
    ) -> None:
        """``told``: the ETag of what was done, or why it was not."""
        done = 200 <= status < 300
        revision = told.strip('"') if done else ""
        self._gate.audit.record(
            Deed(
                who=principal.name if principal else "",
                role=str(principal.role) if principal else "",
                source=source,
                what=f"{scope['method']} {scope['path']}",
                outcome="done" if done else "failed" if status >= 500 else "refused",
                revision=int(revision) if revision.isdecimal() else 0,
                detail=told if principal is None else "" if done else f"HTTP {status}",
            )
        )


def _credentials(scope: Scope) -> Credentials:
    kind, _, token = Headers(scope=scope).get("authorization", "").partition(" ")
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
