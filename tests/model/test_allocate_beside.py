"""Segments are completed beside those that stand as they would be with all read again."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.strategies import DataObject

from controller.errors import Invalid
from controller.model import allocate, change
from controller.model.change import Change, apply_changes
from controller.model.decode import decode_intent
from controller.model.encode import tree_of
from controller.model.intent import Intent
from tests.chance import often
from tests.model.test_change_objects import whole

_VRFS = ("one", "two")
_POOLS = ("10.0.0.0/22", "10.0.0.0/23", "10.0.2.0/23")
_GIVEN: dict[str, list[Any]] = {
    "vlan": [4096, 4097, 4098, 8192, "auto"],
    "subnet": ["10.0.0.0/24", "10.0.1.0/25", "10.0.1.128/25", "10.0.2.0/23", "10.9.0.0/16"],
    "gateway": ["10.0.0.1", "10.0.0.9", "10.0.1.130", "10.0.2.7"],
    "reserved": [["10.0.0.2"], ["10.0.1.1-10.0.1.9"], ["10.9.0.0/24"]],
}


@st.composite
def _body(draw: st.DrawFn) -> dict[str, Any]:
    keys = draw(st.lists(st.sampled_from(sorted(_GIVEN)), max_size=3, unique=True))
    vrf = draw(st.sampled_from(_VRFS))
    return {"vrf": vrf, **{key: draw(st.sampled_from(_GIVEN[key])) for key in keys}}


@st.composite
def _site(draw: st.DrawFn) -> Intent:
    """Up to six segments, put one by one so that all that can be together are."""
    vrfs = {n: {"id": i, "pool": draw(st.sampled_from(_POOLS))} for i, n in enumerate(_VRFS, 1)}
    intent = decode_intent({"vrfs": vrfs})
    for number in range(draw(st.integers(0, 6))):
        tree = tree_of(intent)
        tree["segments"][f"segment-{number}"] = draw(_body())
        try:
            intent = decode_intent(tree, intent)
        except Invalid:
            continue
    return intent


@settings(max_examples=often(100), deadline=None)
@given(st.data())
def test_it_is_what_the_whole_document_gives(data: DataObject) -> None:
    intent = data.draw(_site())
    left, changes = set(intent.segments), []
    for _ in range(data.draw(st.integers(1, 4))):
        name = data.draw(st.sampled_from(sorted({*left, "a-new", "z-new"})))
        if name in left and data.draw(st.integers(0, 3)) == 0:
            left.discard(name)
            changes.append(Change("delete", "segments", name))
        else:
            left.add(name)
            changes.append(Change("put", "segments", name, data.draw(_body())))
    expected = whole(intent, changes)
    if expected is None:
        with pytest.raises(Invalid):
            apply_changes(intent, changes)
    else:
        assert apply_changes(intent, changes) == expected


@pytest.mark.parametrize(
    "wrong",
    [
        {"subnet": "10.0.0.128/25"},
        {"subnet": "10.0.0.0/8"},
        {"vlan": 4096},
        {"subnet": "10.0.1.0/24", "gateway": "10.0.1.255"},
        {"subnet": "10.0.1.0/24", "reserved": ["10.0.2.1"]},
    ],
    ids=str,
)
def test_what_cannot_be_beside_those_that_stand_is_refused(wrong: dict[str, Any]) -> None:
    standing = {"vrf": "one", "vlan": 4096, "subnet": "10.0.0.0/24"}
    vrfs = {name: {"id": number} for number, name in enumerate(_VRFS, 1)}
    intent = decode_intent({"vrfs": vrfs, "segments": {"a": standing}})
    with pytest.raises(Invalid):
        apply_changes(intent, [Change("put", "segments", "b", {"vrf": "one", **wrong})])
    if not {"gateway", "reserved"} & wrong.keys():
        apply_changes(intent, [Change("put", "segments", "b", {"vrf": "two", **wrong})])


def test_only_those_that_were_put_are_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    document = {"vrfs": {"one": {"id": 1}}, "segments": {n: {"vrf": "one"} for n in "abc"}}
    intent = decode_intent(document)
    given: list[str] = []
    subnets = allocate.allocate_subnets

    def noted(drafts: Any, *others: Any) -> Any:
        given.extend(draft.name for draft in drafts)
        return subnets(drafts, *others)

    def never(*_arguments: object) -> Intent:
        raise AssertionError("the whole document was read")

    monkeypatch.setattr(allocate, "allocate_subnets", noted)
    monkeypatch.setattr(change, "_whole", never)
    changes = [Change("delete", "segments", "a"), Change("put", "segments", "d", {"vrf": "one"})]
    after = apply_changes(intent, changes)
    assert given == ["d"]
    new, gone = after.segments["d"], intent.segments["a"]
    assert (new.vlan, new.subnet, new.gateway) == (gone.vlan, gone.subnet, gone.gateway)
    assert after.segments["b"] is intent.segments["b"]
