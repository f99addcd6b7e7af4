"""Explain and verify over REST."""

from __future__ import annotations

import pytest

from tests.northbound.client import Client
from tests.northbound.fakes import FakeController


def test_an_allowed_packet_is_explained_by_its_rule(call: Client, engine: FakeController) -> None:
    engine.places = {"rules/web-to-api": ("shop.yaml", 31)}
    answer = call.get("/v1/explain?from=web-1&to=api-1&protocol=tcp&port=8080")
    assert answer["allowed"] is True
    assert answer["rule"] == {"name": "web-to-api", "file": "shop.yaml", "line": 31}
    assert (answer["class"], answer["queue"], answer["judged"]) == ("realtime", 1, "installed")
    first, fabric, last = answer["path"]["switches"]
    assert (first, last) == ("edge-1", "edge-2")
    assert fabric in ("fabric-1", "fabric-2")  # equally good, one of them by their names
    judging = {step["switch"] for step in answer["steps"] if step["rule"] == "web-to-api"}
    assert judging == {"edge-1", "edge-2"}
    assert all(step["cookie"].startswith("0xb047") for step in answer["steps"])


def test_a_denied_packet_names_the_nearest_rule(call: Client, engine: FakeController) -> None:
    engine.places = {"rules/web-to-api": ("shop.yaml", 31)}
    answer = call.get("/v1/explain?from=web-1&to=api-1&protocol=tcp&port=5432")
    assert (answer["allowed"], answer["rule"]) == (False, None)
    assert answer["needed"] == "a rule from web to api that allows tcp/5432"
    near = answer["nearest"][0]
    assert near["rule"] == {"name": "web-to-api", "file": "shop.yaml", "line": 31}
    assert len(near["differs"]) == 1


def test_an_allowed_packet_without_a_port_does_not_arrive(
    call: Client, engine: FakeController
) -> None:
    engine.store(engine.network().intent)
    ports = engine.network().facts.ports
    del ports[("edge-2", "api-1")]  # type: ignore[attr-defined]
    answer = call.get("/v1/explain?from=web-1&to=api-1&protocol=tcp&port=8080")
    assert answer["allowed"] is False
    assert answer["reason"]


def test_a_switch_that_is_away_elsewhere_hides_nothing(
    call: Client, engine: FakeController
) -> None:
    """What is known of the switches on the way decides, not what they should hold."""
    engine.disconnected, engine.emptied = {"edge-3"}, {"edge-2"}
    answer = call.get("/v1/explain?from=web-1&to=api-1&protocol=tcp&port=8080")
    assert (answer["allowed"], answer["path"]["switches"][-1]) == (False, "edge-2")
    assert "dropped at edge-2, table admit" in answer["reason"]
    assert (answer["judged"], answer["unread"]) == ("installed", [])


def test_a_switch_that_was_not_read_is_named_where_it_is_on_the_way(
    call: Client, engine: FakeController
) -> None:
    engine.disconnected = {"edge-2", "edge-3"}
    answer = call.get("/v1/explain?from=web-1&to=api-1&protocol=tcp&port=8080")
    assert answer["allowed"] is True
    assert (answer["judged"], answer["unread"]) == ("wanted", ["edge-2"])
    answer = call.get("/v1/explain?from=web-1&to=api-2&protocol=tcp&port=8080")
    assert (answer["judged"], answer["unread"]) == ("installed", [])


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("from=web-2&to=api-1", 404),
        ("from=web-1&to=api-1&protocol=sctpp", 422),
        ("from=web-1&to=web-1", 422),
        ("from=web-1&to=api-1&port=70000", 400),
    ],
)
def test_a_question_that_makes_no_sense(call: Client, query: str, status: int) -> None:
    assert call("GET", f"/v1/explain?{query}").status_code == status


def test_verify_tells_what_a_switch_lacks(call: Client, engine: FakeController) -> None:
    answer = call("POST", "/v1/verify").json()
    assert answer["holds"] is True
    assert answer["pairs"]["identities"] > 0
    engine.emptied = {"edge-1"}
    answer = call("POST", "/v1/verify").json()
    assert (answer["holds"], answer["unread"]) == (False, [])
    assert {(m["switch"], m["what"]) for m in answer["flows"]["mismatches"]} == {
        ("edge-1", "missing")
    }
    assert ("web-1", "api-1") in {
        (w.get("from"), w.get("to")) for w in answer["pairs"]["witnesses"]
    }
    witness = next(w for w in answer["pairs"]["witnesses"] if w.get("from") == "web-1")
    assert witness["steps"][0]["switch"] == "edge-1"


def test_verify_says_nothing_of_a_switch_that_is_away(call: Client, engine: FakeController) -> None:
    engine.disconnected = {"edge-1"}
    answer = call("POST", "/v1/verify").json()
    assert (answer["holds"], answer["unread"]) == (False, ["edge-1"])
    assert answer["flows"]["mismatches"] == answer["pairs"]["witnesses"] == []
