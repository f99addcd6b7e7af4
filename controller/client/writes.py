"""Writes as values: each can be planned, and then made, or made at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import quote


@dataclass(frozen=True, slots=True)
class Call:
    """A write that has not been sent. ``plans``: where its plan is asked for with the same body.

    Where there is no such place the write itself is sent as a dry run.
    """

    method: Literal["PUT", "POST", "DELETE"]
    path: str
    body: object = None
    plans: str = ""


def put(collection: str, name: str, body: Mapping[str, Any]) -> Call:
    """Make an object, or replace all of it."""
    return Call("PUT", f"/v1/{collection}/{name_in_path(name)}", body)


def delete(collection: str, name: str) -> Call:
    """Delete an object."""
    return Call("DELETE", f"/v1/{collection}/{name_in_path(name)}")


def apply(body: Mapping[str, Any]) -> Call:
    """A document, ``{"document": ...}`` or ``{"changes": [...]}``, as one revision."""
    return Call("POST", "/v1/apply", body, plans="/v1/plan")


def move_tenant(name: str, **to: Any) -> Call:
    """A tenant to a ``segment``, or to a ``vrf`` and ``vlan``; with ``readdress``."""
    return Call("POST", f"/v1/tenants/{name_in_path(name)}/move", to)


def move_instance(name: str, host: str) -> Call:
    """An instance to another host."""
    return Call("POST", f"/v1/instances/{name_in_path(name)}/move", {"host": host})


def place(items: Sequence[Mapping[str, Any]], *, atomic: bool = True, message: str = "") -> Call:
    """Many instances and tenants, as one revision."""
    return Call(
        "POST", "/v1/placements", {"items": list(items), "atomic": atomic, "message": message}
    )


def restore(revision: int) -> Call:
    """An earlier revision's intent, as a new revision."""
    return Call("POST", f"/v1/revisions/{revision}/restore")


def planned(plan_id: str) -> Call:
    """Exactly what a plan has shown, or nothing."""
    return Call("POST", f"/v1/plans/{name_in_path(plan_id)}/apply")


def name_in_path(name: str) -> str:
    """A name as part of a path."""
    return quote(name, safe="")
