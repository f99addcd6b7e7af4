"""One benchmark run, small: it ends with its line and keeps the figures that are wanted."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from bench.targets import ITSELF, RATIO, TARGETS

ROOT = Path(__file__).parent.parent.parent
PATIENCE_S = 120


def check(name: str, tmp_path: Path) -> None:
    """Run a benchmark as a user does and check what it prints and keeps."""
    kept = tmp_path / "figures.json"
    command = [sys.executable, "-X", "faulthandler", "-m", "bench", name, "--services", "100"]
    with subprocess.Popen(
        [*command, "--figures", str(kept)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            out, progress = process.communicate(timeout=PATIENCE_S)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGABRT)  # it says where it is
            pytest.fail(f"not done within {PATIENCE_S} s:\n{process.communicate()[1]}")
    assert process.returncode == 0, progress
    (line,) = out.splitlines()
    found = json.loads(line)
    assert list(found) == ["name", "value", "unit", "against", "ratio"]
    assert found["name"] == name
    assert found["unit"] in ("ms", "s", "requests/s")
    assert found["value"] > 0
    figures = {figure["name"]: figure["unit"] for figure in json.loads(kept.read_text())}
    units = {ITSELF: found["unit"], **figures}
    wanted = {(what, t.unit) for (of, _, what), t in TARGETS.items() if of == name}
    assert {(what, unit) for what, unit in wanted if unit != RATIO} <= units.items()
