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
    assert answer["path"]["switches"] == ["edge-1", "fabric-1", "edge-2"]
    assert {flow["switch"] for flow in answer["flows"]} == {"edge-1", "edge-2"}
    assert all("8080" in flow["entry"] or "0x1f90" in flow["entry"] for flow in answer["flows"])


def test_a_denied_packet_names_the_nearest_rule(call: Client, engine: FakeController) -> None:
    engine.places = {"rules/web-to-api": ("shop.yaml", 31)}
    answer = call.get("/v1/explain?from=web-1&to=api-1&protocol=tcp&port=5432")
    assert (answer["allowed"], answer["rule"]) == (False, None)
    assert answer["nearest"] == {
        "rule": {"name": "web-to-api", "file": "shop.yaml", "line": 31},
        "differs": ["it allows tcp/8080, the packet is protocol 6 port 5432"],
    }
    back = call.get("/v1/explain?from=api-1&to=web-1&protocol=tcp&port=9090")
    assert back["nearest"]["rule"]["name"] == "scrape"
    assert back["nearest"]["differs"] == ["`from` wants vrf monitoring, api-1 has vrf business"]


def test_an_allowed_packet_without_a_port_does_not_arrive(
    call: Client, engine: FakeController
) -> None:
    engine.store(engine.network().intent)
    ports = engine.network().facts.ports
    del ports[("edge-2", "api-1")]  # type: ignore[attr-defined]
    answer = call.get("/v1/explain?from=web-1&to=api-1&protocol=tcp&port=8080")
    assert answer["allowed"] is False
    assert "port `api-1` of `api-1` is not plugged in at edge-2" in answer["reason"]


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("from=web-2&to=api-1", 404),
        ("from=web-1&to=api-1&protocol=sctpp", 422),
        ("from=web-1&to=api-1&port=70000", 400),
    ],
)
def test_a_question_that_makes_no_sense(call: Client, query: str, status: int) -> None:
    assert call("GET", f"/v1/explain?{query}").status_code == status


def test_verify_tells_what_a_switch_lacks(call: Client, engine: FakeController) -> None:
    assert call("POST", "/v1/verify").json()["holds"] is True
    engine.disconnected = {"edge-1"}
    answer = call("POST", "/v1/verify").json()
    assert answer["holds"] is False
    assert {item["switch"] for item in answer["mismatches"]} == {"edge-1"}
    assert {item["what"] for item in answer["mismatches"]} == {"missing"}
