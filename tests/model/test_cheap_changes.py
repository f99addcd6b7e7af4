"""Mappings that are changed at the cost of the change are what a changed copy would be."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.model.altered import Altered
from controller.model.spread import BUCKETS, Spread

NAMES = st.sampled_from("abcdef")
SOME = st.dictionaries(NAMES, st.integers(0, 3))
NUMBERS = st.dictionaries(st.integers(0, 3 * BUCKETS), st.integers(0, 3), max_size=8)


@given(SOME, st.lists(st.tuples(NAMES, st.none() | st.integers(0, 3))))
def test_what_is_altered_is_what_a_copy_would_be(
    below: dict[str, int], steps: list[tuple[str, int | None]]
) -> None:
    found, copy, was = Altered(below), dict(below), dict(below)
    for name, value in steps:
        if value is not None:
            found[name] = copy[name] = value
        else:
            assert found.pop(name, None) == copy.pop(name, None)
        assert dict(found) == copy
        assert len(found) == len(list(found)) == len(copy)
        assert all((n in found) == (n in copy) for n in "abcdef")
    assert below == was


def test_what_is_put_again_is_there_once() -> None:
    found = Altered({"a": 1, "b": 2})
    del found["a"]
    found["a"] = 3
    assert dict(found) == {"a": 3, "b": 2}
    assert len(found) == 2
    assert "a" in found


def test_what_is_gone_is_not_there_to_go_again() -> None:
    found = Altered({"a": 1})
    del found["a"]
    for name in ("a", "b"):
        with pytest.raises(KeyError):
            del found[name]
        with pytest.raises(KeyError):
            found[name]


@given(NUMBERS, st.sets(st.integers(0, 3 * BUCKETS)), NUMBERS)
def test_what_is_spread_is_what_a_copy_would_be(
    first: dict[int, int], less: set[int], more: dict[int, int]
) -> None:
    before = Spread.of(first)
    gone = less & first.keys()
    after = before.changed(gone, more)
    assert content(before) == first
    expected = {key: value for key, value in first.items() if key not in gone} | more
    assert content(after) == expected
    assert all(key in after and after.get(key) == value for key, value in expected.items())
    assert not any(key in after for key in gone - more.keys())
    assert after == Spread.of(expected)
    alike = sum(one is other for one, other in zip(before.buckets, after.buckets, strict=True))
    assert alike >= BUCKETS - len(gone) - len(more)


def test_only_what_is_there_can_go() -> None:
    with pytest.raises(KeyError):
        Spread.of({1: 2}).changed([3], {})


def content(spread: Spread[int, int]) -> Mapping[int, int]:
    return {key: value for bucket in spread.buckets for key, value in bucket.items()}
