"""What the headers of a request say: who asks, of which revision, behind which event."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from starlette.requests import Request

from controller.errors import Problem
from controller.northbound.access.principals import ANYBODY, Principal
from controller.northbound.bodies import BadParameters
from controller.northbound.operations import Options
from controller.northbound.parameters import WriteQuery
from controller.northbound.texts import NUMBER, kept_problem, shown

AUTHOR: Final = "Bulkhead-Author"
IF_MATCH: Final = "If-Match"
LAST_EVENT_ID: Final = "Last-Event-ID"
_ETAG: Final = re.compile(rf'(?:W/)?"?({NUMBER.pattern})"?')


def options_of(request: Request, query: WriteQuery) -> Options:
    """How a write shall be carried out. Raises :class:`BadParameters`.

    The app's state has ``apply_timeout_s``, the wait when the request names none.
    """
    client = request.client.host if request.client else "unknown"
    key = _state(request).get("key")
    principal = principal_of(request)
    return Options(
        expected=expected_revision(request),
        principal=principal,
        author=principal.name or author_of(request) or f"REST from {client}",
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
    found: Principal = _state(request).get("principal", ANYBODY)
    return found


def _state(request: Request) -> Mapping[str, Any]:
    """What others have put down of a request: its ``state``, which takes longer to ask."""
    found: Mapping[str, Any] = request.scope.get("state", {})
    return found


def expected_revision(request: Request) -> int | None:
    """The revision that If-Match names, None where it names none.

    Raises :class:`BadParameters`.
    """
    text = request.headers.get(IF_MATCH, "*").strip()
    if text == "*":
        return None
    match = _ETAG.fullmatch(text)
    if match is None:
        message = f'expected a revision as in an ETag, like "12", found {shown(text)}'
        raise BadParameters((Problem(IF_MATCH, message),))
    return int(match[1])


def last_event(request: Request) -> int | None:
    """The id of the event that a client has seen last, None where it names none.

    Raises :class:`BadParameters`.
    """
    text = request.headers.get(LAST_EVENT_ID, "").strip()
    if not text:
        return None
    if NUMBER.fullmatch(text) is None:
        message = f"expected the id of an event of this stream, a number, found {shown(text)}"
        raise BadParameters((Problem(LAST_EVENT_ID, message),))
    return int(text)


def author_of(request: Request) -> str:
    """Who a client says it is, "" where it does not. Raises :class:`BadParameters`."""
    said = header_text(request.headers.get(AUTHOR, ""))
    problem = kept_problem(said)
    if problem is not None:
        raise BadParameters((Problem(AUTHOR, problem),))
    return said


def header_text(value: str) -> str:
    """A header's value in UTF-8, where it is that, else in ISO 8859-1 as servers give it."""
    try:
        return value.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return value
