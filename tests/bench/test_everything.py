"""What was found of other benchmarks stays when only some are run."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from bench import everything
from bench.everything import Run, run_all

SHOWS_WHERE = """#!/bin/sh
for last; do :; done
echo '[]' > "$last"
printf '{"kept": "%s"}' "$BENCH_KEPT"
"""
FOLDERS: list[Path] = []


def _ran(name: str, services: int, folder: Path) -> Run:
    assert folder.is_dir()
    FOLDERS.append(folder)
    figures = ({"name": "beside", "value": 3.0},)
    return Run(name, services, 1.0, {"name": name, "value": 2.0}, figures=figures)


@pytest.fixture
def results(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    file = tmp_path / "docs" / "benchmarks.json"
    file.parent.mkdir()
    monkeypatch.setattr(everything, "ROOT", tmp_path)
    monkeypatch.setattr(everything, "RESULTS", file)
    monkeypatch.setattr(everything, "_run", _ran)
    monkeypatch.setattr(everything, "SIZES", {"plan": (100, 1000), "push": (10_000,)})
    return file


def _found(file: Path) -> list[tuple[str, int, float]]:
    runs = json.loads(file.read_text())["runs"]
    return [(run["name"], run["services"], run["took_s"]) for run in runs]


def test_all_are_run_and_kept(results: Path) -> None:
    FOLDERS.clear()
    assert run_all() == 0
    assert len(FOLDERS) == 3 and len(set(FOLDERS)) == 1
    assert _found(results) == [("plan", 100, 1.0), ("plan", 1000, 1.0), ("push", 10_000, 1.0)]
    (figures, *_) = [run["figures"] for run in json.loads(results.read_text())["runs"]]
    assert figures == [{"name": "beside", "value": 3.0}]
    assert all(run["pace_s"] > 0 for run in json.loads(results.read_text())["runs"])


def test_benchmarks_are_told_where_those_of_one_run_keep_what_they_share(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "program"
    program.write_text(SHOWS_WHERE)
    program.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(program))
    assert everything._run("plan", 100, tmp_path).result == {"kept": str(tmp_path)}


def test_of_the_others_what_was_found_stays(results: Path) -> None:
    old = [
        {"name": "push", "services": 10_000, "took_s": 9.0},
        {"name": "plan", "services": 100, "took_s": 9.0},
        {"name": "gone", "services": 100, "took_s": 9.0},
    ]
    results.write_text(json.dumps({"runs": old}))
    assert run_all(["plan"]) == 0
    assert _found(results) == [("plan", 100, 1.0), ("plan", 1000, 1.0), ("push", 10_000, 9.0)]


def test_what_was_found_is_kept_where_the_rest_is_broken_off(
    results: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken_off(name: str, services: int, folder: Path) -> Run:
        if name == "push":
            raise KeyboardInterrupt
        return _ran(name, services, folder)

    monkeypatch.setattr(everything, "_run", broken_off)
    with pytest.raises(KeyboardInterrupt):
        run_all()
    assert _found(results) == [("plan", 100, 1.0), ("plan", 1000, 1.0)]
