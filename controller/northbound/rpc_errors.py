"""Errors as gRPC's status codes, with google.rpc details.

The problem document that REST would answer decides; it comes along as a ``google.protobuf.Struct``.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Any, Final, NoReturn, TypeAlias

import grpc
from google.protobuf.duration_pb2 import Duration
from google.rpc import error_details_pb2, status_pb2

from controller.errors import BulkheadError
from controller.northbound.problems import TYPE_PREFIX, of_error, problem
from controller.northbound.rpc_messages import struct_of
from controller.northbound.views import Body

log = logging.getLogger(__name__)

Context: TypeAlias = "grpc.aio.ServicerContext[Any, Any]"

DOMAIN: Final = "bulkhead"
_STATUS_MOST: Final = 4096  # bytes: four thirds of it in the head, which holds 8 KiB
_VIOLATIONS_MOST: Final = 2560
_MESSAGE_MOST: Final = 640  # it stands there twice
_PATH_MOST: Final = 160
_FRAME: Final = 3  # bytes that a violation costs besides its own
_DETAILS: Final = "grpc-status-details-bin"
CODES: Final = {
    400: grpc.StatusCode.INVALID_ARGUMENT,
    401: grpc.StatusCode.UNAUTHENTICATED,
    403: grpc.StatusCode.PERMISSION_DENIED,
    404: grpc.StatusCode.NOT_FOUND,
    409: grpc.StatusCode.ABORTED,
    412: grpc.StatusCode.FAILED_PRECONDITION,
    422: grpc.StatusCode.INVALID_ARGUMENT,
    429: grpc.StatusCode.RESOURCE_EXHAUSTED,
    500: grpc.StatusCode.INTERNAL,
    502: grpc.StatusCode.UNAVAILABLE,
    504: grpc.StatusCode.UNKNOWN,
}


class Refusals(grpc.aio.ServerInterceptor):
    """Every error of a handler of a service is answered as a status, never as a traceback."""

    def __init__(self, service: str) -> None:
        self._prefix = f"/{service}/"

    async def intercept_service(
        self, continuation: Callable[[Any], Awaitable[Any]], details: Any
    ) -> Any:
        """The handler of a call, behind the errors; None where there is no such call."""
        handler = await continuation(details)
        if handler is None or not details.method.startswith(self._prefix):
            return handler
        codecs = handler.request_deserializer, handler.response_serializer
        if handler.unary_stream:
            return grpc.unary_stream_rpc_method_handler(_streamed(handler.unary_stream), *codecs)
        return grpc.unary_unary_rpc_method_handler(_answered(handler.unary_unary), *codecs)


def _answered(handle: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
    async def answered(request: Any, context: Context) -> Any:
        try:
            return await handle(request, context)
        except Exception as error:
            await _refuse(context, error)

    return answered


def _streamed(handle: Callable[..., AsyncIterator[Any]]) -> Callable[..., AsyncIterator[Any]]:
    async def streamed(request: Any, context: Context) -> AsyncIterator[Any]:
        try:
            async for item in handle(request, context):
                yield item
        except Exception as error:
            await _refuse(context, error)

    return streamed


async def _refuse(context: Context, error: Exception) -> NoReturn:
    if isinstance(error, grpc.aio.AbortError):
        raise error
    if not isinstance(error, BulkheadError):
        log.error("a call failed", exc_info=error)
    document = document_of(error)
    code = _code_of(document["status"])
    status = status_of(code, document, getattr(error, "retry_after_s", 0.0))
    trailing = ((_DETAILS, status.SerializeToString()),)
    await context.abort(code, status.message, trailing)
    raise AssertionError("abort raises")


def _code_of(status: int) -> grpc.StatusCode:
    other = grpc.StatusCode.INTERNAL if status >= 500 else grpc.StatusCode.INVALID_ARGUMENT
    return CODES.get(status, other)


def document_of(error: BaseException) -> Body:
    """The problem document that REST would answer; of a fault it tells nothing of the inside."""
    if isinstance(error, BulkheadError):
        return of_error(error, conditional=True)
    return problem(500, "internal", "this is a fault of the controller; its log has the details")


def status_of(
    code: grpc.StatusCode, document: Body, retry_after_s: float = 0.0
) -> status_pb2.Status:
    """A problem document as a status (https://google.aip.dev/193).

    It travels in the head of the answer, of which clients take 8 KiB unless they say otherwise:
    what does not fit is counted, and the document is left out where it does not fit as a whole.
    """
    number, _ = code.value
    status = status_pb2.Status(code=number, message=_cut(document["detail"], _MESSAGE_MOST))
    about = {key: str(document[key]) for key in ("base", "newest") if key in document}
    reason = document["type"].removeprefix(TYPE_PREFIX).upper().replace("-", "_")
    status.details.add().Pack(
        error_details_pb2.ErrorInfo(reason=reason, domain=DOMAIN, metadata=about)
    )
    if retry_after_s > 0:
        status.details.add().Pack(error_details_pb2.RetryInfo(retry_delay=_duration(retry_after_s)))
    if document["errors"]:
        status.details.add().Pack(_violations(document["errors"]))
    whole = struct_of(document)
    if status.ByteSize() + whole.ByteSize() <= _STATUS_MOST:
        status.details.add().Pack(whole)
    return status


def _violations(errors: Sequence[Body]) -> error_details_pb2.BadRequest:
    """As many as there is room for, and how many there are besides."""
    found, room = error_details_pb2.BadRequest(), _VIOLATIONS_MOST
    for index, item in enumerate(errors):
        one = error_details_pb2.BadRequest.FieldViolation(
            field=_cut(item["path"], _PATH_MOST),
            description=_cut(item["message"], _MESSAGE_MOST),
        )
        room -= one.ByteSize() + _FRAME
        if room < 0 and index:
            more = f"and {len(errors) - index} more; send less at once to see them"
            found.field_violations.add(description=more)
            break
        found.field_violations.append(one)
    return found


def _duration(seconds: float) -> Duration:
    whole = int(seconds)
    return Duration(seconds=whole, nanos=int((seconds - whole) * 1e9))


def _cut(text: str, most: int) -> str:
    """A text of at most so many bytes."""
    data = text.encode()
    return text if len(data) <= most else f"{data[:most].decode(errors='ignore')}..."
