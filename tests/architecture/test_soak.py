"""`make soak` lengthens every test of chance that it runs."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from hypothesis import settings

from tests.architecture.imports import ROOT
from tests.chance import often


def _soaked() -> Iterator[Path]:
    (line,) = re.findall(r"--soak (.*)", (ROOT / "Makefile").read_text())
    for name in line.split():
        if not name.startswith("-"):
            place = ROOT / name
            yield from sorted(place.rglob("*.py")) if place.is_dir() else [place]


def _fixed(path: Path) -> Iterator[str]:
    """Where a test says itself how often it tries, whatever the profile."""
    for node in ast.walk(ast.parse(path.read_text())):
        counts = isinstance(node, ast.keyword) and node.arg == "max_examples"
        if counts and isinstance(node.value, ast.Constant):
            yield f"{path.relative_to(ROOT)}:{node.value.lineno}"


def test_no_test_that_soaks_fixes_its_number() -> None:
    paths = list(_soaked())
    assert any("max_examples" in path.read_text() for path in paths)
    assert [place for path in paths for place in _fixed(path)] == []


def test_soaking_tries_many_times_as_often() -> None:
    now = settings.get_current_profile_name()
    try:
        settings.load_profile("soak")
        assert often(40) >= 10 * 40
    finally:
        settings.load_profile(now)
