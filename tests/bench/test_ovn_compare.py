"""OVN's column, which takes minutes, is measured once for all sites that are held against it."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench import ovn_compare
from bench.measure import KEPT
from bench.memory import Resident
from bench.ovn_compare import Measured


@pytest.fixture
def measured(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The sizes that were measured."""
    sizes: list[int] = []

    def measure(services: int) -> Measured:
        sizes.append(services)
        return Measured({"a label": 23.5}, services * 100, Resident(68.0, 70.5))

    monkeypatch.setattr(ovn_compare, "_measured_ovn", measure)
    return sizes


def test_what_is_kept_is_taken_again(
    measured: list[int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(KEPT, str(tmp_path))
    first = ovn_compare._of_ovn(2000)
    assert ovn_compare._of_ovn(2000) == first
    assert ovn_compare._of_ovn(200) != first
    assert measured == [2000, 200]


def test_a_benchmark_by_itself_measures_it(
    measured: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(KEPT, raising=False)
    ovn_compare._of_ovn(2000)
    ovn_compare._of_ovn(2000)
    assert measured == [2000, 2000]
