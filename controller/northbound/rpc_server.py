"""Serves the gRPC API in the engine's own event loop, with the standard health and reflection."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Final

import grpc
from grpc_health.v1 import health_pb2
from grpc_health.v1.health import SERVICE_NAME as HEALTH
from grpc_health.v1.health import aio as health
from grpc_health.v1.health_pb2_grpc import add_HealthServicer_to_server
from grpc_reflection.v1alpha import reflection

from controller.errors import BulkheadError
from controller.northbound import bulkhead_pb2 as pb
from controller.northbound.access.exposure import Tls
from controller.northbound.bulkhead_pb2_grpc import add_BulkheadServicer_to_server
from controller.northbound.ports import Controller
from controller.northbound.rpc import BulkheadService
from controller.northbound.rpc_errors import Refusals
from controller.northbound.rpc_gate import RpcGate
from controller.northbound.use_cases import UseCases

SERVICE: Final = pb.DESCRIPTOR.services_by_name["Bulkhead"].full_name
_GRACE_S: Final = 5.0
_MESSAGE_MAX: Final = 64 << 20  # bytes, as a body over REST
_CALLS_MOST: Final = 2000
_CONNECTIONS_MOST: Final = 2000
_OPTIONS: Final = (
    ("grpc.so_reuseport", 0),  # a second engine on the same port is a mistake that shall be seen
    ("grpc.max_receive_message_length", _MESSAGE_MAX),
    ("grpc.max_send_message_length", _MESSAGE_MAX),
    ("grpc.max_allowed_incoming_connections", _CONNECTIONS_MOST),
    ("grpc.max_concurrent_streams", 200),  # of one connection; more wait at the client
    ("grpc.server_handshake_timeout_ms", 10_000),
    ("grpc.keepalive_time_ms", 30_000),  # a client that is gone without a word is seen
    ("grpc.keepalive_timeout_ms", 10_000),
    ("grpc.keepalive_permit_without_calls", 1),
    ("grpc.max_connection_idle_ms", 600_000),  # clients connect anew by themselves
)


class GrpcServer:
    """The gRPC API on one address. ``port`` 0 takes a free one; ``address`` tells which.

    Of health, the server itself (service "") serves while it runs, and ``bulkhead.v1.Bulkhead``
    does while every declared switch holds the newest revision, as ``/readyz`` says.
    """

    def __init__(
        self,
        cases: UseCases,
        host: str = "127.0.0.1",
        port: int = 50051,
        tls: Tls | None = None,
    ) -> None:
        self._tls = tls
        self._controller = cases.controller
        self._wanted = host, port
        self._server = grpc.aio.server(
            interceptors=[Refusals(SERVICE), RpcGate(SERVICE, cases.gate)],
            options=_OPTIONS,
            maximum_concurrent_rpcs=_CALLS_MOST,
        )
        self._health = health.HealthServicer()
        self._telling: asyncio.Task[None] | None = None
        self.address = self._wanted
        add_BulkheadServicer_to_server(BulkheadService(cases), self._server)
        add_HealthServicer_to_server(self._health, self._server)
        names = (SERVICE, HEALTH, reflection.SERVICE_NAME)
        reflection.enable_server_reflection(names, self._server)

    async def start(self) -> None:
        """Listen and serve. Raises BulkheadError if it cannot."""
        host, port = self._wanted
        shown = f"[{host}]" if ":" in host else host
        try:
            if self._tls is None:
                bound = self._server.add_insecure_port(f"{shown}:{port}")
            else:
                bound = self._server.add_secure_port(f"{shown}:{port}", _secured(self._tls))
        except RuntimeError:
            raise BulkheadError(
                f"cannot listen for gRPC on {shown}:{port}: it is in use, or no address of this "
                "machine; set `grpc` to another address, or to off"
            ) from None
        self.address = host, bound
        await self._server.start()
        self._telling = asyncio.create_task(_tell_health(self._controller, self._health))

    async def stop(self) -> None:
        """Finish the calls under way (up to 5 s) and close."""
        if self._telling is not None:
            self._telling.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._telling
        await self._health.enter_graceful_shutdown()
        await self._server.stop(_GRACE_S)


def _secured(tls: Tls) -> grpc.ServerCredentials:
    """gRPC's library demands certificates of all clients or does not ask for any.

    With the first, who has a token alone cannot connect; so that is done where it was asked for.
    """
    pair = tls.key.read_bytes(), tls.certificate.read_bytes()
    if tls.client_ca is None or not tls.over_grpc:
        return grpc.ssl_server_credentials([pair])
    return grpc.ssl_server_credentials([pair], tls.client_ca.read_bytes(), require_client_auth=True)


async def _tell_health(controller: Controller, served: health.HealthServicer) -> None:
    """Readiness changes with events: each may be the one."""
    status = health_pb2.HealthCheckResponse
    await served.set("", status.SERVING)
    events, last = controller.events(), 0
    while True:
        ready, _ = controller.ready()
        await served.set(SERVICE, status.SERVING if ready else status.NOT_SERVING)
        found = await events.more(last)
        if not found:
            return
        last = found[-1].id
