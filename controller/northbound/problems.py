"""Errors as RFC 9457 problem documents."""

from __future__ import annotations

from http import HTTPStatus

from controller.errors import (
    BulkheadError,
    Conflict,
    Invalid,
    NotFound,
    Problem,
    RemoteError,
    UnknownOutcome,
)
from controller.northbound.access.refusals import Forbidden, TooMany, Unauthenticated
from controller.northbound.bodies import (
    BadParameters,
    KeyReused,
    Malformed,
    TooLarge,
    TooSlow,
    UnknownMedia,
)
from controller.northbound.stale import Stale
from controller.northbound.views import Body

TYPE_PREFIX = "urn:bulkhead:problem:"


def problem(status: int, kind: str, detail: str, problems: tuple[Problem, ...] = ()) -> Body:
    """A problem document. ``kind`` ends its type: a URN, for there is no page to fetch."""
    return {
        "type": TYPE_PREFIX + kind,
        "title": _TITLES.get(kind) or HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "errors": [_item(item) for item in problems],
    }


def of_error(error: BulkheadError, *, conditional: bool = False) -> Body:
    """The problem document of an error. ``conditional``: the request had an If-Match."""
    match error:
        case BadParameters():
            return problem(400, "query", "; ".join(map(str, error.problems)), error.problems)
        case TooSlow():
            return problem(408, "too-slow", str(error), error.problems)
        case TooLarge():
            return problem(413, "too-large", str(error), error.problems)
        case UnknownMedia():
            return problem(415, "media-type", str(error), error.problems)
        case Malformed():
            return problem(400, "malformed", str(error), error.problems)
        case Invalid():
            count = len(error.problems)
            detail = str(error.problems[0]) if count == 1 else f"{count} problems, see `errors`"
            return problem(422, "invalid", f"{detail}; nothing was changed", error.problems)
        case NotFound():
            return problem(404, "not-found", str(error))
        case Stale():
            body = problem(412 if error.conditional else 409, "conflict", str(error))
            return {
                **body,
                "base": error.base,
                "newest": error.newest,
                "meanwhile": error.meanwhile,
                "meanwhile_left_out": error.left_out,
            }
        case Unauthenticated():
            return problem(401, "unauthenticated", str(error))
        case Forbidden():
            return problem(403, "forbidden", str(error))
        case TooMany():
            return problem(429, "too-many", str(error))
        case KeyReused():
            return problem(422, "key-reused", str(error))
        case Conflict():
            return problem(412 if conditional else 409, "conflict", str(error))
        case RemoteError():
            return problem(502, "remote", str(error))
        case UnknownOutcome():
            return problem(504, "unknown-outcome", str(error))
        case _:
            return problem(500, "internal", str(error))


def in_a_line(document: Body) -> str:
    """What a problem document says, for a log: its detail and the first of several problems."""
    errors = document["errors"]
    if len(errors) < 2:
        return str(document["detail"])
    first = "; ".join(f"{item['path']}: {item['message']}" for item in errors[:_TOLD])
    return f"{document['detail']}: {first}{'; ...' if len(errors) > _TOLD else ''}"


_TOLD = 3
_TITLES = {
    "malformed": "The body cannot be read",
    "invalid": "The request asks for something that is not valid",
    "query": "A parameter or header is not valid",
    "too-slow": "The body did not come in time",
    "too-large": "The body is too large",
    "media-type": "The body is neither JSON nor YAML",
    "not-found": "There is no such thing",
    "unauthenticated": "It is not known who asks",
    "forbidden": "This is not for who asks",
    "too-many": "Too many requests",
    "crowded": "Too many connections",
    "conflict": "The network has changed in between",
    "remote": "A switch or server refused",
    "unknown-outcome": "It is not known whether it was done",
    "key-reused": "The idempotency key names another request",
    "internal": "An error of the controller's own",
}


def _item(item: Problem) -> Body:
    found: Body = {"path": item.path, "message": item.message}
    if item.file is not None:
        found["file"] = item.file
    if item.line is not None:
        found["line"] = item.line
    return found
