"""A benchmark's session goes before others for as long as it runs."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from labkit.processes import session_ahead

AUTOGROUP = Path("/proc/self/autogroup")


def _nice() -> int:
    return int(AUTOGROUP.read_text().split()[-1])


@pytest.mark.skipif(
    os.geteuid() != 0 or not AUTOGROUP.exists(), reason="needs root, and a kernel with autogroups"
)
def test_it_goes_before_others_and_afterwards_as_before() -> None:
    before = _nice()
    with pytest.raises(KeyError), session_ahead():
        assert _nice() == -20
        raise KeyError("whatever ends it")
    assert _nice() == before
