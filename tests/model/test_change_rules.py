"""Changes of rules alone give what the whole document would, and leave all else untouched."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.strategies import DataObject

from controller.errors import Invalid
from controller.model.change import Change, apply_changes
from controller.model.collections import COLLECTIONS
from controller.model.decode import decode_intent
from controller.model.encode import encode_object, tree_of
from controller.model.intent import Intent
from tests.chance import often
from tests.strategies import intents

BODIES: list[Any] = [
    {"from": {}, "to": {}, "allow": ["tcp/80"]},
    {"from": {"tier": "web"}, "to": {"vrf": "business"}, "allow": ["any"], "class": "realtime"},
    {"from": {"vrf": "business"}, "to": {"vrf": "business"}, "allow": ["udp/1-9"], "dscp": 46},
    {"from": {"service": "service-0"}, "to": {"tenant": "tenant-1"}, "allow": ["icmp"]},
    {"from": {"tenant": "nobody"}, "to": {}, "allow": ["tcp/80"]},
    {"from": {}, "to": {}, "allow": ["tcp/99999"]},
    {"from": {}, "to": {}, "allow": ["tcp"], "class": "none"},
    {"frm": {}},
    None,
    7,
]


def outcome(work: Any) -> Intent | tuple[tuple[str, str], ...]:
    try:
        result: Intent = work()
    except Invalid as error:
        return tuple(sorted((p.path, p.message) for p in error.problems))
    return result


def whole(intent: Intent, changes: list[Change]) -> Intent:
    """The slow way: the whole document, read again. Only for changes that it can carry out."""
    tree = tree_of(intent)
    for change in changes:
        if change.op == "put":
            tree["rules"][change.name] = change.body
        else:
            del tree["rules"][change.name]
    return decode_intent(tree, intent)


@settings(max_examples=often(60), deadline=None)
@given(st.data())
def test_it_is_the_whole_document(data: DataObject) -> None:
    intent = data.draw(intents(max_instances=5))
    bodies = BODIES + [encode_object("rules", rule) for rule in intent.rules.values()]
    changes: list[Change] = []
    left = set(intent.rules)
    for _ in range(data.draw(st.integers(1, 3))):
        name = data.draw(st.sampled_from(sorted({*left, "rule-0", "new"})))
        if name in left and data.draw(st.booleans()):
            changes.append(Change("delete", "rules", name))
            left.discard(name)
        else:
            body = data.draw(st.sampled_from(bodies))
            body = (
                {k: v for k, v in body.items() if k != "name"} if isinstance(body, dict) else body
            )
            changes.append(Change("put", "rules", name, body))
            left.add(name)
    found = outcome(lambda: apply_changes(intent, changes))
    assert found == outcome(lambda: whole(intent, changes))
    if isinstance(found, Intent):
        others = [name for name in COLLECTIONS if name != "rules"]
        assert all(getattr(found, name) is getattr(intent, name) for name in others)


def test_what_stays_is_the_same_object() -> None:
    document = {
        "vrfs": {"business": {"id": 100}},
        "segments": {"a": {"vrf": "business"}, "b": {"vrf": "business"}},
        "tenants": {"one": {"segment": "a"}, "two": {"segment": "b"}},
    }
    before = decode_intent(document)
    after = apply_changes(before, [Change("put", "tenants", "two", {"segment": "a"})])
    assert after.tenants["one"] is before.tenants["one"]
    assert after.segments is before.segments
    assert after.tenants["two"].segment == "a"
