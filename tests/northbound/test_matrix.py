"""The matrix agrees with reachability, pair by pair."""

from __future__ import annotations

from tests.northbound.client import Client


def test_services_are_those_of_reachability(call: Client) -> None:
    shown = [
        (cell["source"], cell["destination"], opening["rule"], opening["allow"], opening["class"])
        for source in ("shop", "ops")
        for destination in ("shop", "ops")
        for cell in call.get(f"/v1/matrix?source={source}&destination={destination}")["cells"]
        for opening in cell["openings"]
    ]
    told = [
        (pair["source"], pair["destination"], pair["rule"], pair["allow"], pair["class"])
        for pair in call.get("/v1/reachability")
    ]
    assert sorted(shown) == sorted(told)
    assert told


def test_tenants_are_those_of_their_services(call: Client) -> None:
    matrix = call.get("/v1/matrix")
    shown = {(c["source"], c["destination"]): c["rules"] for c in matrix["cells"]}
    told: dict[tuple[str, str], set[str]] = {}
    for pair in call.get("/v1/reachability"):
        ends = pair["tenants"]["source"], pair["tenants"]["destination"]
        told.setdefault(ends, set()).add(pair["rule"])
    assert shown == {ends: sorted(rules) for ends, rules in told.items()}


def test_it_is_cut(call: Client) -> None:
    assert call.get("/v1/matrix?match=sh")["sources"] == ["shop"]
    assert call.get("/v1/matrix?limit=1")["sources"] == ["ops"]
    assert call.get("/v1/matrix?limit=1")["total"] == {"sources": 2, "destinations": 2}
    cells = call.get("/v1/matrix?source=shop&match=web")["cells"]
    assert cells == []


def test_an_unknown_tenant_is_told(call: Client) -> None:
    assert call("GET", "/v1/matrix?source=shpo").status_code == 404
