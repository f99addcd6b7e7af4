"""What every answer has in common: problems, ETags, health, the OpenAPI document, the server."""

from __future__ import annotations

import asyncio
import socket

import httpx
import pytest

from controller.errors import BulkheadError
from controller.northbound.server import RestServer
from controller.northbound.use_cases import UseCases
from tests.northbound.client import Client
from tests.northbound.fakes import FakeController


@pytest.mark.parametrize(
    ("method", "path", "status", "parameter"),
    [
        ("GET", "/v1/vrfs?limits=1", 400, "limits"),
        ("DELETE", "/v1/rules/scrape?dryrun=true", 400, "dryrun"),
        ("DELETE", "/v1/rules/scrape?wait=forever", 400, "wait"),
        ("DELETE", "/v1/rules/scrape?timeout=-1", 400, "timeout"),
        ("GET", "/v1/routes?from=host-1", 400, "to"),
        ("GET", "/v1/explain?from=a&to=b&dscp=64", 400, "dscp"),
        ("GET", "/v1/revisions/x", 400, "number"),
    ],
)
def test_a_wrong_parameter_is_told_by_name(
    call: Client, engine: FakeController, method: str, path: str, status: int, parameter: str
) -> None:
    response = call(method, path)
    assert response.status_code == status
    assert response.headers["content-type"] == "application/problem+json"
    assert [error["path"] for error in response.json()["errors"]] == [parameter]
    assert engine.revision() == 1


def test_a_wrong_method_is_a_problem_and_tells_the_right_ones(call: Client) -> None:
    response = call("PATCH", "/v1/vrfs/business")
    assert response.status_code == 405
    assert response.json()["title"] == "Method Not Allowed"
    assert response.headers["allow"] == "DELETE, GET, PUT"


def test_a_fault_is_a_problem_without_a_traceback(call: Client, engine: FakeController) -> None:
    def broken() -> None:
        raise RuntimeError("secret")

    engine.switches = broken  # type: ignore[assignment]
    response = call("GET", "/v1/switches")
    assert response.status_code == 500
    assert response.headers["content-type"] == "application/problem+json"
    assert "secret" not in response.text


def test_an_etag_is_the_revision_and_saves_the_second_read(call: Client) -> None:
    first = call("GET", "/v1/rules")
    assert first.headers["etag"] == '"1"'
    again = call("GET", "/v1/rules", headers={"if-none-match": '"1"'})
    assert (again.status_code, again.content) == (304, b"")


def test_what_is_cached_of_one_token_is_not_shown_to_another(call: Client) -> None:
    first = call("GET", "/v1/rules")
    again = call("GET", "/v1/rules", headers={"if-none-match": '"1"'})
    assert first.headers["vary"] == again.headers["vary"] == "Authorization"


def test_ready_says_why_not(call: Client, engine: FakeController) -> None:
    assert call.get("/healthz") == {"healthy": True}
    assert call.get("/readyz")["ready"] is True
    engine.disconnected = {"edge-1"}
    response = call("GET", "/readyz")
    assert response.status_code == 503
    assert response.json()["reason"] == "edge-1: not connected"
    status = call.get("/v1/status")
    assert (status["switches"]["connected"], status["ready"]) == (4, False)


def test_every_call_of_the_contract_is_in_the_openapi_document(call: Client) -> None:
    paths = call.get("/openapi.json")["paths"]
    for path in (
        *("/v1/vrfs", "/v1/rules/{name}", "/v1/tenants/{name}/move", "/v1/instances/{name}/move"),
        *("/v1/apply", "/v1/plan", "/v1/explain", "/v1/routes", "/v1/topology", "/v1/switches"),
        *("/v1/reachability", "/v1/verify", "/v1/revisions", "/v1/revisions/{number}/restore"),
        *("/healthz", "/readyz", "/v1/status"),
    ):
        assert path in paths
        for operation in paths[path].values():
            assert operation["summary"]


def test_reachability_names_services_and_tenants(call: Client) -> None:
    found = call.get("/v1/reachability")
    assert [(item["source"], item["destination"]) for item in found] == [
        ("prometheus", "api"),
        ("prometheus", "web"),
        ("web", "api"),
    ]
    assert found[2] == {
        "source": "web",
        "destination": "api",
        "tenants": {"source": "shop", "destination": "shop"},
        "allow": ["tcp/8080"],
        "rule": "web-to-api",
        "class": "realtime",
        "dscp": None,
    }


def test_routes_and_topology(call: Client) -> None:
    answer = call.get("/v1/routes?from=host-1&to=host-2&class=realtime&vrf=business")
    [path] = answer["paths"]
    assert answer["metric"] == "latency"
    [fabric] = path["switches"][1:-1]
    assert fabric in ("fabric-1", "fabric-2")  # equally good, one of them by their names
    assert path["switches"] == ["edge-1", fabric, "edge-2"]
    assert path["links"] == [f"h1-{fabric}", f"h2-{fabric}"]
    other = {"fabric-1": "fabric-2", "fabric-2": "fabric-1"}[fabric]
    protection = path["protection"]
    assert protection["by"] == "recomputation"
    assert protection["single_points"] == []
    assert [detour["name"] for detour in protection["links"]] == path["links"]
    assert protection["switches"] == [
        {
            "name": fabric,
            "then": {
                "switches": ["edge-1", other, "edge-2"],
                "links": [f"h1-{other}", f"h2-{other}"],
                "latency_us": 20,
                "cost": 2,
            },
        }
    ]
    assert call("GET", "/v1/routes?from=host-1&to=host-22").status_code == 404
    topology = call.get("/v1/topology")
    assert topology["hosts"] == ["host-1", "host-2", "host-3"]
    assert all(link["up"] for link in topology["links"])
    loads = {link["name"]: link["load"] for link in topology["links"]}
    core = {"a_to_b_bps": 412_000_000, "b_to_a_bps": 9_800_000, "share": 0.412}
    assert loads == {**dict.fromkeys(loads), "core": core}


def test_the_server_serves_in_the_callers_loop_and_stops(engine: FakeController) -> None:
    async def run() -> int:
        server = RestServer(UseCases.of(engine), port=0)
        await server.start()
        async with httpx.AsyncClient(trust_env=False) as client:
            host, port = server.address
            response = await client.get(f"http://{host}:{port}/healthz")
        await server.stop()
        return response.status_code

    assert asyncio.run(run()) == 200


def test_a_taken_address_is_one_clear_error(engine: FakeController) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(BulkheadError, match=f"cannot listen for REST on 127.0.0.1:{port}"):
            asyncio.run(RestServer(UseCases.of(engine), port=port).start())
