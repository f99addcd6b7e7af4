"""A program put together row by row shares with the expected one what is equal."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controller.dataplane.gather import Gathering
from controller.dataplane.pipeline import SHAPES
from controller.dataplane.program import Program, bucket_of, by_key, differences
from controller.dataplane.shapes import Row


def row(number: int, cookie: int = 0) -> Row:
    return SHAPES["origin.address"].row(cookie, vrf=1, source=number, ip=number)


def gathered(expected: Program, some: list[Row]) -> Program:
    gathering = Gathering(expected)
    for each in some:
        gathering.add(Row(*each))  # another object, as decoded
    return gathering.program()


numbers = st.sets(st.integers(0, 300))


@given(numbers, numbers, numbers, st.randoms(use_true_random=False))
@settings(deadline=None)
def test_it_is_what_was_added(
    same: set[int], other: set[int], gone: set[int], draw: random.Random
) -> None:
    expected = Program.of(by_key(row(n) for n in same | other | gone))
    held = [row(n) for n in same - other] + [row(n, cookie=7) for n in other]
    draw.shuffle(held)
    found = gathered(expected, held)
    assert found == Program.of(by_key(held))
    assert not differences(found, Program.of(by_key(held)))
    changed = {bucket_of(row(n).key) for n in other | (gone - same)}
    for place, rows in found.buckets.items():
        assert (rows is expected.buckets[place]) == (place not in changed)
    assert (found is expected) == (not changed)


def test_nothing_expected_and_nothing_held() -> None:
    assert gathered(Program(), []) == Program()
    assert len(gathered(Program(), [row(1)])) == 1
    assert len(gathered(Program.of(by_key([row(1)])), [])) == 0


@pytest.mark.parametrize("expected", [[], [row(1)], [row(1, cookie=7)]])
@pytest.mark.parametrize("turned", [False, True])
def test_two_meanings_for_one_match_are_an_error(expected: list[Row], turned: bool) -> None:
    held = [row(1), row(1, cookie=7)]
    with pytest.raises(ValueError, match="two meanings"):
        gathered(Program.of(by_key(expected)), held[::-1] if turned else held)
    gathered(Program.of(by_key(expected)), [row(1), row(1)])


@pytest.mark.parametrize("turned", [False, True])
def test_of_different_moments_what_is_not_as_expected_counts(turned: bool) -> None:
    gathering = Gathering(Program.of(by_key([row(1), row(2)])), at_once=False)
    seen = [row(1), row(1, cookie=7)]
    for each in [row(2), *(seen[::-1] if turned else seen)]:
        gathering.add(Row(*each))
    assert gathering.program() == Program.of(by_key([row(1, cookie=7), row(2)]))
