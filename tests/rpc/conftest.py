"""Both servers over one engine in memory, and a stub that speaks to gRPC on loopback."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass
from typing import Any

import grpc
import httpx
import pytest

from controller.northbound.access.gate import Gate
from controller.northbound.bulkhead_pb2_grpc import BulkheadStub
from controller.northbound.rest import create_app
from controller.northbound.rpc_server import GrpcServer
from controller.northbound.use_cases import UseCases
from tests.northbound.fakes import FakeController


@dataclass(frozen=True)
class Site:
    """An engine with both transports."""

    engine: FakeController
    address: str
    stub: Any
    channel: grpc.aio.Channel
    http: httpx.AsyncClient


@contextlib.asynccontextmanager
async def serving(engine: FakeController, gate: Gate | None = None) -> AsyncIterator[Site]:
    cases = UseCases.of(engine, gate=gate)
    server = GrpcServer(cases, port=0)
    await server.start()
    transport = httpx.ASGITransport(create_app(cases), raise_app_exceptions=False)
    host, port = server.address
    address = f"{host}:{port}"
    channel = grpc.aio.insecure_channel(address)
    async with channel, httpx.AsyncClient(transport=transport, base_url="http://test") as http:
        yield Site(engine, address, BulkheadStub(channel), channel, http)
    engine.events().close()
    await server.stop()


Trial = Callable[[Site], Awaitable[None]]
OnSite = Callable[..., None]


@pytest.fixture(scope="session")
def loop() -> Iterator[asyncio.Runner]:
    """One event loop for all: grpc.aio in a process wants no other, as in the engine."""
    with asyncio.Runner() as runner:
        yield runner


@pytest.fixture
def on_site(loop: asyncio.Runner) -> OnSite:
    """Runs a trial on a site of its own."""

    def run(trial: Trial, engine: FakeController | None = None, gate: Gate | None = None) -> None:
        async def whole() -> None:
            async with serving(engine or FakeController(), gate) as site:
                await trial(site)

        loop.run(whole())

    return run
