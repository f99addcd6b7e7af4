"""A host that is down, or whose database is, holds up no other, nor a controller that starts."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from labkit.controller import ControllerProcess
from labkit.faults import eventually
from labkit.ledger import Ledger
from labkit.ovs import PrivateOvs
from tests.faults.site import POLICY, TOPOLOGY

FAR = "edge-2"
NEAR = {"edge-1", "fabric-1"}
WAIT_S = 30.0


@dataclass(frozen=True)
class Apart:
    """A site one of whose switches has a database of its own."""

    far: PrivateOvs
    controller: ControllerProcess

    def switches(self) -> dict[str, dict[str, Any]]:
        return {switch["name"]: switch for switch in self.controller.get("/v1/switches")}

    def in_sync(self) -> set[str]:
        try:
            return {name for name, switch in self.switches().items() if switch["in_sync"]}
        except httpx.TransportError:
            return set()  # it is starting

    def flows(self) -> set[str]:
        return set(self.far.ofctl("dump-flows --no-stats", FAR).splitlines())

    def relabel(self, tier: str) -> dict[str, Any]:
        """A change that concerns every edge."""
        body = {"tenant": "shop", "labels": {"tier": tier}}
        return dict(self.controller.put("/v1/services/web", body))


@pytest.fixture
def apart(tmp_path: Path) -> Iterator[Apart]:
    ledger = Ledger.create("test-dead-host")
    files: dict[str, Path] = {}
    for name, document in {"topology": TOPOLOGY, "policy": POLICY}.items():
        files[name] = tmp_path / f"{name}.yaml"
        files[name].write_text(json.dumps(document))
    try:
        with PrivateOvs(ledger) as near, PrivateOvs(ledger, name="far") as far:
            remotes = {**dict.fromkeys(NEAR, near.database), FAR: far.database}
            controller = ControllerProcess(
                ledger,
                **files,
                ovsdb=",".join(f"{name}={remote}" for name, remote in remotes.items()),
                datapath_type="dummy",
                request_timeout_s=1.0,
            )
            try:
                yield Apart(far, controller)
            finally:
                controller.stop()
    finally:
        ledger.clean()


def test_a_host_that_is_down_holds_up_no_other(apart: Apart) -> None:
    apart.far.kill_database()
    apart.controller.settings["request_timeout_s"] = 2 * WAIT_S  # not what is waited for
    apart.controller.start()
    eventually(lambda: apart.in_sync() == NEAR, "all but the dead host in sync", WAIT_S)
    assert "its OVSDB has not answered" in apart.switches()[FAR]["problem"]
    answer = apart.relabel("cache")
    assert list(answer["pending"]) == [FAR]
    assert apart.in_sync() == NEAR
    apart.far.start_database()
    eventually(lambda: apart.in_sync() == {*NEAR, FAR}, "the host that is back in sync", WAIT_S)


def test_a_database_that_says_nothing_holds_up_no_other(apart: Apart) -> None:
    apart.far.kill_database()
    with socket.socket(socket.AF_UNIX) as silent:
        silent.bind(str(apart.far.run_dir / "db.sock"))
        silent.listen()
        apart.controller.start()
        eventually(lambda: apart.in_sync() == NEAR, "all but the silent host in sync", WAIT_S)
    assert "its OVSDB has not answered" in apart.switches()[FAR]["problem"]


def test_who_cannot_be_asked_for_its_ports_keeps_what_it_holds(apart: Apart) -> None:
    """Its OpenFlow session works, the way to its database does not."""
    there, hidden = apart.far.run_dir / "db.sock", apart.far.run_dir / "hidden.sock"
    apart.controller.start()
    apart.controller.wait_ready()
    before = apart.flows()
    assert len(before) > 20
    apart.controller.stop()
    there.rename(hidden)
    apart.controller.start()
    eventually(lambda: apart.in_sync() == NEAR, "all others in sync", WAIT_S)
    answer = apart.relabel("db")
    assert list(answer["pending"]) == [FAR]
    assert apart.flows() == before
    assert not any(event["kind"] == "link-down" for event in events(apart))
    hidden.rename(there)
    eventually(lambda: apart.in_sync() == {*NEAR, FAR}, "all in sync", WAIT_S)
    assert apart.flows() != before


def events(apart: Apart) -> list[dict[str, Any]]:
    return list(apart.controller.get("/v1/events", after=0, follow="false"))
