"""Query parameters and headers of requests. An unknown parameter is refused, not ignored."""

from __future__ import annotations

import asyncio
import re
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request

from controller.errors import Problem
from controller.model.positions import Positions
from controller.northbound.access.principals import ANYBODY, Principal
from controller.northbound.bodies import Malformed, read_document
from controller.northbound.operations import Options
from controller.northbound.paging import MOST, Wish, name_of
from controller.northbound.selecting import Selection, parse_selector

BODY_MAX = 64 << 20  # bytes; a site of 10,000 services is a document of about 5 MB
BODY_S = 60.0  # seconds that a body may take to come
_ETAG = re.compile(r'(?:W/)?"?([0-9]+)"?')


class _Query(BaseModel):
    model_config = ConfigDict(extra="forbid", populate_by_name=True)


class NoQuery(_Query):
    """No parameters."""


class ListQuery(_Query):
    """Parameters of a list."""

    selector: str = Field(
        "",
        max_length=4096,
        description="Only objects with these labels, as `kubectl get -l` takes them: "
        "`tier=api,env in (a,b),!legacy`. `name`, `vrf`, `segment`, `tenant`, `service`, `class`, "
        "`instance` and `host` are labels too, where an object has them",
        examples=["tenant=shop,tier in (api,web)"],
    )
    limit: int | None = Field(
        None, ge=1, le=MOST, description="At most so many; the `Link` header leads to the next page"
    )
    cursor: str = Field(
        "", max_length=1024, description="Where a page begins, as the `Link` of the one before says"
    )

    def wish(self) -> Wish:
        """What is asked for. Raises :class:`Malformed` with every problem."""
        problems: list[Problem] = []
        selection: Selection = ()
        after = ""
        try:
            selection = parse_selector(self.selector)
        except Malformed as error:
            problems += error.problems
        try:
            after = name_of(self.cursor)
        except Malformed as error:
            problems += error.problems
        if problems:
            raise Malformed(tuple(problems))
        return Wish(selection, after, self.limit)


class PlanQuery(_Query):
    """Parameters of a plan."""

    detail: Literal["counts", "flows"] = Field(
        "counts", description="`flows` adds every entry, written as `ovs-ofctl` does"
    )


class WriteQuery(PlanQuery):
    """Parameters of every write."""

    wait: Literal["applied", "stored"] = Field(
        "applied",
        description="Answer when every connected switch has confirmed, or once it is stored",
    )
    timeout: float | None = Field(
        None,
        gt=0,
        le=600,
        description="Seconds to wait for switches, by default the setting `apply_timeout_s`; "
        "after it `applied` is false, the write stays and the controller goes on",
    )
    dry_run: bool = Field(False, description="Answer the plan and change nothing")
    message: str = Field("", max_length=1000, description="Why, for the history")


class RevisionsQuery(_Query):
    """Parameters of the history."""

    limit: int = Field(20, ge=1, le=1000, description="At most so many, newest first")


class DiffQuery(PlanQuery):
    """Parameters of a comparison of two revisions."""


class EventsQuery(_Query):
    """Parameters of the events."""

    after: int = Field(0, ge=0, description="Only events after the one with this id")
    since: int | None = Field(
        None,
        ge=0,
        description="Only what has happened since this revision; revisions that are "
        "older than what is kept of events come from the history",
    )
    follow: bool = Field(True, description="Keep the connection and send events as they happen")


class RoutesQuery(_Query):
    """Parameters of a route."""

    source: str = Field(alias="from", description="A host", examples=["host-1"])
    destination: str = Field(alias="to", description="A host", examples=["host-2"])
    qos_class: str = Field("best-effort", alias="class", description="A class")
    vrf: str | None = Field(None, description="A VRF; all of them when left out")


class MatrixQuery(_Query):
    """Parameters of the matrix of who may reach whom."""

    source: str | None = Field(None, description="A tenant; services are told then")
    destination: str | None = Field(None, description="A tenant; the same one when left out")
    match: str = Field("", max_length=63, description="Only names that hold this")
    limit: int = Field(40, ge=1, le=200, description="At most so many names on each side")


class CapacityQuery(_Query):
    """Parameters of a question about what is left."""

    host: str | None = Field(None, description="A host; all of them when left out")


class ExplainQuery(_Query):
    """Parameters of a question about one packet."""

    source: str = Field(alias="from", description="An instance", examples=["web-1"])
    destination: str = Field(alias="to", description="An instance", examples=["api-1"])
    protocol: str = Field("tcp", description="tcp, udp, icmp, or an IP protocol number")
    port: int = Field(0, ge=0, le=65535, description="Destination port of tcp and udp")
    dscp: int = Field(0, ge=0, le=63, description="What the sender marks its packets with")


def options_of(request: Request, query: WriteQuery) -> Options:
    """How a write shall be carried out. Raises :class:`Malformed` for a wrong If-Match.

    The app's state has ``apply_timeout_s``, the wait when the request names none.
    """
    client = request.client.host if request.client else "unknown"
    key = getattr(request.state, "key", None)
    principal = principal_of(request)
    said = request.headers.get("bulkhead-author")
    return Options(
        expected=expected_revision(request),
        principal=principal,
        author=principal.name or said or f"REST from {client}",
        message=query.message,
        wait=query.wait,
        timeout_s=query.timeout or request.app.state.apply_timeout_s,
        dry_run=query.dry_run,
        detail=query.detail,
        key=key.text if key else "",
        request=key.request if key else "",
    )


def principal_of(request: Request) -> Principal:
    """Who makes a request, as the gate has found."""
    found: Principal = getattr(request.state, "principal", ANYBODY)
    return found


def expected_revision(request: Request) -> int | None:
    """The revision that If-Match names, None where it names none."""
    text = request.headers.get("if-match", "*").strip()
    if text == "*":
        return None
    match = _ETAG.fullmatch(text)
    if match is None:
        message = f'expected a revision as in an ETag, like "12", found {text[:80]}'
        raise Malformed((Problem("If-Match", message),))
    return int(match[1])


async def object_of(request: Request) -> object:
    """The tree of a body that is one small object. Raises :class:`Malformed`."""
    tree, positions = await body_of(request)
    if positions.problems:
        raise Malformed(positions.problems)
    return tree


async def body_of(request: Request) -> tuple[object, Positions]:
    """The tree of a request's body and its positions. Raises :class:`Malformed`."""
    data = await raw_body(request)
    return read_document(data, request.headers.get("content-type", ""))


async def raw_body(request: Request) -> bytes:
    """The bytes of a request's body, read once. Raises :class:`Malformed` where it is too large."""
    known: bytes | None = getattr(request.state, "raw_body", None)
    if known is not None:
        return known
    data = bytearray()
    try:
        async with asyncio.timeout(BODY_S):
            async for chunk in request.stream():
                data += chunk
                if len(data) > BODY_MAX:
                    message = f"larger than {BODY_MAX} bytes; split it into several changes"
                    raise Malformed((Problem("body", message),))
    except TimeoutError:
        message = f"did not come to its end in {BODY_S:g} s"
        raise Malformed((Problem("body", message),)) from None
    request.state.raw_body = bytes(data)
    return request.state.raw_body  # type: ignore[no-any-return]
