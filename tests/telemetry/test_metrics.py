"""What Prometheus reads moves with what happens, is on its page, and does not grow with a site."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx
from prometheus_client.parser import text_string_to_metric_families

from controller.control import Control
from controller.model.decode import decode_intent
from controller.model.network import Network
from controller.northbound.rest import create_app
from controller.northbound.use_cases import UseCases
from controller.telemetry.metrics import Metrics
from tests.access.conftest import Guarded
from tests.northbound.engines import Obedient, running
from tests.northbound.fakes import DOCUMENT, HOSTS
from tests.strategies import plugged, site

PAGE = Path(__file__).parents[2] / "docs" / "operations.md"


class Measured:
    """The real engine over switches in memory, with its metrics, behind the real application."""

    def __init__(self, control: Control, switches: Obedient) -> None:
        self.control, self.switches = control, switches
        self.metrics = Metrics(control)
        control.meter, control.journal.on_record = self.metrics, self.metrics.happened
        app = create_app(UseCases.of(control, telemetry=self.metrics))
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        self.http = httpx.AsyncClient(transport=transport, base_url="http://test")

    async def read(self) -> dict[str, float]:
        """Every sample as Prometheus calls it, by its name and labels."""
        response = await self.http.get("/metrics")
        assert response.status_code == 200
        assert response.headers["content-type"].startswith("text/plain; version=")
        return samples(response.text)


def samples(text: str) -> dict[str, float]:
    found: dict[str, float] = {}
    for family in text_string_to_metric_families(text):
        assert family.documentation, family.name
        assert family.type != "unknown", family.name
        for sample in family.samples:
            labels = ",".join(f"{key}={value}" for key, value in sorted(sample.labels.items()))
            found[f"{sample.name}{{{labels}}}" if labels else sample.name] = sample.value
    return found


def measured(scenario: Callable[[Measured], Awaitable[None]], document: Any = DOCUMENT) -> None:
    async def run() -> None:
        intent = decode_intent(document, hosts=HOSTS)
        network = Network(intent, site(), plugged(intent, site()))
        found = Measured(*await running(network, intent))
        await found.control.loop.applied(found.control.loop.serial, 30)
        try:
            await scenario(found)
        finally:
            await found.control.close()

    asyncio.run(run())


def test_values_move_with_writes() -> None:
    async def scenario(site: Measured) -> None:
        before = await site.read()
        assert before["bulkhead_revision"] == 2
        assert before["bulkhead_ready"] == 1
        assert before["bulkhead_objects{collection=instances}"] == 4
        assert before["bulkhead_switch_connected{switch=edge-1}"] == 1
        held = len(site.switches.held["edge-1"])
        assert before["bulkhead_switch_entries{switch=edge-1}"] == held > 0
        assert before["bulkhead_proof_faults{of=whole}"] == 0
        assert before["bulkhead_writes_total{outcome=applied}"] == 0
        web = {"service": "web", "host": "host-1"}
        for path, body, status in (
            ("instances/web-2", web, 201),
            ("instances/web-2", web, 200),
            ("instances/web-3?wait=stored", web, 201),
            ("instances/web-4", {**web, "service": "no-such"}, 422),
        ):
            response = await site.http.put(f"/v1/{path}", json=body)
            assert response.status_code == status, response.text
        stale = {"If-Match": '"1"'}
        assert (await site.http.delete("/v1/rules/scrape", headers=stale)).status_code == 412
        after = await site.read()
        moved = {key: value - before.get(key, 0) for key, value in after.items()}
        assert moved["bulkhead_revision"] == 2
        assert moved["bulkhead_objects{collection=instances}"] == 2
        assert moved["bulkhead_switch_entries{switch=edge-1}"] > 0
        writes = {key: n for key, n in moved.items() if key.startswith("bulkhead_writes_") and n}
        assert writes == {
            "bulkhead_writes_total{outcome=applied}": 1,
            "bulkhead_writes_total{outcome=unchanged}": 1,
            "bulkhead_writes_total{outcome=stored}": 1,
            "bulkhead_writes_total{outcome=invalid}": 1,
        }
        assert moved["bulkhead_commit_seconds_count"] == 2
        assert moved["bulkhead_apply_seconds_count"] == 1
        assert moved["bulkhead_apply_seconds_sum"] > 0
        assert moved["bulkhead_http_requests_total{status=2xx}"] == 3 + 1  # and a read of these
        assert moved["bulkhead_http_requests_total{status=4xx}"] == 2
        assert moved["bulkhead_events_total{kind=revision}"] == 2
        assert after["bulkhead_proof_timestamp_seconds{of=change}"] > 0
        assert after["bulkhead_proof_duration_seconds{of=change}"] > 0

    measured(scenario)


def test_a_switch_that_is_gone_and_one_that_drifts_are_seen() -> None:
    async def scenario(site: Measured) -> None:
        edge = site.control.network().topology.switches["edge-2"]
        site.control.switch_down(edge.datapath_id, 1)
        site.control.journal.record("drift", switch="edge-1", counts={})
        site.metrics.denied("edge-3")
        found = await site.read()
        assert found["bulkhead_switch_connected{switch=edge-2}"] == 0
        assert found["bulkhead_switch_in_sync{switch=edge-2}"] == 0
        assert found["bulkhead_ready"] == 0
        assert found["bulkhead_drift_total{switch=edge-1}"] == 1
        assert found["bulkhead_denied_packets_total{switch=edge-3}"] == 1
        assert found["bulkhead_events_total{kind=switch-down}"] == 1

    measured(scenario)


def test_what_is_compiled_is_counted_by_part_and_how() -> None:
    async def scenario(site: Measured) -> None:
        for work in ({"locals made": 4, "ways made": 2}, {"locals touched": 1, "fixed kept": 3}):
            site.metrics.compiled(work)
        site.metrics.compiled({"locals touched": 2})
        found = await site.read()
        name = "bulkhead_compiled_items_total"
        assert found[f"{name}{{how=made,node=locals}}"] == 4
        assert found[f"{name}{{how=touched,node=locals}}"] == 1 + 2
        assert found[f"{name}{{how=kept,node=fixed}}"] == 3

    measured(scenario)


def test_every_metric_is_on_its_page_and_no_other() -> None:
    told = set(re.findall(r"`(bulkhead_[a-z_]+)[{`]", PAGE.read_text(encoding="utf-8")))

    async def scenario(site: Measured) -> None:
        text = (await site.http.get("/metrics")).text
        names = set(re.findall(r"^# TYPE (bulkhead_\S+)", text, re.MULTILINE))
        assert names == told

    measured(scenario)


def test_a_larger_site_has_no_more_series() -> None:
    """Nothing is named of which there are thousands."""
    more = {f"more-{n}": {"service": "web", "host": "host-1"} for n in range(200)}
    larger = {**DOCUMENT, "instances": {**DOCUMENT["instances"], **more}}
    series: list[set[str]] = []

    async def scenario(site: Measured) -> None:
        series.append(set(await site.read()))

    measured(scenario)
    measured(scenario, larger)
    assert series[0] == series[1]


def test_what_the_gate_refuses_is_counted(tmp_path: Path) -> None:
    guarded = Guarded(tmp_path)
    answered: list[int] = []

    class Counting:
        def answered(self, status: int) -> None:
            answered.append(status)

        def exposition(self) -> tuple[bytes, str]:
            return b"", "text/plain"

    async def ask() -> int:
        app = create_app(UseCases.of(guarded.engine, gate=guarded.gate, telemetry=Counting()))
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as http:
            return (await http.get("/metrics")).status_code

    assert asyncio.run(ask()) == 401
    assert answered == [401]
