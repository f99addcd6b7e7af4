"""The gRPC API behind a gate, and calls that are made by role."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from typing import Any

import grpc
from google.protobuf.message import Message

from controller.northbound.bulkhead_pb2_grpc import BulkheadStub
from controller.northbound.rpc_server import GrpcServer
from tests.access.conftest import Guarded


class Callers:
    """Calls of the service by role, "" for nobody."""

    def __init__(self, channel: grpc.aio.Channel, tokens: dict[str, str]) -> None:
        self._stub: Any = BulkheadStub(channel)  # type: ignore[no-untyped-call]
        self._tokens = tokens

    def __call__(self, role: str, method: str, request: Message, timeout: float | None = 60) -> Any:
        token = self._tokens.get(role, role)
        shown = (("authorization", f"Bearer {token}"),) if token else ()
        return getattr(self._stub, method)(request, metadata=shown, timeout=timeout)


@contextlib.asynccontextmanager
async def over_grpc(guarded: Guarded) -> AsyncIterator[Callers]:
    server = GrpcServer(guarded.cases, port=0)
    await server.start()
    host, port = server.address
    async with grpc.aio.insecure_channel(f"{host}:{port}") as channel:
        yield Callers(channel, guarded.tokens)
    guarded.engine.events().close()
    await server.stop()
