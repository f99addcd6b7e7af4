"""Work that would hold the loop is done in slices, and leaves rounds of the loop to others."""

from __future__ import annotations

import asyncio
from itertools import count, pairwise

import pytest

from controller.southbound import window
from controller.southbound.window import Turns

SLICES = 5


@pytest.mark.parametrize(("round_s", "apart"), [(0.0, 1), (0.001, 3)])
def test_where_rounds_have_work_in_them_a_slice_has_one_in_three(
    round_s: float, apart: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    times = count()
    monkeypatch.setattr(window, "perf_counter", lambda: next(times) * round_s)
    assert {b - a for a, b in pairwise(asyncio.run(_rounds_of_slices(1)))} == {apart}


def test_two_take_their_turns_one_at_a_time() -> None:
    rounds = asyncio.run(_rounds_of_slices(2))
    assert len(set(rounds)) == len(rounds) == 2 * SLICES


async def _rounds_of_slices(workers: int) -> list[int]:
    """In which rounds of the loop some who work in slices had theirs."""
    loop, turns = asyncio.get_running_loop(), Turns()
    number, found = 0, list[int]()

    def count_round() -> None:
        nonlocal number
        number += 1
        loop.call_soon(count_round)

    async def work() -> None:
        for _ in range(SLICES):
            async with turns:
                found.append(number)

    count_round()
    await asyncio.gather(*(work() for _ in range(workers)))
    return found
