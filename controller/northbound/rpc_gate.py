"""The gate in front of the gRPC API: what a call shows, what it needs, and the log of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final

import grpc

from controller.northbound.access.audit import AuditLog, Deed, Outcome, outcome_of
from controller.northbound.access.gate import Credentials, Gate, Need
from controller.northbound.access.limits import Places, network_of
from controller.northbound.access.principals import Principal
from controller.northbound.access.refusals import Forbidden, Refusal, Unauthenticated
from controller.northbound.problems import in_a_line
from controller.northbound.rpc_errors import Context, document_of
from controller.northbound.rpc_told import is_dry, told

CHECK_S: Final = 15.0
"""How often a stream asks whether its client is still let in, when nothing comes."""

STREAMS_MOST: Final = 100
"""Of one client: a stream that is not read cannot be ended by grpc's asyncio server."""

_OWN: Final = ("List", "Get", "Explain", "GetStatus")
_WRITES: Final = (
    *("Put", "Delete", "Apply", "Place", "MoveTenant", "MoveInstance"),
    *("ApplyPlan", "RestoreRevision"),
)


@dataclass(slots=True)
class Call:
    """A call that was let in, from an address without the port.

    ``work`` is a write that goes on where the client waits no more; ``context`` does not.
    """

    principal: Principal
    client: str
    context: Context
    work: asyncio.Future[Any] | None = None

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
        self._places = Places(STREAMS_MOST)

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
            call = self._entered(method, request, context)
            done = Outcome.PLANNED if is_dry(request) else Outcome.DONE
            ended = _Ended(self._gate.audit, call, told(method, request), done)
            try:
                reply = await handle(request, call)
            except asyncio.CancelledError:
                if need is Need.WRITE:
                    ended.without_the_client()
                raise
            except Exception as error:
                if need is Need.WRITE or isinstance(error, Forbidden):
                    ended.by(error)
                raise
            if need is Need.WRITE:
                ended.with_reply(reply)
            return reply

        return answered

    def _streamed(
        self, method: str, handle: Callable[..., AsyncIterator[Any]]
    ) -> Callable[..., AsyncIterator[Any]]:
        async def streamed(request: Any, context: Context) -> AsyncIterator[Any]:
            call = self._entered(method, request, context)
            shown = _credentials(context)
            try:
                with self._places.one(call.principal.name or network_of(call.client)):
                    items = handle(request, call)
                    async for item in _while(
                        lambda: self._gate.knows(call.principal, shown), items
                    ):
                        yield item
            except Refusal as error:
                error.principal = call.principal
                self._refused(error, method, request, call.client)
                raise

        return streamed

    def _entered(self, method: str, request: Any, context: Context) -> Call:
        source, need = client_of(context), need_of(method, request)
        try:
            return Call(self._gate.enter(_credentials(context), source, need), source, context)
        except Refusal as error:
            self._refused(error, method, request, source)
            raise

    def _refused(self, error: Refusal, method: str, request: Any, source: str) -> None:
        who, role = _named(error.principal)
        what = told(method, request)
        self._gate.audit.record(Deed(who, role, source, what, Outcome.REFUSED, detail=str(error)))


@dataclass(frozen=True, slots=True)
class _Ended:
    """Writes down how a write has ended; ``done`` is what it is where nothing was wrong."""

    audit: AuditLog
    call: Call
    what: str
    done: Outcome

    def with_reply(self, reply: Any) -> None:
        """It was done."""
        revision = getattr(reply, "written", reply).revision if self.done is Outcome.DONE else 0
        self._record(self.done, revision)

    def by(self, error: BaseException) -> None:
        """It was not, or it is not known."""
        document = document_of(error)
        self._record(outcome_of(document["status"]), detail=in_a_line(document))

    def without_the_client(self) -> None:
        """The deadline has passed or the client is gone; what goes on is told when it ends."""
        if self.call.work is None:
            self._record(Outcome.FAILED, detail="the client has gone before it began")
        else:
            self.call.work.add_done_callback(self._later)

    def _later(self, work: asyncio.Future[Any]) -> None:
        if work.cancelled():
            self._record(Outcome.UNKNOWN, detail="the controller ended meanwhile")
        elif error := work.exception():
            self.by(error)
        else:
            self.with_reply(work.result())

    def _record(self, outcome: Outcome, revision: int = 0, detail: str = "") -> None:
        who, role = _named(self.call.principal)
        source = self.call.client
        self.audit.record(Deed(who, role, source, self.what, outcome, revision, detail))


async def _while(still: Callable[[], bool], items: AsyncIterator[Any]) -> AsyncIterator[Any]:
    """Items as they come, as long as the client is let in. Raises Unauthenticated after that."""
    coming = asyncio.ensure_future(anext(items, None))
    try:
        while True:
            found, _ = await asyncio.wait({coming}, timeout=CHECK_S)
            if not still():
                raise Unauthenticated("this token is not known any more")
            if not found:
                continue
            item = coming.result()
            if item is None:
                return
            yield item
            coming = asyncio.ensure_future(anext(items, None))
    finally:
        coming.cancel()


def _named(principal: Principal | None) -> tuple[str, str]:
    return (principal.name, str(principal.role)) if principal else ("", "")


def client_of(context: Context) -> str:
    """The address a call comes from: of ``ipv4:192.0.2.1:53124`` the middle."""
    peer: str = context.peer()
    address = peer.partition(":")[2].rpartition(":")[0]
    return address.replace("%5B", "").replace("%5D", "").strip("[]")


def _credentials(context: Context) -> Credentials:
    shown = dict(context.invocation_metadata() or ())
    kind, _, token = str(shown.get("authorization", "")).partition(" ")
    names = context.auth_context().get("x509_common_name", ())
    return Credentials(
        token.strip() if kind.lower() == "bearer" else "",
        next((name.decode(errors="replace") for name in names), ""),
    )
