"""The gate in front of the gRPC API: what a call shows, what it needs, and the log of it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final

import grpc

from controller.errors import BulkheadError
from controller.northbound.access.audit import Deed
from controller.northbound.access.gate import Credentials, Gate, Need
from controller.northbound.access.principals import Principal
from controller.northbound.access.refusals import Refusal
from controller.northbound.rpc_errors import Context

_OWN: Final = ("List", "Get", "Explain", "GetStatus")
_WRITES: Final = (
    *("Put", "Delete", "Apply", "Place", "MoveTenant", "MoveInstance"),
    *("ApplyPlan", "RestoreRevision"),
)


@dataclass(frozen=True, slots=True)
class Call:
    """A call that was let in."""

    principal: Principal
    context: Context

    @property
    def client(self) -> str:
        """The address it comes from, without the port."""
        return client_of(self.context)

    def time_remaining(self) -> float | None:
        """Seconds until its deadline, None without one."""
        left: float | None = self.context.time_remaining()
        return left


def need_of(method: str, request: Any) -> Need:
    """What a call needs, told by its name; a plan is none that changes something."""
    if method == "Apply" and request.options.dry_run:
        return Need.OWN
    if method in _WRITES:
        return Need.WRITE
    return Need.OWN if method in _OWN else Need.SITE


class RpcGate(grpc.aio.ServerInterceptor):
    """Lets calls of a service in, as a :class:`Call`, and writes down writes and refusals."""

    def __init__(self, service: str, gate: Gate) -> None:
        self._prefix = f"/{service}/"
        self._gate = gate

    async def intercept_service(
        self, continuation: Callable[[Any], Awaitable[Any]], details: Any
    ) -> Any:
        """The handler of a call, behind the gate; None where there is no such call."""
        handler = await continuation(details)
        if handler is None or not details.method.startswith(self._prefix):
            return handler
        method = details.method.removeprefix(self._prefix)
        codecs = handler.request_deserializer, handler.response_serializer
        if handler.unary_stream:
            streamed = self._streamed(method, handler.unary_stream)
            return grpc.unary_stream_rpc_method_handler(streamed, *codecs)
        answered = self._answered(method, handler.unary_unary)
        return grpc.unary_unary_rpc_method_handler(answered, *codecs)

    def _answered(
        self, method: str, handle: Callable[..., Awaitable[Any]]
    ) -> Callable[..., Awaitable[Any]]:
        async def answered(request: Any, context: Context) -> Any:
            need = need_of(method, request)
            call = self._entered(method, need, context)
            if need is not Need.WRITE:
                return await handle(request, call)
            try:
                reply = await handle(request, call)
            except BulkheadError as error:
                self._record(call.principal, call.client, method, "refused", detail=str(error))
                raise
            except BaseException:
                self._record(call.principal, call.client, method, "failed")
                raise
            written = getattr(reply, "written", reply)
            self._record(call.principal, call.client, method, "done", written.revision)
            return reply

        return answered

    def _streamed(
        self, method: str, handle: Callable[..., AsyncIterator[Any]]
    ) -> Callable[..., AsyncIterator[Any]]:
        async def streamed(request: Any, context: Context) -> AsyncIterator[Any]:
            call = self._entered(method, need_of(method, request), context)
            async for item in handle(request, call):
                yield item

        return streamed

    def _entered(self, method: str, need: Need, context: Context) -> Call:
        source = client_of(context)
        try:
            return Call(self._gate.enter(_credentials(context), source, need), context)
        except Refusal as error:
            self._record(None, source, method, "refused", detail=str(error))
            raise

    def _record(
        self,
        principal: Principal | None,
        source: str,
        method: str,
        outcome: str,
        revision: int = 0,
        detail: str = "",
    ) -> None:
        who, role = (principal.name, str(principal.role)) if principal else ("", "")
        what = f"gRPC {method}"
        self._gate.audit.record(Deed(who, role, source, what, outcome, revision, detail))


def client_of(context: Context) -> str:
    """The address a call comes from: of ``ipv4:192.0.2.1:53124`` the middle."""
    peer: str = context.peer()
    address = peer.partition(":")[2].rpartition(":")[0]
    return address.replace("%5B", "").replace("%5D", "").strip("[]")


def _credentials(context: Context) -> Credentials:
    shown = dict(context.invocation_metadata() or ())
    kind, _, token = str(shown.get("authorization", "")).partition(" ")
    return Credentials(token.strip() if kind.lower() == "bearer" else "")
