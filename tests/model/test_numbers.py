"""Stable numbers and wire tags."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.model.intent import VLAN_ID_MAX, VLAN_ID_MIN, VRF_ID_MAX, VRF_ID_MIN
from controller.model.numbers import stable_numbers
from controller.model.wire import WireTag, untag, wire_tag

keys = st.sets(st.text(max_size=3), max_size=15)


@given(keys)
def test_numbers_are_distinct_and_depend_on_the_set_alone(found: set[str]) -> None:
    numbers = stable_numbers(found, bits=4)
    assert stable_numbers([*sorted(found, reverse=True), *found], bits=4) == numbers
    assert set(numbers) == found
    assert len(set(numbers.values())) == len(found)
    assert all(1 <= number <= 15 for number in numbers.values())


def test_a_new_key_leaves_other_numbers_alone() -> None:
    before = stable_numbers((f"key-{n}" for n in range(10_000)), bits=32)
    after = stable_numbers((f"key-{n}" for n in range(10_001)), bits=32)
    assert {key: after[key] for key in before} == before


def test_too_many_keys_are_refused() -> None:
    with pytest.raises(ValueError, match="16 keys do not fit 4 bits"):
        stable_numbers(map(str, range(16)), bits=4)


@given(st.integers(VRF_ID_MIN, VRF_ID_MAX), st.integers(VLAN_ID_MIN, VLAN_ID_MAX))
def test_the_wire_tag_is_a_bijection_on_usable_ids(vrf: int, vlan: int) -> None:
    tag = wire_tag(vrf, vlan)
    assert 1 <= tag.s_vid <= 4094 and 1 <= tag.c_vid <= 4094
    assert untag(tag) == (vrf, vlan)


@pytest.mark.parametrize("ids", [(0, 4096), (4091, 4096), (1, 4095), (1, 8193)])
def test_ids_outside_the_ranges_have_no_tag(ids: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="is not in"):
        wire_tag(*ids)


@pytest.mark.parametrize("tag", [WireTag(0, 1), WireTag(1, 4095), WireTag(4094, 4094)])
def test_tags_that_are_nobodys_are_refused(tag: WireTag) -> None:
    with pytest.raises(ValueError, match=r"outside 1\.\.4094|beyond the last VRF"):
        untag(tag)
