"""The OpenAPI document: what FastAPI knows of the calls, with what they have in common.

Handlers read bodies and headers by themselves, so bodies' schemas, headers and the scheme of tokens
are said here, once for all calls that have them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from fastapi import FastAPI

from controller.model.collections import COLLECTIONS
from controller.northbound import samples
from controller.northbound.access.gate import Need
from controller.northbound.answer_schemas import ANSWERS
from controller.northbound.body_schemas import BODIES
from controller.northbound.headers import AUTHOR, IF_MATCH, LAST_EVENT_ID
from controller.northbound.nulls import shown
from controller.northbound.replay import HEADER as IDEMPOTENCY_KEY
from controller.northbound.replay import LONGEST as LONGEST_KEY
from controller.northbound.rest_gate import need_of
from controller.northbound.schema_words import TEXT, Schema, ref
from controller.northbound.texts import MESSAGE_MAX, NUMBER

Operation = dict[str, Any]

_BEARER: Final = "token"
_CERTIFICATE: Final = "certificate"
SECURITY: Final = {
    _BEARER: {
        "type": "http",
        "scheme": "bearer",
        "description": "A token of `bulkhead token add`, where the controller has a file of tokens",
    },
    _CERTIFICATE: {
        "type": "mutualTLS",
        "description": "A client's certificate, where the controller has their authority's",
    },
}
_SHOWN: Final[list[dict[str, list[str]]]] = [{}, {_BEARER: []}, {_CERTIFICATE: []}]
"""Nobody is asked on loopback without tokens."""


def _parameter(name: str, schema: Schema, description: str) -> Operation:
    return {"name": name, "in": "header", "schema": schema, "description": description}


PARAMETERS: Final = {
    "IfMatch": _parameter(
        IF_MATCH,
        {"type": "string", "pattern": rf'^(\*|(W/)?"?{NUMBER.pattern}"?)$'},
        "The revision that must be the newest, as `ETag` has it; else 412",
    ),
    "IfNoneMatch": _parameter(
        "If-None-Match", TEXT, "The `ETag` of the answer that the client has; 304 if it is right"
    ),
    "IdempotencyKey": _parameter(
        IDEMPOTENCY_KEY,
        {"type": "string", "minLength": 1, "maxLength": LONGEST_KEY},
        "Names this write: sent again with the same key it is answered from the first",
    ),
    "Author": _parameter(
        AUTHOR,
        TEXT,
        f"Who writes, for the history, where no token says it: {MESSAGE_MAX} printable characters "
        "in UTF-8",
    ),
    "LastEventId": _parameter(
        LAST_EVENT_ID,
        {"type": "string", "pattern": f"^{NUMBER.pattern}$"},
        "The `id` of the last event that came; only what is after it",
    ),
}


def _header(description: str, schema: Schema = TEXT) -> Operation:
    return {"description": description, "schema": schema}


HEADERS: Final = {
    "ETag": _header("The revision that the answer follows from, in quotes"),
    "Link": _header('The next page, `rel="next"`, where there is one (RFC 8288)'),
    "Location": _header("Where the object is that was made"),
    "RetryAfter": _header("Seconds after which to ask again", {"type": "string"}),
    "Replayed": _header("`true` where this is the answer to the first write of its key"),
    "WwwAuthenticate": _header("How to say who asks (RFC 6750)"),
}
_NAMES: Final = {
    "RetryAfter": "Retry-After",
    "Replayed": "Idempotent-Replayed",
    "WwwAuthenticate": "WWW-Authenticate",
}
"""Of headers that are not called as their component is."""

_LISTS: Final = ("/v1/reachability", "/v1/revisions")
_OBJECT_PATHS: Final = frozenset(f"/v1/{collection}/{{name}}" for collection in COLLECTIONS)
_ETAG_READS: Final = ("/v1/reachability", "/v1/matrix")
_PLAN: Final = "/v1/plan"
_EVENTS: Final = "/v1/events"


def describe(app: FastAPI) -> None:
    """Let an app's document say all of it."""
    plain = app.openapi

    def document() -> dict[str, Any]:
        if app.openapi_schema is None:
            _complete(plain())
        found: dict[str, Any] = app.openapi_schema or {}
        return found

    app.openapi = document  # type: ignore[method-assign]  # as FastAPI's own page on it has it


def _complete(document: dict[str, Any]) -> None:
    components = document.setdefault("components", {})
    components["schemas"] = {**components.get("schemas", {}), **BODIES, **ANSWERS}
    components["securitySchemes"] = SECURITY
    components["parameters"] = PARAMETERS
    components["headers"] = HEADERS
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            _complete_operation(path, method.upper(), operation)
            methods[method] = shown(operation)


def _complete_operation(path: str, method: str, operation: Operation) -> None:
    operation.setdefault("parameters", []).extend(
        {"$ref": f"#/components/parameters/{name}"} for name in _parameters_of(path, method)
    )
    answers = operation["responses"]
    for name in _headers_of(path, method):
        _add_header(answers["200"], name)
    if method == "PUT":
        answers["201"]["content"] = answers["200"]["content"]
        for name in (*_headers_of(path, method), "Location"):
            _add_header(answers["201"], name)
    if "IfNoneMatch" in _parameters_of(path, method):
        answers["304"] = {"description": "The client has it already"}
        _add_header(answers["304"], "ETag")
    answers["429"] = _refusal("Too many requests", "RetryAfter")
    if need_of(method, path) is not Need.NOTHING:
        operation["security"] = _SHOWN
        answers["401"] = _refusal("It is not known who asks", "WwwAuthenticate")
        answers["403"] = _refusal("Who asks may not do that")


def _parameters_of(path: str, method: str) -> Iterator[str]:
    if path == _EVENTS:
        yield "LastEventId"
    elif path == _PLAN:
        yield from ("IfMatch", "IdempotencyKey")
    elif _is_write(path, method):
        yield from ("IfMatch", "IdempotencyKey", "Author")
    elif _has_etag(path, method):
        yield "IfNoneMatch"


def _headers_of(path: str, method: str) -> Iterator[str]:
    if _has_etag(path, method):
        yield "ETag"
    if method == "GET" and (path in _LISTS or _is_collection(path)):
        yield "Link"
    if _is_write(path, method):
        yield "Replayed"


def _is_write(path: str, method: str) -> bool:
    return need_of(method, path) is Need.WRITE or path == _PLAN


def _is_collection(path: str) -> bool:
    return f"{path}/{{name}}" in _OBJECT_PATHS


def _has_etag(path: str, method: str) -> bool:
    is_object = _is_collection(path) or path in _OBJECT_PATHS
    return _is_write(path, method) or path in _ETAG_READS or (method == "GET" and is_object)


def _add_header(answer: Operation, name: str) -> None:
    headers = answer.setdefault("headers", {})
    headers[_NAMES.get(name, name)] = {"$ref": f"#/components/headers/{name}"}


def _refusal(description: str, *headers: str) -> Operation:
    found: Operation = {"description": description, **problem_content()}
    for name in headers:
        _add_header(found, name)
    return found


def problem_content() -> Operation:
    """The OpenAPI part for a problem document."""
    return {
        "content": {
            "application/problem+json": {"schema": ref("Problem"), "example": samples.PROBLEM}
        }
    }
