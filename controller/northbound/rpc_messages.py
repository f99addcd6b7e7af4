"""Messages of bulkhead.proto, and the bodies that use cases take and give.

A message's fields are called as the body's keys are. What a body has and a message does not is left
out; None is a field that is not set.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final, TypeVar

from google.protobuf import message_factory, struct_pb2
from google.protobuf.json_format import MessageToDict
from google.protobuf.message import Message

from controller.errors import Problem
from controller.model.collections import COLLECTIONS
from controller.northbound import bulkhead_pb2 as pb
from controller.northbound.bodies import Malformed
from controller.northbound.views import Body

M = TypeVar("M", bound=Message)

_STRUCT: Final = struct_pb2.Struct.DESCRIPTOR.full_name
_KINDS: Final = dict(zip(COLLECTIONS, [f.name for f in pb.Object.DESCRIPTOR.fields], strict=True))
"""The field of an Object for each collection: both are in the order of the document."""
_COLLECTIONS: Final = {kind: collection for collection, kind in _KINDS.items()}


def message_of(kind: type[M], body: Mapping[str, Any]) -> M:
    """The message that says what a body says."""
    fields = kind.DESCRIPTOR.fields_by_name
    return kind(
        **{
            name: _value(field, body[name])
            for name, field in fields.items()
            if body.get(name) is not None
        }
    )


def struct_of(body: Mapping[str, Any]) -> struct_pb2.Struct:
    """A body as it is."""
    found = struct_pb2.Struct()
    found.update(json.loads(json.dumps(body)))
    return found


def body_of(message: Message) -> Body:
    """What is set in a message. Whole numbers of a Struct are whole."""
    found: Body = _whole(MessageToDict(message, preserving_proto_field_name=True))
    return found


def object_of(collection: str, body: Mapping[str, Any]) -> pb.Object:
    """An object of a collection."""
    kind = _KINDS[collection]
    field = pb.Object.DESCRIPTOR.fields_by_name[kind]
    return pb.Object(**{kind: _value(field, body)})


def collection_of(kind: str) -> str:
    """The collection of which an Object holds one in this field."""
    return _COLLECTIONS[kind]


def parts_of(shown: pb.Object, path: str = "object") -> tuple[str, str, Body]:
    """Collection, name and body of an object. Raises :class:`Malformed` for an empty one."""
    kind = shown.WhichOneof("kind")
    if kind is None:
        message = f"is needed: one of {', '.join(_COLLECTIONS)}"
        raise Malformed((Problem(path, message),))
    body = body_of(getattr(shown, kind))
    return _COLLECTIONS[kind], body.pop("name", ""), body


def _value(field: Any, value: Any) -> Any:
    kind = field.message_type
    if kind is None:
        return value
    if kind.full_name == _STRUCT:
        return struct_of(value)
    if kind.GetOptions().map_entry:
        return dict(value)
    made = message_factory.GetMessageClass(kind)
    if field.is_repeated:
        return [message_of(made, item) for item in value]
    return message_of(made, value)


def _whole(value: Any) -> Any:
    """JSON has one kind of number; documents know whole ones."""
    match value:
        case dict():
            return {key: _whole(item) for key, item in value.items()}
        case list():
            return [_whole(item) for item in value]
        case float() if value.is_integer():
            return int(value)
        case _:
            return value
