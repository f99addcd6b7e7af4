"""What is written down of gRPC calls."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path
from typing import Any

import grpc
import httpx
import pytest

from controller.errors import UnknownOutcome
from controller.northbound import bulkhead_pb2 as pb
from controller.northbound.ports import Write, Written
from controller.northbound.server import RestServer
from tests.access.conftest import Guarded
from tests.access.over_grpc import over_grpc
from tests.northbound.fakes import FakeController
from tests.rpc.statuses import refused

WEB_2 = pb.Object(instance=pb.Instance(name="web-2", service="web", host="host-2"))
DRY = pb.WriteOptions(dry_run=True)
EMPTY = '{"document": {}}'


def told(guarded: Guarded) -> list[tuple[str, str, str, int]]:
    keys = ("who", "what", "outcome", "revision")
    return [tuple(line[key] for key in keys) for line in guarded.audited()]


def test_every_write_names_its_object_and_a_dry_run_is_told_from_it(
    loop: asyncio.Runner, guarded: Guarded
) -> None:
    async def trial() -> None:
        async with over_grpc(guarded) as call:
            await call("tenant", "Put", pb.PutRequest(object=WEB_2, options=DRY))
            await call("tenant", "Put", pb.PutRequest(object=WEB_2))
            moved = pb.MoveInstance(name="web-2", host="host-3")
            await call("tenant", "MoveInstance", pb.MoveInstanceRequest(move=moved))
            placed = pb.PlaceRequest(items=[pb.Placement(remove="web-2")])
            await call("tenant", "Place", placed)
            change = pb.Change(put=WEB_2)
            await call("tenant", "Apply", pb.ApplyRequest(changes=[change, change]))
            gone = pb.DeleteRequest(collection="instances", name="web-2")
            await call("tenant", "Delete", gone)
            shop = pb.MoveTenant(name="shop", vrf="monitoring")
            planned = await call(
                "admin", "MoveTenant", pb.MoveTenantRequest(move=shop, options=DRY)
            )
            await call("admin", "ApplyPlan", pb.ApplyPlanRequest(plan=planned.written.plan.plan))
            await call("admin", "RestoreRevision", pb.RestoreRequest(revision=1))
            await refused(call("viewer", "Put", pb.PutRequest(object=WEB_2)))
            await refused(call("tenant", "Apply", pb.ApplyRequest(document=EMPTY, options=DRY)))
            await refused(call("tenant", "Put", pb.PutRequest()))
            plans.append(planned.written.plan.plan)

    plans: list[str] = []
    loop.run(trial())
    assert told(guarded) == [
        ("shop-ci", "gRPC Put instances/web-2 (dry run)", "planned", 0),
        ("shop-ci", "gRPC Put instances/web-2", "done", 2),
        ("shop-ci", "gRPC MoveInstance instances/web-2", "done", 3),
        ("shop-ci", "gRPC Place 1 item", "done", 4),
        ("shop-ci", "gRPC Apply 2 changes", "done", 5),
        ("shop-ci", "gRPC Delete instances/web-2", "done", 6),
        ("root", "gRPC MoveTenant tenants/shop (dry run)", "planned", 0),
        ("root", f"gRPC ApplyPlan {plans[0]}", "done", 7),
        ("root", "gRPC RestoreRevision 1", "done", 8),
        ("eye", "gRPC Put instances/web-2", "refused", 0),
        ("shop-ci", "gRPC Apply a document (dry run)", "refused", 0),
        ("shop-ci", "gRPC Put", "refused", 0),
    ]


class _Slow(FakeController):
    """An engine whose store is slow; ``failing`` is what it says in the end."""

    def __init__(self, failing: Exception | None = None) -> None:
        super().__init__()
        self.go_on = asyncio.Event()
        self._failing = failing

    async def submit(self, write: Write, *, wait: Any, timeout_s: float) -> Written:
        await self.go_on.wait()
        if self._failing:
            raise self._failing
        return await super().submit(write, wait=wait, timeout_s=timeout_s)


@pytest.mark.parametrize(
    ("failing", "outcome", "revision"),
    [
        (None, "done", 2),
        (UnknownOutcome("the store has not answered"), "unknown", 0),
        (KeyError("a fault"), "failed", 0),
    ],
)
def test_what_goes_on_behind_a_deadline_is_told_when_it_ends(
    loop: asyncio.Runner, tmp_path: Path, failing: Exception | None, outcome: str, revision: int
) -> None:
    engine = _Slow(failing)
    guarded = Guarded(tmp_path, engine=engine)

    async def trial() -> None:
        async with over_grpc(guarded) as call:
            late = await refused(call("tenant", "Put", pb.PutRequest(object=WEB_2), timeout=0.3))
            assert late.code is grpc.StatusCode.DEADLINE_EXCEEDED
            assert guarded.audited() == []
            engine.go_on.set()
            async with asyncio.timeout(30):
                while not guarded.audited():
                    await asyncio.sleep(0.01)

    loop.run(trial())
    assert told(guarded) == [("shop-ci", "gRPC Put instances/web-2", outcome, revision)]


def test_no_token_is_in_any_log(
    loop: asyncio.Runner, guarded: Guarded, caplog: pytest.LogCaptureFixture
) -> None:
    """All that the engine logs, libraries too, at their most talkative; and the audit log."""
    caplog.set_level(logging.DEBUG)
    wrong = f"bulkhead_{'w' * 43}"

    async def trial() -> None:
        server = RestServer(guarded.cases, port=0)
        await server.start()
        url = f"http://127.0.0.1:{server.address[1]}"
        async with httpx.AsyncClient(base_url=url, trust_env=False) as client:
            for token in (*guarded.tokens.values(), wrong):
                headers = {"Authorization": f"Bearer {token}"}
                for path in ("/v1/status", "/v1/nowhere"):
                    await client.get(path, headers=headers)
                await client.put("/v1/instances/web-2", headers=headers, json={"host": "x"})
                broken = {**headers, "If-Match": "x", "Content-Type": "application/yaml"}
                await client.post("/v1/apply", headers=broken, content="[")
        async with over_grpc(guarded) as call:
            for role in (*guarded.tokens, wrong):
                await asyncio.gather(
                    call(role, "GetStatus", pb.StatusRequest()),
                    call(role, "Put", pb.PutRequest(object=WEB_2)),
                    return_exceptions=True,
                )
        await server.stop()

    loop.run(trial())
    engine = "\n".join(
        record.getMessage()
        for record in caplog.records
        if not record.name.startswith(("httpx", "httpcore"))  # the test's own client
    )
    written = guarded.audit_file.read_text()
    assert "gRPC Put" in written and "PUT /v1/instances/web-2" in written and engine
    for token in (*guarded.tokens.values(), wrong):
        secret = token.removeprefix("bulkhead_")[8:]
        assert secret not in written and secret not in engine
