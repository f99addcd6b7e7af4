"""Errors as gRPC's status codes, with google.rpc details.

The problem document that REST would answer decides; it comes along as a ``google.protobuf.Struct``.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, Final, NoReturn, TypeAlias

import grpc
from google.rpc import error_details_pb2, status_pb2

from controller.errors import BulkheadError
from controller.northbound.problems import TYPE_PREFIX, of_error, problem
from controller.northbound.rpc_messages import struct_of
from controller.northbound.views import Body

log = logging.getLogger(__name__)

Context: TypeAlias = "grpc.aio.ServicerContext[Any, Any]"

DOMAIN: Final = "bulkhead"
_DETAILS: Final = "grpc-status-details-bin"
_CODES: Final = {
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
    if isinstance(error, BulkheadError):
        document = of_error(error, conditional=True)
    else:
        log.error("a call failed", exc_info=error)
        detail = "this is a fault of the controller; its log has the details"
        document = problem(500, "internal", detail)
    code = _CODES[document["status"]]
    status = status_of(code, document)
    trailing = ((_DETAILS, status.SerializeToString()),)
    await context.abort(code, status.message, trailing)
    raise AssertionError("abort raises")


def status_of(code: grpc.StatusCode, document: Body) -> status_pb2.Status:
    """A problem document as a status (https://google.aip.dev/193)."""
    number, _ = code.value
    status = status_pb2.Status(code=number, message=document["detail"])
    about = {key: str(document[key]) for key in ("base", "newest") if key in document}
    reason = document["type"].removeprefix(TYPE_PREFIX).upper().replace("-", "_")
    status.details.add().Pack(
        error_details_pb2.ErrorInfo(reason=reason, domain=DOMAIN, metadata=about)
    )
    if document["errors"]:
        request = error_details_pb2.BadRequest()
        for item in document["errors"]:
            request.field_violations.add(field=item["path"], description=item["message"])
        status.details.add().Pack(request)
    status.details.add().Pack(struct_of(document))
    return status
