"""Which denials are told, and which are not."""

from __future__ import annotations

from controller.packets.denials import MOST_OF_ONE, MOST_PAIRS, WINDOW_S, Denials


class Clock:
    """A clock that a test sets."""

    now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


def test_a_pair_is_told_once_in_a_window() -> None:
    clock = Clock()
    denials = Denials(clock)
    assert denials.is_news("a", "b")
    assert not denials.is_news("a", "b")
    assert denials.is_news("b", "a")
    clock.now_s += WINDOW_S
    assert denials.is_news("a", "b")


def test_one_that_tries_everybody_does_not_hide_the_others() -> None:
    denials = Denials(Clock())
    told = [denials.is_news("scanner", f"target-{n}") for n in range(10 * MOST_OF_ONE)]
    assert sum(told) == MOST_OF_ONE
    assert denials.is_news("a", "b")


def test_what_is_remembered_has_an_end() -> None:
    denials = Denials(Clock())
    told = [denials.is_news(f"source-{n}", "b") for n in range(2 * MOST_PAIRS)]
    assert sum(told) == MOST_PAIRS
