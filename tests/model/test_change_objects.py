"""Changes of any objects give what the whole document would, and leave all else untouched."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.strategies import DataObject

from controller.errors import Invalid
from controller.model.change import Change, apply_changes
from controller.model.change_objects import change_objects
from controller.model.collections import COLLECTIONS
from controller.model.decode import decode_intent
from controller.model.encode import tree_of
from controller.model.intent import Intent
from controller.model.meaning import leaks, selects
from tests.chance import often
from tests.strategies import HOSTS, intents

NAMES: dict[str, list[str]] = {
    "vrfs": ["business"],
    "classes": ["realtime", "best-effort", "silver"],
    "segments": ["segment-0", "segment-1", "new"],
    "tenants": ["tenant-0", "tenant-1", "new"],
    "services": ["service-0", "service-1", "new"],
    "instances": ["instance-0", "instance-1", "instance-2", "new"],
    "rules": ["rule-0", "rule-1", "new"],
}
FRESH: dict[str, dict[str, Any]] = {
    "vrfs": {"id": 100},
    "classes": {"dscp": 46, "queue": 1, "min_rate": "60%"},
    "segments": {"vrf": "business"},
    "tenants": {"segment": "segment-0"},
    "services": {"tenant": "tenant-0"},
    "instances": {"service": "service-0", "host": "host-1"},
    "rules": {"from": {}, "to": {}, "allow": ["tcp/80"]},
}
OTHERWISE: dict[str, list[Any]] = {
    "service": ["service-0", "service-1", "new"],
    "tenant": ["tenant-0", "tenant-1", "new"],
    "segment": ["segment-0", "segment-1", "new"],
    "host": ["host-1", "host-4"],
    "class": ["realtime", "nothing"],
    "id": [1, 2, 9, 70000],
    "mac": ["02:b0:00:00:00:01", "02:b0:00:00:00:09"],
    "ip": ["10.20.1.2", "10.128.0.3", "10.128.1.1", "1.1.1.1"],
    "vlan": [4096, 4097, "auto", 5],
    "subnet": ["10.20.0.0/16", "10.128.0.0/24", "10.99.0.0/24"],
    "pool": ["10.0.0.0/16", "10.99.0.0/24"],
    "reserved": [[], ["10.0.0.2"], ["10.0.0.9", "10.0.0.4-10.0.0.6"], ["10.128.0.3"]],
    "from": [{}, {"vrf": "business"}, {"service": "new"}],
    "labels": [{}, {"tier": "web"}],
}


@st.composite
def changes_of(draw: st.DrawFn, intent: Intent) -> list[Change]:
    """Changes that are near right: what is there with some keys left out or otherwise."""
    tree, found = tree_of(intent), []
    for _ in range(draw(st.integers(1, 3))):
        collection = draw(st.sampled_from(COLLECTIONS))
        name = draw(st.sampled_from(sorted({*tree[collection], *NAMES[collection]})))
        if name in tree[collection] and draw(st.integers(0, 4)) == 0:
            del tree[collection][name]
            found.append(Change("delete", collection, name))
            continue
        body = dict(tree[collection].get(name, FRESH[collection]))
        keys = st.lists(st.sampled_from(sorted(body)), max_size=3, unique=True)
        for key in draw(keys) if body else ():
            if draw(st.booleans()) and key in OTHERWISE:
                body[key] = draw(st.sampled_from(OTHERWISE[key]))
            elif key not in FRESH[collection]:
                del body[key]
        if collection == "segments" and draw(st.booleans()):
            body["reserved"] = draw(st.sampled_from(OTHERWISE["reserved"]))
        tree[collection][name] = body
        found.append(Change("put", collection, name, body))
    return found


def whole(intent: Intent, changes: list[Change]) -> Intent | None:
    """The slow way: the whole document, read again."""
    tree = tree_of(intent)
    for change in changes:
        if change.op == "put":
            tree[change.collection][change.name] = change.body
        elif (change.collection, change.name) == ("classes", "best-effort"):
            return None
        else:
            del tree[change.collection][change.name]
    try:
        return decode_intent(tree, intent, hosts=frozenset(HOSTS))
    except Invalid:
        return None


@settings(max_examples=often(100), deadline=None)
@given(st.data())
def test_it_is_the_whole_document(data: DataObject) -> None:
    intent = data.draw(intents(max_instances=6))
    changes = data.draw(changes_of(intent))
    expected = whole(intent, changes)
    found = change_objects(intent, changes, frozenset(HOSTS))
    if expected is None:
        assert found is None
        with pytest.raises(Invalid):
            apply_changes(intent, changes, hosts=frozenset(HOSTS))
        return
    assert apply_changes(intent, changes, hosts=frozenset(HOSTS)) == expected
    if found is not None:
        assert found == expected
        keeps_what_is_equal(intent, found)


def keeps_what_is_equal(before: Intent, after: Intent) -> None:
    for collection in COLLECTIONS:
        old, new = getattr(before, collection), getattr(after, collection)
        assert old != new or old is new
        assert all(old.get(name) is value for name, value in new.items() if old.get(name) == value)


@settings(max_examples=often(30), deadline=None)
@given(intents(max_instances=6))
def test_what_leaks_by_identity_is_what_leaks_by_service(intent: Intent) -> None:
    populated = {instance.service for instance in intent.instances.values()}
    labels = {name: intent.effective_labels(name) for name in populated}
    expected: dict[str, dict[str, str]] = {vrf: {} for vrf in intent.vrfs}
    for rule in intent.rules.values():
        for here in labels.values():
            for other, there in labels.items():
                if here["vrf"] != there["vrf"] and (
                    (selects(rule.source, here) and selects(rule.destination, there))
                    or (selects(rule.source, there) and selects(rule.destination, here))
                ):
                    expected[here["vrf"]].setdefault(other, rule.name)
    assert leaks(intent) == expected


def test_nothing_is_reserved_that_somebody_has() -> None:
    """Not of the segment's own instances, and not of one that a rule leaks into its VRF."""
    document: dict[str, Any] = {
        "vrfs": {"business": {"id": 100}, "ops": {"id": 200}},
        "segments": {
            "orders": {"vrf": "business", "subnet": "10.1.0.0/24"},
            "metrics": {"vrf": "ops", "subnet": "10.0.0.0/8"},
        },
        "tenants": {"one": {"segment": "orders"}, "two": {"segment": "metrics"}},
        "services": {"api": {"tenant": "one"}, "scraper": {"tenant": "two"}},
        "instances": {
            "a": {"service": "api", "host": "host-1"},
            "b": {"service": "scraper", "host": "host-1"},
        },
        "rules": [{"name": "r", "from": {"vrf": "ops"}, "to": {}, "allow": ["any"]}],
    }
    intent = decode_intent(document)
    for segment, reserved, path in (
        ("orders", "10.1.0.2", "instances.a.ip"),
        ("metrics", "10.0.0.2", "instances.b.ip"),
        ("metrics", "10.1.0.0-10.1.0.9", "rules[r]"),
    ):
        body = {**tree_of(intent)["segments"][segment], "reserved": [reserved]}
        with pytest.raises(Invalid, match=f"reserved by segment `{segment}`") as caught:
            apply_changes(intent, [Change("put", "segments", segment, body)])
        assert {problem.path for problem in caught.value.problems} == {path}


USUAL = [
    Change("put", "instances", "b", {"service": "api", "host": "host-3"}),
    Change("put", "instances", "new", {"service": "api", "host": "host-1"}),
    Change("delete", "instances", "a"),
    Change("put", "services", "api", {"tenant": "one", "labels": {"tier": "api"}}),
    Change("put", "services", "new", {"tenant": "one"}),
    Change("put", "tenants", "one", {"segment": "metrics"}),
    Change("put", "segments", "new", {"vrf": "business"}),
    Change("put", "segments", "orders", {"vrf": "business", "reserved": ["10.128.1.4-10.128.1.9"]}),
    Change("put", "vrfs", "new", {"id": 7}),
    Change("put", "vrfs", "business", {"id": 100, "pool": "10.64.0.0/10"}),
    Change("put", "rules", "r", {"from": {"vrf": "ops"}, "to": {}, "allow": ["any"]}),
]


@pytest.mark.parametrize("change", USUAL, ids=lambda c: f"{c.op}-{c.collection}-{c.name}")
def test_usual_changes_need_no_whole_document(change: Change) -> None:
    document = {
        "vrfs": {"business": {"id": 100}, "ops": {"id": 200}},
        "segments": {"orders": {"vrf": "business"}, "metrics": {"vrf": "ops"}},
        "tenants": {"one": {"segment": "orders"}},
        "services": {"api": {"tenant": "one"}},
        "instances": {name: {"service": "api", "host": "host-1"} for name in ("a", "b")},
    }
    intent = decode_intent(document)
    found = change_objects(intent, [change], frozenset(HOSTS))
    assert found is not None
    assert found == whole(intent, [change])
    keeps_what_is_equal(intent, found)
