"""Who holds what after a change is what was held before, but for what the change alters."""

from __future__ import annotations

from typing import Any

import pytest

from controller.model.change import Change, apply_changes, move_instance
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
