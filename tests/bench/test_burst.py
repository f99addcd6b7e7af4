"""A burst that was none is no result."""

from __future__ import annotations

import pytest

from bench.burst import CALLS_PER_S, LEAST_CALLS_PER_S, judge


def test_a_refused_call_is_an_error_also_where_the_rate_is_not_judged() -> None:
    with pytest.raises(RuntimeError, match="HTTP 429: b'too many'"):
        judge({429: b"too many"}, None)


def test_too_few_calls_are_an_error() -> None:
    with pytest.raises(RuntimeError, match=r"at least 900 calls a second .* found 850"):
        judge({}, 850.0)
    judge({}, float(LEAST_CALLS_PER_S))
    judge({}, None)
    assert LEAST_CALLS_PER_S == 0.9 * CALLS_PER_S
