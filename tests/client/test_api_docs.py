"""The commands of docs/api.md are answered as the page says, in the order of the page."""

from __future__ import annotations

import json
import subprocess

from tests.northbound.fakes import FakeController
from tests.pages import blocks

_HERE = "127.0.0.1:8080"
_ENDED_BY_US = 28  # curl: --max-time


def commands() -> list[str]:
    """Each line that is a curl command."""
    return [
        line
        for block in blocks("api.md")
        for line in block.splitlines()
        if line.startswith("curl ")
    ]


def answer(command: str, server: str) -> str:
    done = subprocess.run(
        ["bash", "-c", command.replace(_HERE, server)],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode in (0, _ENDED_BY_US), (command, done.stderr)
    return done.stdout


def test_every_command_is_answered(server: str, engine: FakeController) -> None:
    found = {command: answer(command, server) for command in commands()}
    assert len(found) == 13
    for command, text in found.items():
        if "| grep" in command or "-N" in command:
            continue
        shown = json.loads(text)
        assert "title" not in shown, (command, shown)
    moved = next(text for command, text in found.items() if "/move" in command)
    assert json.loads(moved)["vrf"] == "monitoring"
    planned = next(text for command, text in found.items() if "dry_run" in command)
    assert json.loads(planned)["objects"]["added"] == ["instances/web-9"]
    assert engine.revision() == 5  # moved, put, deleted, applied
    assert "web-8" in engine.network().intent.instances
    listed = next(text for command, text in found.items() if "| grep" in command)
    assert 'rel="next"' in listed
    followed = next(text for command, text in found.items() if "-N" in command)
    assert ": events of this controller" in followed
