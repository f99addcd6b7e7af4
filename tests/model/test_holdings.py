"""Who holds what after a change is what was held before, but for what the change alters."""

from __future__ import annotations

from typing import Any

import pytest

from controller.errors import Invalid
from controller.model.change import Change, apply_changes, move_instance
from controller.model.change_objects import change_objects
from controller.model.encode import tree_of
from controller.model.holdings import Holdings
from tests.sites import two_hosts

HELD = ("ids", "macs", "places", "business", "monitoring")


def put(collection: str, name: str, **body: Any) -> Change:
    return Change("put", collection, name, body)


def altered(before: Holdings, after: Holdings | None) -> set[str]:
    """What had to be copied."""
    assert after is not None
    one, other = (
        {"ids": held.ids, "macs": held.macs, "places": held.places, **held.views}
        for held in (before, after)
    )
    return {name for name in HELD if one[name] is not other[name]}


@pytest.mark.parametrize(
    ("change", "copied"),
    [
        (put("services", "web", tenant="shop", labels={"tier": "api"}), {"business"}),
        (put("instances", "web-2", service="web", host="host-1"), {*HELD} - {"monitoring"}),
        (Change("delete", "instances", "web-1"), {*HELD} - {"monitoring"}),
        (put("tenants", "more", segment="orders"), set()),
        (put("segments", "more", vrf="business", subnet="10.9.0.0/24"), set()),
    ],
    ids=["relabelled", "new", "gone", "a tenant", "a segment"],
)
def test_only_what_a_change_alters_is_copied(change: Change, copied: set[str]) -> None:
    intent = two_hosts().intent
    before = Holdings.of(intent)
    assert altered(before, before.after(apply_changes(intent, [change]))) == copied


def test_who_moves_to_another_host_keeps_all_but_the_place() -> None:
    intent = two_hosts().intent
    before = Holdings.of(intent)
    after = before.after(move_instance(intent, "web-1", "host-2"))
    assert altered(before, after) == {"places"}


@pytest.mark.parametrize(("key", "new"), [("id", 77), ("mac", "02:00:00:00:00:77"), ("port", "q")])
def test_what_is_ones_alone_is_held_by_nobody_else(key: str, new: object) -> None:
    """Nor by two that come together; two that swap theirs hold what each may."""
    intent = two_hosts().intent
    tree = tree_of(intent)["instances"]
    one, other = dict(tree["web-1"]), {**tree["web-1"], "port": "web-2", "id": 501}
    other |= {"mac": "02:00:00:00:05:01", "ip": str(intent.instances["web-1"].ip + 9)}
    one.setdefault("port", "web-1")
    intent = apply_changes(intent, [put("instances", "web-2", **other)])
    taken = [put("instances", "web-1", **{**one, key: other[key]})]
    both = [
        put("instances", name, service="web", host="host-1", **{key: new}) for name in ("x", "y")
    ]
    for changes in (taken, both):
        assert change_objects(intent, changes, None) is None
        with pytest.raises(Invalid):
            apply_changes(intent, changes)
    swapped = change_objects(
        intent, [*taken, put("instances", "web-2", **{**other, key: one[key]})], None
    )
    assert swapped is not None
    assert getattr(swapped.instances["web-1"], key) == other[key]
