"""Events as they happen: server-sent events, or the list of what is kept."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from dataclasses import asdict
from typing import Final, NamedTuple

from starlette.responses import Response, StreamingResponse

from controller.northbound.answers import answer
from controller.northbound.ports import GAP, Controller, Events, JournalEvent, RevisionInfo

HEARTBEAT_S: Final = 15.0
REVISION: Final = "revision"
_MOST_BEHIND: Final = 1000


class Start(NamedTuple):
    """Where a follower begins: behind an id, after what the journal has no more of."""

    after: int
    forgotten: Sequence[JournalEvent] = ()


async def behind(controller: Controller, event: int) -> Start:
    """Behind an event with this id, of the journal or of the history; 0: with the oldest kept.

    Ids of the journal are far above the numbers of revisions, which are the ids of what is told
    from the history: who breaks off among those goes on among those.
    """
    if 0 < event <= controller.revision() and event < controller.events().forgotten:
        return await since_revision(controller, event)
    return Start(event)


async def since_revision(controller: Controller, revision: int) -> Start:
    """What has happened since a revision, all of it where the journal goes back so far.

    Revisions last longer than the journal, so those that it does not know are told from the
    history, each with its number as its id: the newest 1,000, behind a ``gap`` where there are
    more. What the journal keeps is all newer than those.
    """
    kept = controller.events().since(0)
    ids = {event.data[REVISION]: event.id for event in kept if event.kind == REVISION}
    if revision in ids:
        return Start(ids[revision])
    first = min((number for number in ids if number > revision), default=None)
    upto = controller.revision() if first is None else first - 1
    told = min(_MOST_BEHIND, upto - revision)
    if told <= 0:
        return Start(0)
    newest = await controller.revisions(controller.revision() - upto + told)
    found = [_told(info) for info in reversed(newest) if revision < info.number <= upto]
    if found and found[0].id > revision + 1:
        lost = JournalEvent(found[0].id - 1, found[0].at, GAP, {"after": revision})
        found.insert(0, lost)
    return Start(0, found)


def _told(info: RevisionInfo) -> JournalEvent:
    """The event of a revision that the journal does not know."""
    data = {
        "revision": info.number,
        "author": info.author,
        "message": info.message,
        "changes": {kind: len(names) for kind, names in info.changes.items()},
    }
    return JournalEvent(info.number, info.created_at, REVISION, data)


def listed(events: Events, start: Start) -> Response:
    """The kept events behind a start."""
    return answer([asdict(event) for event in (*start.forgotten, *events.since(start.after))])


def followed(events: Events, start: Start) -> Response:
    """The kept events behind a start, and each one that comes, until the client has enough."""
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    stream = _stream(events, start)
    return StreamingResponse(stream, media_type="text/event-stream", headers=headers)


async def _stream(events: Events, start: Start) -> AsyncIterator[str]:
    yield ": events of this controller, from the oldest it keeps\n\n"
    for event in start.forgotten:
        yield _text(event)
    after = start.after
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
