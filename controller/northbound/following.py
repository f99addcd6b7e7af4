"""Events as they happen: server-sent events, or the list of what is kept."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import asdict
from typing import Final

from starlette.responses import Response, StreamingResponse

from controller.northbound.answers import answer
from controller.northbound.ports import Events, JournalEvent

HEARTBEAT_S: Final = 15.0


def listed(events: Events, after: int) -> Response:
    """The kept events after an id."""
    return answer([asdict(event) for event in events.since(after)])


def followed(events: Events, after: int) -> Response:
    """The kept events after an id, and each one that comes, until the client has enough."""
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    stream = _stream(events, after)
    return StreamingResponse(stream, media_type="text/event-stream", headers=headers)


async def _stream(events: Events, after: int) -> AsyncIterator[str]:
    yield ": events of this controller, from the oldest it keeps\n\n"
    while True:
        try:
            async with asyncio.timeout(HEARTBEAT_S):
                found = await events.more(after)
        except TimeoutError:
            yield ": still here\n\n"
            continue
        if not found:
            return
        for event in found:
            yield _text(event)
        after = found[-1].id


def _text(event: JournalEvent) -> str:
    """One event (https://html.spec.whatwg.org/multipage/server-sent-events.html)."""
    data = json.dumps({"at": event.at, **event.data})
    return f"id: {event.id}\nevent: {event.kind}\ndata: {data}\n\n"
