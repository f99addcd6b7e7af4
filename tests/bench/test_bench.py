"""Benchmarks run, and end with their line. How long they take is not tested."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from bench.cases import CASES

ROOT = Path(__file__).parent.parent.parent


@pytest.mark.parametrize("name", sorted(CASES))
def test_it_ends_with_one_line(name: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "bench", name, "--services", "100"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    (line,) = done.stdout.splitlines()
    found = json.loads(line)
    assert list(found) == ["name", "value", "unit", "against", "ratio"]
    assert found["name"] == name
    assert found["unit"] in ("ms", "s", "requests/s")
    assert found["value"] > 0


def test_an_unknown_name_is_told_what_there_is() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "bench", "plann"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert "verify_full" in done.stderr
