"""How fast a port sends, from counters that come when they have moved."""

from __future__ import annotations

import pytest

from controller.southbound.rates import Counted, counted, rate_bps

INTERVAL_S = 5.0
FIRST = Counted(1000, 100.0)


def test_nothing_is_known_before_there_are_two() -> None:
    assert rate_bps(None, 100.0, INTERVAL_S) is None
    assert counted(None, 1000, 100.0, INTERVAL_S) == FIRST
    assert rate_bps(FIRST, 103.0, INTERVAL_S) is None


@pytest.mark.parametrize(
    ("passed_s", "rate"),
    [
        (5.0, 8000),
        (4.0, 10_000),  # came sooner
        (6.0, 6667),  # came later
        (1.0, 8000),  # a connection began anew: they are written no sooner than that
        (60.0, 8000),  # nothing was sent, so nothing was written, for a while
    ],
)
def test_a_rate_is_what_was_sent_in_the_time_it_was_sent_in(passed_s: float, rate: int) -> None:
    before = Counted(1000, 100.0, 5)
    assert counted(before, 6000, 100.0 + passed_s, INTERVAL_S).rate_bps == rate


def test_when_the_first_was_written_is_not_known() -> None:
    assert counted(FIRST, 6000, 103.0, INTERVAL_S).rate_bps == 8000


def test_a_counter_that_went_back_was_begun_anew() -> None:
    assert counted(Counted(1000, 100.0, 5), 10, 105.0, INTERVAL_S) == Counted(10, 105.0)


def test_who_is_silent_sends_nothing() -> None:
    last = Counted(6000, 105.0, 8000)
    assert rate_bps(last, 112.0, INTERVAL_S) == 8000
    assert rate_bps(last, 113.0, INTERVAL_S) == 0
    assert rate_bps(FIRST, 108.0, INTERVAL_S) == 0
