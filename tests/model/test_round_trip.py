"""Encode and decode are inverse, allocation is sticky, and views hold each address once."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.errors import Invalid
from controller.model.change import Change, apply_changes, move_tenant
from controller.model.decode import decode_intent, restore_intent
from controller.model.encode import encode_intent, tree_of
from controller.model.intent import Intent
from controller.model.meaning import addressed, view
from controller.model.restore import restored
from controller.northbound.documents import dump_yaml, load_yaml
from tests.strategies import documents, intents


@given(intents())
def test_a_decoded_intent_comes_back(intent: Intent) -> None:
    document = encode_intent(intent)
    assert decode_intent(document, intent) == intent
    assert restore_intent(json.loads(json.dumps(document))) == intent
    assert encode_intent(restore_intent(document)) == document


@given(intents())
def test_a_restored_intent_is_the_same(intent: Intent) -> None:
    assert restored(json.loads(json.dumps(tree_of(intent)))) == intent


@pytest.mark.parametrize(
    "broken", [{"id": 100}, {}, "shop", {"segment": "no-such-one", "labels": 3}]
)
def test_what_is_no_intent_is_told_when_it_is_restored(broken: object) -> None:
    with pytest.raises(Invalid, match="tenants"):
        restored({"tenants": {"shop": broken}})  # type: ignore[dict-item]


@given(intents(max_instances=4))
def test_yaml_comes_back(intent: Intent) -> None:
    tree, positions = load_yaml(dump_yaml(encode_intent(intent)), "intent.yaml")
    assert tree == encode_intent(intent)
    assert not positions.problems


@given(documents())
def test_decoding_the_same_document_again_changes_nothing(document: dict[str, Any]) -> None:
    intent = decode_intent(document)
    assert decode_intent(document, intent) == intent
    assert decode_intent(document) == intent


@given(documents(), st.data())
def test_what_stays_in_the_document_keeps_its_values(
    document: dict[str, Any], data: st.DataObject
) -> None:
    before = decode_intent(document)
    gone = data.draw(st.sets(st.sampled_from(sorted(document["instances"]) or ["none"])))
    rest = {name: body for name, body in document["instances"].items() if name not in gone}
    after = decode_intent({**document, "instances": rest}, before)
    assert after.segments == before.segments
    assert all(before.instances[name] == instance for name, instance in after.instances.items())


@given(intents())
def test_every_instance_is_in_its_own_view_and_each_view_is_what_addressed_says(
    intent: Intent,
) -> None:
    views = view(intent)
    for instance in intent.instances.values():
        own = views[intent.vrf_of(instance).name]
        assert own[instance.ip] == instance
        assert all(addressed(intent, instance, ip) == other for ip, other in own.items())


@given(intents(), st.data())
def test_a_put_of_what_is_there_changes_nothing(intent: Intent, data: st.DataObject) -> None:
    tree = tree_of(intent)
    collection = data.draw(st.sampled_from(sorted(c for c in tree if tree[c])))
    name = data.draw(st.sampled_from(sorted(tree[collection])))
    change = Change("put", collection, name, tree[collection][name])
    assert apply_changes(intent, [change]) == intent


@given(intents(), st.data())
def test_a_tenant_moved_to_where_it_is_changes_nothing(intent: Intent, data: st.DataObject) -> None:
    tenant = data.draw(st.sampled_from(sorted(intent.tenants)))
    segment = intent.segments[intent.tenants[tenant].segment]
    assert move_tenant(intent, tenant, segment=segment.name) is intent
    assert move_tenant(intent, tenant, vrf=segment.vrf, vlan=segment.vlan) is intent
    assert move_tenant(intent, tenant, vrf=segment.vrf) is intent
