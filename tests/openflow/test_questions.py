"""What a switch is asked for: all that is meant, in few messages, and not far more."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from controller.dataplane.cookie import Feature, cookie
from controller.southbound.questions import EVERYTHING, FEW, MOST_MASKS, Question, questions

OF_INSTANCES = (Feature.ADMIT, Feature.ORIGIN, Feature.RESOLVE)
MEANT = st.frozensets(st.builds(cookie, st.sampled_from(Feature), st.integers(0, 1 << 13)))


def of_tenant(first: int, count: int) -> frozenset[int]:
    """What rows of instances with successive ids have as cookies."""
    ids = range(first, first + count)
    return frozenset(cookie(feature, number) for feature in OF_INSTANCES for number in ids)


@given(MEANT, st.integers(0, 5000), st.integers(0, 40))
def test_all_that_is_meant_is_asked_for(meant: frozenset[int], first: int, count: int) -> None:
    cookies = meant | of_tenant(first, count)
    asked = questions(cookies)
    assert all(any(question.covers(value) for question in asked) for value in cookies)
    if cookies:
        assert len(asked) <= len(cookies)
        assert EVERYTHING not in asked


@given(st.integers(0, 1 << 20), st.integers(FEW, 300))
def test_a_tenant_is_asked_for_by_a_mask_or_two(first: int, count: int) -> None:
    asked = questions(of_tenant(first, count) | {cookie(Feature.PERMIT, 7)})
    assert len(asked) <= MOST_MASKS + 1
    beyond = range(max(0, first - 10_000), first + count + 10_000)
    told = [n for n in beyond if any(q.covers(cookie(Feature.ADMIT, n)) for q in asked)]
    assert count <= len(told) <= 4 * count
    assert not any(q.covers(cookie(Feature.PERMIT, n)) for q in asked for n in told if n != 7)


def test_few_are_asked_for_one_by_one() -> None:
    few = sorted(of_tenant(5, FEW // 3))
    assert questions(few) == tuple(map(Question, few))


def test_those_far_apart_are_asked_for_one_by_one() -> None:
    far = sorted(cookie(Feature.ADMIT, 1000 * number) for number in range(40))
    assert questions(far) == tuple(map(Question, far))


def test_none_is_everything() -> None:
    assert questions(()) == (EVERYTHING,)
    assert EVERYTHING.covers(cookie(Feature.PERMIT, 3)) and EVERYTHING.covers(7)


def test_another_owners_are_not_told_of() -> None:
    (block, *_) = questions(of_tenant(0, 20))
    assert block.covers(cookie(Feature.ORIGIN, 3))
    assert not block.covers(cookie(Feature.ORIGIN, 3) ^ 1 << 63)
