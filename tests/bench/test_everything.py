"""What was found of other benchmarks stays when only some are run."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bench import everything
from bench.everything import Run, run_all


def _ran(name: str, services: int, _folder: Path) -> Run:
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
    assert run_all() == 0
    assert _found(results) == [("plan", 100, 1.0), ("plan", 1000, 1.0), ("push", 10_000, 1.0)]
    (figures, *_) = [run["figures"] for run in json.loads(results.read_text())["runs"]]
    assert figures == [{"name": "beside", "value": 3.0}]
    assert all(run["pace_s"] > 0 for run in json.loads(results.read_text())["runs"])


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
