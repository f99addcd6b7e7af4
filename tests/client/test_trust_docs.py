"""The commands of docs/trust.md, and those that `make lab` ends with, do what is said of them.

They are run, in the order of the page, on an engine in memory with the lab's site as the lab leaves
it: with tenant `promo` moved to another VRF.
"""

from __future__ import annotations

import json
import shlex
import subprocess

import httpx
import pytest

from controller.cli import main
from controller.model.change import move_tenant
from controller.model.decode_topology import decode_topology
from controller.northbound.documents import load_yaml
from labkit.hints import how_to_go_on
from tests.northbound.fakes import FakeController
from tests.pages import DOCS, blocks

ROOT = DOCS.parent
_HERE = "127.0.0.1:8080"


@pytest.fixture
def engine() -> FakeController:
    policy, topology = (
        load_yaml(ROOT / path)[0]
        for path in ("policies/flash-sale.yaml", "topologies/multi-service.yaml")
    )
    found = FakeController(policy, decode_topology(topology))
    found.store(move_tenant(found.network().intent, "promo", vrf="monitoring", vlan="auto"))
    return found


def commands() -> list[str]:
    """The lines of the page that are ours, each with what stands before it in a line."""
    lines = [line for block in blocks("trust.md") for line in block.splitlines()]
    return [line for line in lines if "bulkhead " in line or line.startswith("curl ")]


def test_the_page_has_commands() -> None:
    assert len(commands()) == 14


def test_every_command_does_what_the_page_says(
    server: str,
    engine: FakeController,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("BULKHEAD_SERVER", server)
    said: dict[str, str] = {}
    plan = ""
    for line in commands():
        if line.startswith("curl "):
            shown = curl(line.replace(_HERE, server.removeprefix("http://")))
            assert shown["changed"] and shown["objects"]["removed"] == ["rules/web-to-api"]
            continue
        before, _, command = line.rpartition("; ")
        engine.emptied = {"edge-1"} if "del-flows" in before else set()
        code = main(shlex.split(command.replace("ID", plan))[1:])
        said[line] = text = capsys.readouterr().out
        assert code == (1 if before or command.endswith("tcp/22") else 0), (line, text)
        if command.startswith("bulkhead plan ") or "--dry-run" in command:
            assert text.startswith("plan "), (line, text)  # and not: nothing to change
            plan = text.split()[1].rstrip(",")
    assert engine.revision() == 3
    intent = engine.network().intent
    assert intent.segments[intent.tenants["promo"].segment].vrf == "business"
    assert "web-1 -> order-api-2 tcp/8080: allowed" in said[line_with("tcp/8080", said)]
    assert "DOES NOT HOLD" in said[line_with("del-flows", said)]
    assert "tenants/promo" in said[line_with("diff 1 2", said)]


def line_with(part: str, said: dict[str, str]) -> str:
    return next(line for line in said if part in line)


def curl(command: str) -> dict[str, object]:
    done = subprocess.run(
        ["bash", "-c", command], capture_output=True, text=True, check=True, timeout=60
    )
    found: dict[str, object] = json.loads(done.stdout)
    return found


def test_what_the_lab_tells_to_try_does_something(server: str, engine: FakeController) -> None:
    text = how_to_go_on(server, lambda path: httpx.get(f"{server}{path}").json())
    lines = [line.strip() for line in text.splitlines() if line.startswith("  curl ")]
    switches, explained, moved = map(curl, lines)
    assert len(switches) == len(engine.topology.switches)
    assert explained["allowed"] is True
    assert moved["changed"] is True
