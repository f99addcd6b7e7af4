"""The examples of docs/placement.md do what the page says, as they stand there."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from tests.northbound.fakes import FakeController
from tests.pages import DOCS, blocks

PAGE = "placement.md"
_HERE = "127.0.0.1:8080"


def commands() -> list[str]:
    """Each ``curl`` with the lines that belong to it."""
    found: list[str] = []
    for block in blocks(PAGE):
        if block.startswith("curl"):
            found += [f"curl {rest}" for rest in block.split("curl ")[1:]]
    return found


def test_the_page_has_examples() -> None:
    assert len(commands()) == 6


def test_every_command_is_answered_without_a_problem(server: str, engine: FakeController) -> None:
    for command in commands():
        done = subprocess.run(
            ["bash", "-c", command.strip().replace(_HERE, server)],
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        )
        answer = json.loads(done.stdout)
        assert "title" not in answer, answer
    assert engine.revision() == 5  # made, moved, deleted, three items
    assert engine.network().intent.instances["web-1"].host == "host-3"


def lines_of(script: str, server: str) -> list[str]:
    """What a script of the page prints."""
    done = subprocess.run(
        [sys.executable, "-c", script.replace(f"http://{_HERE}", server)],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        cwd=DOCS.parent,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_the_python_runs(server: str, engine: FakeController) -> None:
    tool, planner = (block for block in blocks(PAGE) if block.startswith("from controller"))
    plug, *others, refused = lines_of(tool, server)
    assert plug.startswith("web-7 02:b0:")
    assert others == ["web-1 host-1"]
    assert "items[0].host" in refused
    flows, *pairs, applied = lines_of(planner, server)
    assert "added" in flows and pairs == []
    assert applied == "True"
    assert engine.network().intent.instances["web-1"].host == "host-2"


@pytest.mark.parametrize("more", [["--once"]])
def test_the_scheduler_runs(server: str, engine: FakeController, more: list[str]) -> None:
    arguments = ["examples/scheduler.py", "--server", server, "--service", "web", "--count", "5"]
    done = subprocess.run(
        [sys.executable, *arguments, *more],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
        cwd=DOCS.parent,
    )
    assert done.stdout.count("plug web-") == 4
    assert len(engine.network().intent.instances) == 4 + 4
