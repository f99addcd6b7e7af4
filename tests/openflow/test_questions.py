"""What a switch is asked for: all that is meant, in few messages, and not far more."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.dataplane.cookie import Feature, cookie
from controller.southbound.questions import (
    EVERYTHING,
    FEW,
    MOST_IN_A_PART,
    MOST_LOOKED_AT,
    MOST_PARTS,
    Question,
    parts,
    questions,
)

OF_INSTANCES = (Feature.ADMIT, Feature.ORIGIN, Feature.RESOLVE)
WHOLE = (1 << 64) - 1
MEANT = st.frozensets(st.builds(cookie, st.sampled_from(Feature), st.integers(0, 1 << 13)))


def of_tenant(first: int, count: int) -> frozenset[int]:
    """What rows of instances with successive ids have as cookies."""
    ids = range(first, first + count)
    return frozenset(cookie(feature, number) for feature in OF_INSTANCES for number in ids)


@given(MEANT, st.integers(0, 5000), st.integers(0, 40), st.integers(0, 2 * MOST_LOOKED_AT))
def test_all_that_is_meant_is_asked_for(
    meant: frozenset[int], first: int, count: int, among: int
) -> None:
    cookies = meant | of_tenant(first, count)
    asked = questions(cookies, among)
    assert all(any(question.covers(value) for question in asked) for value in cookies)
    masks = sum(question.mask != WHOLE for question in asked)
    assert masks * among <= MOST_LOOKED_AT or asked == (EVERYTHING,)
    if cookies:
        assert len(asked) <= len(cookies)
        assert EVERYTHING not in asked


@given(st.integers(0, 1 << 20), st.integers(FEW // 2, 300))
def test_a_tenant_is_asked_for_by_a_mask_or_two(first: int, count: int) -> None:
    asked = questions(of_tenant(first, count) | {cookie(Feature.PERMIT, 7)}, MOST_LOOKED_AT // 2)
    assert len(asked) <= 3
    beyond = range(max(0, first - 10_000), first + count + 10_000)
    told = [n for n in beyond if any(q.covers(cookie(Feature.ADMIT, n)) for q in asked)]
    assert count <= len(told) <= 4 * count
    assert not any(q.covers(cookie(Feature.PERMIT, n)) for q in asked for n in told if n != 7)


@pytest.mark.parametrize(
    ("first", "masks"), [(0, 1), (1, 1), (20, 1), (40, 1), (2000, 1), (500, 2), (4080, 2)]
)
def test_twenty_instances_are_a_question_or_two(first: int, masks: int) -> None:
    assert len(questions(of_tenant(first, 20), MOST_LOOKED_AT // masks)) == masks


@pytest.mark.parametrize(
    ("cookies", "among"),
    [
        (of_tenant(5, FEW // 3), 0),
        (of_tenant(0, 20), MOST_LOOKED_AT + 1),
        (frozenset(cookie(Feature.ADMIT, 1000 * number) for number in range(2 * FEW)), 0),
        (frozenset(cookie(Feature.PERMIT, number) for number in range(2 * FEW)), 0),
    ],
    ids=["few", "of a full switch", "far apart", "rules"],
)
def test_others_are_asked_for_one_by_one(cookies: frozenset[int], among: int) -> None:
    assert questions(cookies, among) == tuple(map(Question, sorted(cookies)))


def test_none_is_everything() -> None:
    assert questions((), 0) == (EVERYTHING,)
    assert EVERYTHING.covers(cookie(Feature.PERMIT, 3)) and EVERYTHING.covers(7)


def test_another_owners_are_not_told_of() -> None:
    (block,) = questions(of_tenant(0, 20), 0)
    assert block.covers(cookie(Feature.ORIGIN, 3))
    assert not block.covers(cookie(Feature.ORIGIN, 3) ^ 1 << 63)


@given(st.lists(st.integers(0, WHOLE)), st.integers(0, 20 * MOST_IN_A_PART))
def test_every_entry_is_of_one_part(cookies: list[int], among: int) -> None:
    asked = parts(among)
    for value in cookies:
        assert sum(part.covers(value) for part in asked) == 1
    assert len(asked) == MOST_PARTS or among <= len(asked) * MOST_IN_A_PART
    assert len(asked) * MOST_IN_A_PART < 2 * max(among, MOST_IN_A_PART)


def test_what_instances_have_is_spread_over_the_parts() -> None:
    cookies = of_tenant(1, 3 * MOST_IN_A_PART)
    for part in parts(len(cookies)):
        assert sum(map(part.covers, cookies)) <= 1.1 * MOST_IN_A_PART
