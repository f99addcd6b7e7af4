"""Benchmarks run, and end with their line. How long they take is not tested."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from bench.cases import CASES
from tests.bench.lines import ROOT, check
from tests.bench.test_alone import ALONE


@pytest.mark.parametrize("name", sorted(CASES.keys() - ALONE))
def test_it_ends_with_one_line_and_keeps_what_is_wanted(name: str, tmp_path: Path) -> None:
    check(name, tmp_path)


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
