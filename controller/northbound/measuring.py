"""`GET /metrics`, and the count of what requests were answered."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from controller.northbound import samples
from controller.northbound.parameters import NoQuery
from controller.northbound.ports import Telemetry


class Unmeasured:
    """A telemetry that counts nothing and has nothing to tell."""

    def answered(self, status: int) -> None:
        """A request over REST was answered with an HTTP status."""

    def exposition(self) -> tuple[bytes, str]:
        """Nothing, as text."""
        return b"", "text/plain; charset=utf-8"


class AnswerCount:
    """ASGI middleware: tells the status of every answer, those of the gate included."""

    def __init__(self, app: ASGIApp, answered: Callable[[int], None]) -> None:
        self._app, self._answered = app, answered

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""

        async def watched(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._answered(message["status"])
            await send(message)

        await self._app(scope, receive, watched)


def metrics(telemetry: Telemetry) -> APIRouter:
    """The route."""
    router = APIRouter(tags=["health"])

    @router.get(
        "/metrics",
        summary="What is measured, as Prometheus reads it",
        response_class=PlainTextResponse,
        responses={
            200: {
                "description": "Counters, gauges and histograms; `docs/operations.md` lists them",
                "content": {"text/plain": {"example": samples.METRICS}},
            }
        },
    )
    async def read(query: Annotated[NoQuery, Query()]) -> Response:
        text, media = telemetry.exposition()
        return Response(text, media_type=media)

    return router
