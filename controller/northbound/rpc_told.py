"""What a gRPC call is about, as the audit log tells it: ``gRPC Put instances/web-1``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from controller.northbound import bulkhead_pb2 as pb
from controller.northbound.rpc_messages import collection_of


def told(method: str, request: Any) -> str:
    """The call and its object; a dry run says that it is one."""
    about = _ABOUT.get(method)
    words = ["gRPC", method, about(request) if about else "", "(dry run)" * is_dry(request)]
    return " ".join(word for word in words if word)


def is_dry(request: Any) -> bool:
    """Whether a write asks for its plan alone."""
    options = getattr(request, "options", None)
    return bool(options and options.dry_run)


def _object(shown: pb.Object) -> str:
    kind = shown.WhichOneof("kind")
    return f"{collection_of(kind)}/{getattr(shown, kind).name}" if kind else ""


def _name(request: Any) -> str:
    return f"{request.collection}/{request.name}"


def _count(items: Any, one: str) -> str:
    return f"{len(items)} {one}{'' if len(items) == 1 else 's'}"


def _applied(request: pb.ApplyRequest) -> str:
    return _count(request.changes, "change") if request.changes else "a document"


_ABOUT: Final[Mapping[str, Callable[[Any], str]]] = {
    "List": lambda request: str(request.collection),
    "Get": _name,
    "Put": lambda request: _object(request.object),
    "Delete": _name,
    "Apply": _applied,
    "Place": lambda request: _count(request.items, "item"),
    "MoveTenant": lambda request: f"tenants/{request.move.name}",
    "MoveInstance": lambda request: f"instances/{request.move.name}",
    "GetPlan": lambda request: str(request.plan),
    "ApplyPlan": lambda request: str(request.plan),
    "GetRevision": lambda request: str(request.revision),
    "RestoreRevision": lambda request: str(request.revision),
}
