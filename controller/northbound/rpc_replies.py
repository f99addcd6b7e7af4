"""Replies of the gRPC API to writes, made of what use cases answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, TypeVar, cast

from google.protobuf.message import Message

from controller.northbound import bulkhead_pb2 as pb
from controller.northbound.rpc_messages import message_of, object_of, struct_of
from controller.northbound.views import Body

M = TypeVar("M", bound=Message)

_WRITTEN: Final = ("revision", "applied", "pending", "changed")


def write_reply(shown: Body) -> pb.WriteReply:
    """What a write has made, or its plan."""
    if shown.get("dry_run"):
        return pb.WriteReply(revision=shown["revision"], plan=plan_reply(shown))
    return message_of(pb.WriteReply, {k: shown[k] for k in _WRITTEN})


def put_reply(collection: str) -> Callable[[Body], pb.PutReply]:
    """Makes the reply with an object of a collection."""

    def reply(shown: Body) -> pb.PutReply:
        made = pb.PutReply(written=write_reply(shown), created=shown.get("created", False))
        if "name" in shown:  # not where it is told after a restart
            made.object.CopyFrom(object_of(collection, shown))
        return made

    return reply


def place_reply(shown: Body) -> pb.PlaceReply:
    """What became of each item."""
    items = [_placed(item) for item in shown.get("items", ())]
    return pb.PlaceReply(items=items, written=write_reply(shown))


def _placed(item: Mapping[str, Any]) -> pb.Placed:
    kind = "instance" if "instance" in item else "tenant"
    found = pb.Placed(op=item["op"], name=item[kind], done=item["done"])
    found.errors.extend(message_of(pb.Problem, error) for error in item.get("errors", ()))
    if "object" in item:
        found.object.CopyFrom(object_of(f"{kind}s", item["object"]))
    return found


def plan_reply(shown: Body) -> pb.Plan:
    """A plan, or a comparison of revisions."""
    return pb.Plan(
        plan=shown.get("plan", ""),
        revision=shown.get("revision", shown.get("to", 0)),
        changed=shown.get("changed", any(shown["objects"].values())),
        pairs=shown["pairs"],
        details=struct_of(shown),
    )


def replayed_reply(first: M) -> M:
    """A copy that says that it is the first one's."""
    found = type(first)()
    found.CopyFrom(first)
    (found if isinstance(found, pb.WriteReply) else cast(Any, found).written).replayed = True
    return found
