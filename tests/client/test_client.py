"""The client of placement tools against a real server; also where answers are lost on the way."""

from __future__ import annotations

import threading

import pytest

from controller.client import Bulkhead, Plug, Refused, Unreachable
from tests.client.conftest import Relay
from tests.northbound.fakes import FakeController


def test_an_instance_is_made_and_says_what_to_plug_in(
    site: Bulkhead, engine: FakeController
) -> None:
    plug = site.put_instance("web-3", service="web", host="host-2")
    assert plug == Plug(
        instance="web-3",
        host="host-2",
        switch="edge-2",
        interface_id="web-3",
        mac="02:b0:00:00:00:05",
        ip="10.20.1.5",
        prefix_length=24,
        gateway="10.20.1.1",
        mtu=1500,
        nested_vlan=None,
        vlan=4096,
        vrf="business",
    )
    assert plug.address == "10.20.1.5/24"
    assert engine.history[-1][0].author == "tests"


def test_objects_come_page_by_page(site: Bulkhead, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("controller.client.reads._PAGE", 1)
    names = [item["name"] for item in site.objects("instances", "tenant=shop")]
    assert names == ["api-1", "api-2", "web-1"]
    assert site.find("instances", "nobody") is None


def test_a_refusal_has_every_problem(site: Bulkhead, engine: FakeController) -> None:
    with pytest.raises(Refused) as refused:
        site.place(
            [
                {"op": "move", "instance": "web-1", "host": "host-9"},
                {"op": "remove", "instance": "nobody"},
            ]
        )
    assert [p.path for p in refused.value.problems] == ["items[0].host", "items[1].instance"]
    assert not refused.value.is_conflict
    assert engine.revision() == 1


def test_a_write_against_an_old_revision_is_a_conflict(site: Bulkhead) -> None:
    site.delete("rules", "scrape")
    with pytest.raises(Refused) as refused:
        site.put("vrfs", "more", {"id": 300}, expected=1)
    assert refused.value.is_conflict


def test_a_write_whose_answer_is_lost_is_done_once(relay: Relay, engine: FakeController) -> None:
    relay.swallow = 2
    with Bulkhead(relay.url) as site:
        plug = site.put_instance("web-3", service="web", host="host-2")
    assert relay.swallowed == 2
    assert plug.ip == "10.20.1.5"
    assert engine.revision() == 2


def test_many_are_placed_and_told_one_by_one(relay: Relay, engine: FakeController) -> None:
    relay.swallow = 1
    items = [
        {"op": "place", "instance": "web-3", "service": "web", "host": "host-2"},
        {"op": "place", "instance": "web-4", "service": "nobody", "host": "host-2"},
        {"op": "move", "tenant": "ops", "vrf": "business"},
    ]
    with Bulkhead(relay.url) as site:
        one, two, three = site.place(items, atomic=False)
    assert one.plug is not None
    assert one.plug.host == "host-2"
    assert (two.done, two.problems[0].path) == (False, "items[1].service")
    assert (three.done, three.plug) == (True, None)
    assert engine.revision() == 2


def test_after_enough_tries_nobody_is_there(relay: Relay) -> None:
    relay.swallow = 99
    with Bulkhead(relay.url, tries=3) as site, pytest.raises(Unreachable):
        site.status()
    assert relay.swallowed == 3


def test_a_follower_goes_on_where_it_was_cut_off(
    relay: Relay, engine: FakeController, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("controller.northbound.following.HEARTBEAT_S", 0.05)
    engine.journal.record("one")
    with Bulkhead(relay.url) as site:
        events = site.events(since=0)
        assert next(events).kind == "revision"  # of the history: the journal has none
        assert next(events).kind == "one"
        relay.swallow = 1
        threading.Timer(0.0, engine.journal.record, ("two",)).start()
        assert next(events).kind == "two"
    assert relay.swallowed == 1
