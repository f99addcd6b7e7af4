"""What a gRPC request says of how it is carried out."""

from __future__ import annotations

import hashlib
from typing import Any, Final, TypeVar

from google.protobuf.message import Message
from pydantic import BaseModel, ValidationError

from controller.northbound import bulkhead_pb2 as pb
from controller.northbound.answers import parameter_problem
from controller.northbound.bodies import BadParameters
from controller.northbound.operations import Options
from controller.northbound.parameters import WriteQuery
from controller.northbound.replay import Key, checked_key
from controller.northbound.rpc_gate import Call
from controller.northbound.rpc_messages import body_of

Q = TypeVar("Q", bound=BaseModel)

DETAILS: Final = {pb.COUNTS: "counts", pb.FLOWS: "flows"}
_WAITS: Final = {pb.APPLIED: "applied", pb.STORED: "stored"}


def checked(kind: type[Q], **values: Any) -> Q:
    """Parameters as REST checks them. Raises BadParameters with every problem."""
    try:
        return kind.model_validate(values)
    except ValidationError as error:
        problems = tuple(parameter_problem(item["loc"], item) for item in error.errors())
        raise BadParameters(problems) from None


def given(message: Message, **renamed: str) -> dict[str, Any]:
    """What a request has set, for :func:`checked`; ``renamed`` gives keys other names."""
    return {renamed.get(key, key): value for key, value in body_of(message).items()}


def options_of(options: pb.WriteOptions, key: Key | None, call: Call, longest_s: float) -> Options:
    """How a write shall be carried out: no longer than the call's deadline lets it wait.

    Raises :class:`Malformed`.
    """
    query = checked(
        WriteQuery,
        wait=_WAITS.get(options.wait, options.wait),
        timeout=options.timeout_s if options.HasField("timeout_s") else None,
        dry_run=options.dry_run,
        detail=DETAILS.get(options.detail, options.detail),
        message=options.message,
    )
    left_s = call.time_remaining()
    timeout_s = query.timeout or longest_s
    return Options(
        expected=options.expected_revision if options.HasField("expected_revision") else None,
        principal=call.principal,
        author=call.principal.name or options.author or f"gRPC from {call.client}",
        message=query.message,
        wait=query.wait,
        timeout_s=timeout_s if left_s is None else min(timeout_s, max(left_s, 0.0)),
        dry_run=query.dry_run,
        detail=query.detail,
        key=key.text if key else "",
        request=key.request if key else "",
    )


def key_of(request: Message, options: pb.WriteOptions, call: Call) -> Key | None:
    """The key that names a write, None where it has none. Raises :class:`Malformed`."""
    if not options.idempotency_key:
        return None
    text = checked_key(options.idempotency_key, "options.idempotency_key")
    found = hashlib.sha256(f"{call.principal.name} {request.DESCRIPTOR.full_name}\n".encode())
    found.update(request.SerializeToString(deterministic=True))
    return Key(text, found.hexdigest())
