"""A site of two tenants behind a gate, and somebody of each role."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Callable, Iterator
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest
import trustme
from starlette.types import ASGIApp

from controller.model.decode import decode_intent
from controller.northbound.access.audit import AuditLog
from controller.northbound.access.gate import Gate, Limits
from controller.northbound.access.principals import Principal, Role
from controller.northbound.access.tokens import TokenFile
from controller.northbound.rest import create_app
from controller.northbound.use_cases import UseCases
from tests.northbound.fakes import DOCUMENT, HOSTS, FakeController

PEOPLE = {
    "viewer": Principal("eye", Role.VIEWER),
    "tenant": Principal("shop-ci", Role.OPERATOR, frozenset({"shop"})),
    "operator": Principal("hand", Role.OPERATOR),
    "admin": Principal("root", Role.ADMIN),
}

_SPARE: dict[str, dict[str, Any]] = {
    "vrfs": {"spare": {"id": 300}},
    "classes": {"spare": {"dscp": 10, "queue": 3}},
    "segments": {"unused": {"vrf": "business", "subnet": "10.91.1.0/24"}},
    "tenants": {"empty": {"segment": "metrics"}},
    "services": {"spare": {"tenant": "shop"}},
}
_WITH_SPARE = {
    kind: {**objects, **_SPARE[kind]} if kind in _SPARE else objects
    for kind, objects in DOCUMENT.items()
}
SPARED = decode_intent(_WITH_SPARE, hosts=HOSTS)


def spared() -> FakeController:
    """An engine whose second revision has objects that can be done without."""
    engine = FakeController()
    engine.store(SPARED)
    return engine


class Files(NamedTuple):
    """Certificates on disk."""

    ca: Path
    certificate: Path
    key: Path
    client: Path
    client_key: Path


@pytest.fixture(scope="session")
def files(tmp_path_factory: pytest.TempPathFactory) -> Files:
    folder = tmp_path_factory.mktemp("tls")
    found = Files(*(folder / f"{name}.pem" for name in Files._fields))
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(found.ca))
    server = authority.issue_cert("127.0.0.1", "localhost")
    server.private_key_pem.write_to_path(str(found.key))
    for blob in server.cert_chain_pems:
        blob.write_to_path(str(found.certificate), append=True)
    client = authority.issue_cert(common_name="grafana.example")
    client.private_key_pem.write_to_path(str(found.client_key))
    for blob in client.cert_chain_pems:
        blob.write_to_path(str(found.client), append=True)
    return found


class Guarded:
    """The REST application behind a gate; calls are made by role, "" for nobody."""

    def __init__(
        self, folder: Path, limits: Limits | None = None, engine: FakeController | None = None
    ) -> None:
        self.engine = engine or FakeController()
        self.file = TokenFile(folder / "tokens.json")
        self.tokens = {role: self.file.add(person) for role, person in PEOPLE.items()}
        self.audit_file = folder / "audit.jsonl"
        self.now = 0.0
        self.gate = Gate(
            TokenFile(folder / "tokens.json"),
            AuditLog(self.audit_file, passed=lambda: self.now),
            limits or Limits(),
            lambda: self.now,
        )
        self.cases = UseCases.of(self.engine, gate=self.gate)

    @cached_property
    def _app(self) -> ASGIApp:
        return create_app(self.cases)

    def __call__(self, role: str, method: str, path: str, **kwargs: Any) -> httpx.Response:
        token = self.tokens.get(role, role)
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        headers |= kwargs.pop("headers", {})

        async def send() -> httpx.Response:
            transport = httpx.ASGITransport(self._app, raise_app_exceptions=False)
            async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
                return await client.request(method, path, headers=headers, **kwargs)

        return asyncio.run(send())

    def audited(self) -> list[dict[str, Any]]:
        """The audit log's lines."""
        if not self.audit_file.exists():
            return []
        return [json.loads(line) for line in self.audit_file.read_text().splitlines()]


@pytest.fixture(scope="module")
def unwritten(tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Guarded]:
    """Hands out a site with spare objects: the same, until somebody has written to it."""
    made: list[Guarded] = []
    revision = spared().revision()

    def site() -> Guarded:
        if not made or made[-1].engine.revision() != revision:
            made.append(Guarded(tmp_path_factory.mktemp("site"), engine=spared()))
        return made[-1]

    return site


@pytest.fixture(scope="session")
def loop() -> Iterator[asyncio.Runner]:
    """One event loop for all that is served over gRPC, as in the engine."""
    with asyncio.Runner() as runner:
        yield runner


@pytest.fixture
def guarded(tmp_path: Path) -> Guarded:
    return Guarded(tmp_path)


@pytest.fixture(autouse=True)
def _nobodys_umask() -> Iterator[None]:
    before = os.umask(0)
    yield
    os.umask(before)
