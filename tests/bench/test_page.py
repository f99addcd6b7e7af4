"""The page shows every result and figure with what is wanted of it, and whether that was met."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from bench import page
from bench.cases import SIZES
from bench.page import benchmarks_page
from bench.targets import ITSELF, LABEL, TARGETS, Target, target


def _run(name: str, services: int, value: float, *figures: dict[str, Any]) -> dict[str, Any]:
    result = {"name": name, "value": value, "unit": "ms", "against": "a bar: 9 ms", "ratio": 0.5}
    found = {"name": name, "services": services, "took_s": 1.0, "result": result, "error": ""}
    return found | ({"figures": figures} if figures else {})


def _figure(name: str, value: float, ratio: float | None = None) -> dict[str, Any]:
    return {"name": name, "value": value, "unit": "ms", "against": "", "ratio": ratio}


@pytest.fixture
def lines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    failed = {"name": "load", "services": 100, "took_s": 1.0, "result": None, "error": "no disk"}
    runs = [
        _run("plan", 100, 1.5) | {"pace_s": 0.62, "took_s": 350.0},
        _run("plan", 10_000, 50.1) | {"pace_s": 0.55},
        _run("push", 10_000, 80.0),
        _run("ovn_compare", 2000, 12.0, _figure(LABEL, 21.0, 32.2), _figure("else", 12345.6)),
        failed,
    ]
    place = {"processor": "P", "cores": 2, "memory_gib": 24, "system": "S", "kernel": "6"}
    file = tmp_path / "benchmarks.json"
    record = {"date": "2026-01-01", "machine": place, "versions": {"Python": "3.11"}, "runs": runs}
    file.write_text(json.dumps(record))
    monkeypatch.setattr(page, "RESULTS", file)
    return benchmarks_page().splitlines()


def test_results_stand_beside_what_is_wanted(lines: list[str]) -> None:
    assert "| `plan` | 100 | 1.5 ms | a bar: 9 ms | 0.5 |  |  | 0.62 s |" in lines
    assert (
        "| `plan` | 10,000 | 50.1 ms | a bar: 9 ms | 0.5 | at most 50 ms | no | 0.55 s |" in lines
    )
    assert "| `push` | 10,000 | 80 ms | a bar: 9 ms | 0.5 | at most 0.7 of it | yes |  |" in lines
    assert "| `load` | 100 | failed | no disk | | | | |" in lines


def test_how_long_it_all_took_is_told(lines: list[str]) -> None:
    assert "All of it took 6 minutes; a quarter of an hour is wanted." in lines


def test_figures_have_a_table_of_their_benchmark(lines: list[str]) -> None:
    first = lines.index("## Figures of `ovn_compare`")
    assert lines[first + 4 : first + 6] == [
        f"| 2,000 | {LABEL} | 21 ms |  | 32.2 | at most 20 ms; 32x | no; yes |",
        "| 2,000 | else | 12,346 ms |  |  |  |  |",
    ]
    assert "## Figures of `plan`" not in lines


def test_growth_is_told_of_what_has_sizes(lines: list[str]) -> None:
    assert "| `plan` | 100 | 10,000 | 100x | 33.4x |" in lines
    assert not any(line.startswith("| `push` | 10,000 | 10,000") for line in lines)


def test_what_is_wanted_is_of_a_size_that_is_run() -> None:
    for name, services, _ in TARGETS:
        assert services is None or services in SIZES[name], name


def test_targets_are_bounds_from_above_or_below() -> None:
    most, least = Target(10, "ms"), Target(2000, "requests/s", least=True)
    assert most.met(10) and not most.met(10.1)
    assert least.met(2000) and not least.met(1999)
    assert (most.text(), least.text()) == ("at most 10 ms", "at least 2,000 requests/s")
    both = Target(20, "ms", times=32)
    assert both.text() == "at most 20 ms; 32x"
    assert [both.judged(*found) for found in ((20, 32), (21, 31.9))] == ["yes; yes", "no; no"]
    assert target("verify_change", 100) is None
    assert target("verify_change", 10_000, ITSELF) == Target(10, "ms")
    assert target("store", 100) == target("store", 10_000) == Target(10, "ms")
