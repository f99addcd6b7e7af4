"""Benchmarks that need the machine: the lab's devices, a browser, OVN's processes."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.bench.lines import check

ALONE = frozenset({"ovn_compare", "page_draw", "rest_beside"})


@pytest.mark.parametrize("name", sorted(ALONE))
def test_it_ends_with_one_line_and_keeps_what_is_wanted(name: str, tmp_path: Path) -> None:
    check(name, tmp_path)
