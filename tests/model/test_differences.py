"""What is told and followed from change to change is what looking at everything would find."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, get_args

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.strategies import DataObject

from controller.errors import Invalid
from controller.model.change import apply_changes
from controller.model.collections import COLLECTIONS
from controller.model.differences import different, found, otherwise
from controller.model.groups import Owned, belongings, grouped, plugged, regrouped
from controller.model.holdings import Holdings, holdings
from controller.model.identity import identities, identity_key
from controller.model.intent import Intent, frozen
from tests.chance import often
from tests.model.test_change_objects import changes_of
from tests.strategies import HOSTS, intents

_NAMES = st.sampled_from("abcdef")
_OWNERS = {"tenants": "segment", "services": "tenant", "instances": "service"}


@settings(deadline=None)
@given(st.dictionaries(_NAMES, st.integers(0, 3)), st.data())
def test_what_is_told_is_what_looking_finds(items: dict[str, int], data: DataObject) -> None:
    first = before = frozen(items)
    for _ in range(3):
        changes = data.draw(st.dictionaries(_NAMES, st.none() | st.integers(0, 3)))
        after = otherwise(before, changes)
        expected = {**before, **changes}
        assert after == {k: v for k, v in expected.items() if v is not None}
        assert list(after) == sorted(after)
        assert (after is before) == (after == before)
        assert different(before, after) == found(before, after)
        assert different(after, before) == found(after, before)
        assert different(first, after) == found(first, after)
        before = after


@settings(deadline=None)
@given(st.data())
def test_groups_are_those_of_what_is_left(data: DataObject) -> None:
    pairs = st.frozensets(st.tuples(_NAMES, st.integers(0, 3)))
    before, come = data.draw(pairs), data.draw(pairs)
    gone = before & data.draw(pairs)
    assert regrouped(grouped(before), gone, come) == grouped((before - gone) | come)


@settings(max_examples=often(50), deadline=None)
@given(st.data())
def test_a_change_is_followed_to_what_the_whole_gives(data: DataObject) -> None:
    intent = data.draw(intents(max_instances=6))
    for _ in range(2):
        held = holdings(intent)
        try:
            after = apply_changes(intent, data.draw(changes_of(intent)), hosts=frozenset(HOSTS))
        except Invalid:
            continue
        _is_followed(intent, after)
        _holds_the_same(held.after(after), after)
        _holds_the_same(held, intent)
        intent = after


def _is_followed(before: Intent, after: Intent) -> None:
    for name in COLLECTIONS:
        old, new = getattr(before, name), getattr(after, name)
        assert different(old, new) == found(old, new)
    keys, now = identities(before), identities(after)
    assert now == {service: identity_key(after, service) for service in after.services}
    assert different(keys, now) == found(keys, now)
    owned: Owned
    for owned in get_args(Owned):
        items: Mapping[str, Any] = getattr(after, owned)
        anew = grouped((getattr(item, _OWNERS[owned]), name) for name, item in items.items())
        assert belongings(after, owned) == anew
    ports = grouped((instance.port, name) for name, instance in after.instances.items())
    assert plugged(after) == ports


def _holds_the_same(followed: Holdings | None, intent: Intent) -> None:
    anew = Holdings.of(intent)
    assert followed is not None
    for part in ("keys", "ids", "macs", "places", "hosts", "of_key", "views", "leaked"):
        assert getattr(followed, part) == getattr(anew, part)
    assert followed.nobodys.gateways == anew.nobodys.gateways
    ranges = [item for segment in intent.segments.values() for item in segment.reserved]
    ends = {end for item in ranges for end in (int(item.first), int(item.last))}
    for vrf in intent.vrfs:
        for address in {near for end in ends for near in (end - 1, end, end + 1)}:
            assert followed.nobodys.has(vrf, address) == anew.nobodys.has(vrf, address)
