"""What a client reads out of a refused call."""

from __future__ import annotations

from collections.abc import Awaitable
from dataclasses import dataclass
from typing import Any

import grpc
import pytest
from google.protobuf.struct_pb2 import Struct
from google.rpc import error_details_pb2
from grpc_status import rpc_status

from controller.northbound.rpc_messages import body_of


@dataclass(frozen=True)
class Refused:
    """A status with its details."""

    code: grpc.StatusCode
    message: str
    reason: str
    metadata: dict[str, str]
    violations: list[Any]
    document: dict[str, Any]
    retry_after_s: float = 0.0


async def refused(call: Awaitable[Any]) -> Refused:
    """The status of a call that must fail."""
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call
    error = caught.value
    status = rpc_status.from_call(_Call(error))
    if status is None:
        return Refused(error.code(), error.details() or "", "", {}, [], {})
    info, request, document, retry = (
        error_details_pb2.ErrorInfo(),
        error_details_pb2.BadRequest(),
        Struct(),
        error_details_pb2.RetryInfo(),
    )
    for kind in (info, request, document, retry):
        for detail in status.details:
            detail.Unpack(kind)
    return Refused(
        error.code(),
        error.details() or "",
        info.reason,
        dict(info.metadata),
        list(request.field_violations),
        body_of(document),
        retry.retry_delay.ToTimedelta().total_seconds(),
    )


class _Call:
    """What grpc_status takes: the synchronous names of an error."""

    def __init__(self, error: grpc.aio.AioRpcError) -> None:
        self._error = error

    def code(self) -> grpc.StatusCode:
        return self._error.code()

    def details(self) -> str:
        return self._error.details() or ""

    def trailing_metadata(self) -> Any:
        return tuple(self._error.trailing_metadata())
