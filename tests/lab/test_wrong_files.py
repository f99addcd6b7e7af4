"""Files that the lab cannot use: told all at once, before anything is started."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from labkit.controller import ROOT

BROKEN = "switches: [1"
WRONG = "switches: {edge-1: {number: one}}"


def lab(topology: Path, policy: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "mininet/lab.py", "--check"]
    files = ["--topology", str(topology), "--policy", str(policy)]
    return subprocess.run([*command, *files], cwd=ROOT, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (None, "topology.yaml: No such file or directory"),
        (BROKEN, "not YAML"),
        (WRONG, "switches.edge-1.number"),
    ],
    ids=["not there", "no YAML", "no topology"],
)
def test_it_says_what_is_wrong_with_both_and_starts_nothing(
    tmp_path: Path, text: str | None, told: str
) -> None:
    topology, policy = tmp_path / "topology.yaml", tmp_path / "policy.yaml"
    if text is not None:
        topology.write_text(text)
    done = lab(topology, policy)
    assert done.returncode == 2
    assert told in done.stderr
    assert f"{policy}: expected a file or folder that is there" in done.stderr
    assert "Traceback" not in done.stderr
    assert not done.stdout
