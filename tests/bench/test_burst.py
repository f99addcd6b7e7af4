"""What a burst is held to."""

from __future__ import annotations

import pytest

from bench.burst import CALLS_PER_S, judge
from bench.targets import CALLS, target


def test_a_refused_call_is_an_error() -> None:
    with pytest.raises(RuntimeError, match="HTTP 429: b'too many'"):
        judge({429: b"too many"})
    judge({})


def test_too_few_calls_are_told_as_such() -> None:
    wanted = target("burst", 1000, CALLS)
    assert wanted is not None
    assert wanted.met(0.9 * CALLS_PER_S)
    assert not wanted.met(0.9 * CALLS_PER_S - 1)
