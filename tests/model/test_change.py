"""Changes and moves: a whole valid intent or none, and addresses that stay."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.errors import Invalid, NotFound
from controller.model.change import (
    Change,
    apply_changes,
    decode_changes,
    move_instance,
    move_tenant,
)
from controller.model.decode import decode_intent, restore_intent
from controller.model.encode import encode_intent
from controller.model.intent import Instance, Intent
from tests.model.test_change_rules import outcome
from tests.strategies import HOSTS, intents

DOCUMENT: dict[str, Any] = {
    "vrfs": {"business": {"id": 100}, "monitoring": {"id": 200}},
    "segments": {
        "orders": {"vrf": "business", "subnet": "10.20.1.0/24", "gateway": "10.20.1.254"},
        "carts": {"vrf": "business", "subnet": "10.20.2.0/24"},
        "metrics": {"vrf": "monitoring", "subnet": "10.30.1.0/24"},
    },
    "tenants": {
        "shop": {"segment": "orders"},
        "cart": {"segment": "carts"},
        "ops": {"segment": "metrics"},
    },
    "services": {
        "api": {"tenant": "shop"},
        "cart": {"tenant": "cart"},
        "prom": {"tenant": "ops"},
    },
    "instances": {
        "api-1": {"service": "api", "host": "host-1"},
        "api-2": {"service": "api", "host": "host-2"},
        "prom-1": {"service": "prom", "host": "host-1", "port": "api-1", "vlan": 5},
    },
    "rules": [{"name": "r", "from": {"tenant": "ops"}, "to": {}, "allow": ["tcp/9100"]}],
}


@pytest.fixture
def intent() -> Intent:
    return decode_intent(DOCUMENT)


def problems(caught: pytest.ExceptionInfo[Invalid]) -> list[str]:
    return [f"{problem.path}: {problem.message}" for problem in caught.value.problems]


def test_changes_that_belong_together_may_come_in_any_order(intent: Intent) -> None:
    changes = [
        Change("put", "instances", "db-1", {"service": "db", "host": "host-1"}),
        Change("put", "services", "db", {"tenant": "shop"}),
    ]
    assert apply_changes(intent, changes) == apply_changes(intent, changes[::-1])


def test_a_put_keeps_what_its_body_leaves_out(intent: Intent) -> None:
    after = apply_changes(
        intent, [Change("put", "instances", "api-2", {"service": "api", "host": "host-3"})]
    )
    before = intent.instances["api-2"]
    assert after.instances["api-2"] == Instance(
        "api-2", "api", "host-3", before.id, before.port, before.mac, before.ip
    )


def test_a_delete_of_what_is_used_names_the_users(intent: Intent) -> None:
    with pytest.raises(Invalid) as caught:
        apply_changes(intent, [Change("delete", "tenants", "ops"), Change("put", "vrfs", "x", {})])
    assert problems(caught) == [
        "tenants.ops: is still used by services.prom.tenant, rules[r].from.tenant; "
        "change or delete those as well",
        "vrfs.x: `id` is required",
    ]


def test_a_delete_with_its_users_leaves_the_rest(intent: Intent) -> None:
    keys = [("rules", "r"), ("tenants", "ops"), ("services", "prom"), ("instances", "prom-1")]
    after = apply_changes(intent, [Change("delete", *key) for key in keys])
    assert set(after.instances) == {"api-1", "api-2"}
    assert not after.rules


def test_changes_that_make_no_sense_are_all_reported(intent: Intent) -> None:
    changes = [
        Change("delete", "tenants", "sop"),
        Change("put", "tenant", "shop", {}),
        Change("delete", "classes", "best-effort"),
    ]
    with pytest.raises(Invalid) as caught:
        apply_changes(intent, changes)
    assert problems(caught) == [
        "tenants.sop: there is nothing to delete (did you mean `shop`?)",
        "tenant: unknown collection (did you mean `tenants`?)",
        "classes.best-effort: best-effort always exists; put it to change its rates",
    ]


def test_changes_are_decoded_with_all_problems() -> None:
    body = {"id": 7}
    tree = [{"op": "put", "collection": "vrfs", "name": "a", "body": body}]
    assert decode_changes(tree) == (Change("put", "vrfs", "a", body),)
    with pytest.raises(Invalid) as caught:
        decode_changes([{"op": "set", "name": 5}, "x"])
    assert problems(caught) == [
        "changes[0].op: expected put or delete, found `set`",
        "changes[0]: `collection` is required",
        "changes[0].name: expected text, found the number 5; put it in quotes",
        "changes[1]: expected a mapping of op, collection, name, body, found `x`",
    ]


def test_a_move_to_a_vrf_makes_a_segment_and_keeps_addresses(intent: Intent) -> None:
    after = move_tenant(intent, "shop", vrf="monitoring", vlan="auto")
    made = after.segments["shop-monitoring"]
    assert (made.vrf, made.vlan, made.gateway) == ("monitoring", 4097, made.subnet[-2])
    assert after.tenants["shop"].segment == "shop-monitoring"
    assert after.instances == intent.instances


def test_a_move_takes_reserved_addresses_along_and_goes_to_none(intent: Intent) -> None:
    orders = {"vrf": "business", "subnet": "10.20.1.0/24", "reserved": ["10.20.1.200"]}
    reserving = apply_changes(intent, [Change("put", "segments", "orders", orders)])
    made = move_tenant(reserving, "shop", vrf="monitoring").segments["shop-monitoring"]
    assert made.reserved == reserving.segments["orders"].reserved != ()
    (held,) = {i.ip for i in intent.instances.values() if i.name == "api-1"}
    gateway = {"subnet": "10.20.1.0/24", "gateway": "10.20.1.254"}
    twin = {"vrf": "monitoring", **gateway, "reserved": [str(held)]}
    unleaked = Change("delete", "rules", "r")
    taken = apply_changes(intent, [Change("put", "segments", "twin", twin), unleaked])
    with pytest.raises(Invalid) as caught:
        move_tenant(taken, "shop", segment="twin")
    assert problems(caught) == [
        f"instances.api-1.ip: {held} is reserved by segment `twin` in VRF `monitoring`; "
        "use another address"
    ]
    moved = move_tenant(taken, "shop", segment="twin", readdress=True)
    assert moved.instances["api-1"].ip not in (held, intent.instances["api-2"].ip)
    assert moved.instances["api-2"].ip == intent.instances["api-2"].ip


def test_a_move_there_and_back_and_there_again_leaves_nothing_behind(intent: Intent) -> None:
    there = move_tenant(intent, "shop", vrf="monitoring")
    back = move_tenant(there, "shop", vrf="business")
    assert back.tenants == intent.tenants
    assert move_tenant(back, "shop", vrf="monitoring") == there


def test_a_move_to_a_vlan_that_is_there_joins_its_segment(intent: Intent) -> None:
    after = move_tenant(intent, "shop", vrf="monitoring", vlan=4096)
    assert after.tenants["shop"].segment == "metrics"
    assert after.segments == intent.segments
    assert after.instances == intent.instances  # outside 10.30.1.0/24, as they were before
    assert restore_intent(encode_intent(after)) == after
    with pytest.raises(Invalid, match="only an instance that moved keeps such an address"):
        decode_intent(encode_intent(after))


def test_a_move_to_a_free_vlan_makes_it(intent: Intent) -> None:
    after = move_tenant(intent, "shop", vrf="monitoring", vlan=5000)
    assert after.segments["shop-monitoring"].vlan == 5000


def test_a_subnet_that_overlaps_is_refused_with_ways_out(intent: Intent) -> None:
    taken = apply_changes(
        intent,
        [Change("put", "segments", "metrics", {"vrf": "monitoring", "subnet": "10.20.0.0/16"})],
    )
    with pytest.raises(Invalid, match=r"`segment: metrics`\) or set `readdress`"):
        move_tenant(taken, "shop", vrf="monitoring")
    after = move_tenant(taken, "shop", vrf="monitoring", readdress=True)
    made = after.segments["shop-monitoring"]
    assert not made.subnet.overlaps(taken.segments["metrics"].subnet)
    moved = [after.instances[name] for name in ("api-1", "api-2")]
    assert all(instance.ip in made.subnet for instance in moved)
    assert [i.mac for i in moved] == [intent.instances[i.name].mac for i in moved]


@pytest.mark.parametrize(
    ("move", "message"),
    [
        ({}, "give either `segment`, or `vrf` and `vlan`"),
        ({"segment": "carts", "vrf": "business"}, "give either"),
        ({"segment": "cart"}, "no segment `cart` \\(did you mean `carts`"),
        ({"segment": "carts", "vlan": 4096}, "belongs to `vrf`"),
        ({"vrf": "monitorin"}, "did you mean `monitoring`"),
        ({"vrf": "monitoring", "vlan": 9000}, "auto or a number in 4096..8192, found 9000"),
    ],
)
def test_a_move_that_makes_no_sense_is_refused(
    intent: Intent, move: dict[str, Any], message: str
) -> None:
    with pytest.raises(Invalid, match=message):
        move_tenant(intent, "shop", **move)


def test_who_is_not_there_cannot_move(intent: Intent) -> None:
    with pytest.raises(NotFound, match="no tenant `shp` \\(did you mean `shop`"):
        move_tenant(intent, "shp", segment="carts")
    with pytest.raises(NotFound, match="no instance `api-9`"):
        move_instance(intent, "api-9", "host-1")


def test_an_instance_moves_with_all_it_has(intent: Intent) -> None:
    hosts = frozenset({"host-1", "host-2", "host-3"})
    after = move_instance(intent, "api-1", "host-3", hosts)
    assert after.instances["api-1"].host == "host-3"
    assert move_instance(after, "api-1", "host-1", hosts) == intent
    assert move_instance(intent, "api-1", "host-1", hosts) is intent
    with pytest.raises(Invalid, match="no host `host-4`"):
        move_instance(intent, "api-1", "host-4", hosts)


@given(intents(), st.data())
def test_a_move_changes_the_tenants_segment_and_its_instances_alone(
    intent: Intent, data: st.DataObject
) -> None:
    tenant = data.draw(st.sampled_from(sorted(intent.tenants)))
    vrf = data.draw(st.sampled_from(sorted(intent.vrfs)))
    vlan = data.draw(st.sampled_from((None, "auto", 4096, 7000)))
    readdress = data.draw(st.booleans())
    try:
        after = move_tenant(intent, tenant, vrf=vrf, vlan=vlan, readdress=readdress)
    except Invalid as error:
        assert error.problems
        return
    target = after.segments[after.tenants[tenant].segment]
    assert target.vrf == vrf
    assert not isinstance(vlan, int) or target.vlan == vlan
    assert {n: s for n, s in after.segments.items() if n in intent.segments} == intent.segments
    for name, instance in after.instances.items():
        before = intent.instances[name]
        ours = intent.services[instance.service].tenant == tenant
        assert instance == before or (readdress and ours and instance.ip in target.subnet)


@given(intents(max_instances=6), st.data())
def test_the_order_of_changes_does_not_matter(intent: Intent, data: st.DataObject) -> None:
    changes = [
        Change("put", "instances", f"new-{n}", {"service": service, "host": HOSTS[n % 3]})
        for n, service in enumerate(intent.services)
    ]
    shuffled = data.draw(st.permutations(changes))
    assert outcome(lambda: apply_changes(intent, shuffled)) == outcome(
        lambda: apply_changes(intent, changes)
    )
