"""What is counted while a site runs: what links carry, and what was compiled for changes."""

from __future__ import annotations

import time

from prometheus_client.parser import text_string_to_metric_families

from tests.lab.conftest import Running
from tests.lab.test_real_packets import answers

_WITHIN_S = 30  # Open vSwitch writes its counters every 5 s


def test_a_link_that_packets_go_over_tells_so(running: Running) -> None:
    deadline = time.monotonic() + _WITHIN_S
    while time.monotonic() < deadline:
        assert answers(running) is not None
        links = running.controller.get("/v1/topology")["links"]
        if any(link["load"] and link["load"]["a_to_b_bps"] > 0 for link in links):
            break
    carrying = [link for link in links if link["load"] and link["load"]["a_to_b_bps"] > 0]
    assert carrying
    for link in carrying:
        assert link["load"]["a_to_b_bps"] < link["rate_mbps"] * 1_000_000


def test_a_change_is_compiled_by_what_it_touches(running: Running) -> None:
    before = compiled(running)
    body = {"tenant": "shop", "labels": {"tier": "metrics"}}
    running.controller.client.put("/v1/services/counted", json=body).raise_for_status()
    body = {"service": "counted", "host": "host-1"}
    running.controller.client.put("/v1/instances/counted-1", json=body).raise_for_status()
    after = compiled(running)
    assert after["made"] == before["made"] > 0
    assert after["touched"] > before["touched"]
    for path in ("instances/counted-1", "services/counted"):
        running.controller.client.delete(f"/v1/{path}").raise_for_status()


def compiled(running: Running) -> dict[str, float]:
    """How many items of switches' programs were compiled, by how."""
    found = {"made": 0.0, "touched": 0.0}
    families = text_string_to_metric_families(running.controller.client.get("/metrics").text)
    for sample in (sample for family in families for sample in family.samples):
        if sample.name == "bulkhead_compiled_items_total" and sample.labels["how"] in found:
            found[sample.labels["how"]] += sample.value
    return found
