"""What a new instance leaves out is filled in at its own cost, as the whole way would do it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.strategies import DataObject

from controller.model import change_objects as ways
from controller.model.change import Change, apply_changes
from controller.model.intent import Intent
from tests.chance import often
from tests.model.test_change_objects import whole
from tests.strategies import HOSTS, intents

_GIVEN: dict[str, list[Any]] = {
    "id": [1, 2, 9],
    "mac": ["02:b0:00:00:00:02", "02:b0:00:00:00:03"],
    "ip": ["10.128.0.2", "10.128.0.9", "10.0.0.3"],
}


@settings(max_examples=often(50), deadline=None)
@given(st.data())
def test_it_is_what_the_whole_document_gives(data: DataObject) -> None:
    intent = data.draw(intents(max_instances=8))
    changes = []
    for number in range(data.draw(st.integers(1, 4))):
        body = {
            "service": data.draw(st.sampled_from(sorted(intent.services))),
            "host": data.draw(st.sampled_from(HOSTS)),
        }
        for key in data.draw(st.lists(st.sampled_from(sorted(_GIVEN)), max_size=2, unique=True)):
            body[key] = data.draw(st.sampled_from(_GIVEN[key]))
        changes.append(Change("put", "instances", f"new-{number}", body))
    expected = whole(intent, changes)
    if expected is not None:
        assert apply_changes(intent, changes, hosts=frozenset(HOSTS)) == expected


@pytest.fixture
def shop(monkeypatch: pytest.MonkeyPatch) -> Intent:
    """A service with an instance; nothing may be allocated for all that are there."""
    document: list[tuple[str, str, dict[str, Any]]] = [
        ("vrfs", "business", {"id": 100}),
        ("segments", "orders", {"vrf": "business", "subnet": "10.0.0.0/29"}),
        ("tenants", "shop", {"segment": "orders"}),
        ("services", "api", {"tenant": "shop"}),
        ("instances", "api-1", {"service": "api", "host": "host-1"}),
    ]
    intent = apply_changes(Intent(), [Change("put", *part) for part in document])

    def never(*_arguments: object) -> Intent:
        raise AssertionError("all instances were allocated anew")

    monkeypatch.setattr(ways, "allocate_instances", never)
    return intent


def _more(name: str, **given: object) -> Change:
    return Change("put", "instances", name, {"service": "api", "host": "host-2", **given})


def test_only_the_new_ones_are_looked_at(shop: Intent) -> None:
    after = apply_changes(shop, [_more("b"), _more("a", ip="10.0.0.3")])
    assert [(i.name, i.id, str(i.ip)) for i in after.instances.values()] == [
        ("a", 2, "10.0.0.3"),
        ("api-1", 1, "10.0.0.2"),
        ("b", 3, "10.0.0.4"),
    ]
    assert after.instances["api-1"] is shop.instances["api-1"]


def test_what_else_changes_who_holds_what_is_left_to_the_whole_way(shop: Intent) -> None:
    with pytest.raises(AssertionError, match="allocated anew"):
        apply_changes(shop, [Change("delete", "instances", "api-1"), _more("b")])
