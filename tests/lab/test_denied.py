"""Denied packets as events, seen by the switches themselves."""

from __future__ import annotations

import re
import sys
import time
from typing import Any

from prometheus_client.parser import text_string_to_metric_families

from controller.dataplane.pipeline import Meter
from controller.southbound.meters import RATES
from tests.lab.conftest import Running
from tests.lab.test_real_packets import API, WEB, address, answers, inside


def told_of(running: Running, since: int, **wanted: Any) -> dict[str, Any]:
    """The data of the first event of a denial that has all of this. Waits for it."""
    deadline = time.monotonic() + 20
    while True:
        events = running.controller.get("/v1/events", after=since, follow="false")
        for event in events:
            if event["kind"] == "denied" and wanted.items() <= event["data"].items():
                return dict(event["data"])
        assert time.monotonic() < deadline, events
        time.sleep(0.1)


def last_event(running: Running) -> int:
    events = running.controller.get("/v1/events", after=0, follow="false")
    return int(events[-1]["id"])


def test_who_is_denied_whom_is_told(running: Running) -> None:
    since = last_event(running)
    target = [address(running, "promo-cache-2"), "tcp", 4711]
    assert running.site.agents["web-2"].ask("probe", targets=[target], timeout_s=0.5) == [None]
    assert told_of(running, since, source="web-2") == {
        "switch": "edge-1",
        "source": "web-2",
        "destination": "promo-cache-2",
        "services": ["web", "promo-cache"],
        "tenants": ["shop", "promo"],
        "protocol": "tcp",
        "port": 4711,
        "why": "no rule allows it",
    }


def test_denied_packets_are_counted_also_those_that_are_no_news(running: Running) -> None:
    name = "bulkhead_denied_packets_total"
    before = _metric(running, name)
    target = [address(running, "promo-cache-2"), "tcp", 4713]
    for _ in range(2):
        assert running.site.agents["web-2"].ask("probe", targets=[target], timeout_s=0.5) == [None]
    deadline = time.monotonic() + 20
    while _metric(running, name) < before + 2:
        assert time.monotonic() < deadline
        time.sleep(0.1)


def _metric(running: Running, name: str) -> float:
    """The sum of a metric's samples."""
    text = running.controller.client.get("/metrics").text
    families = text_string_to_metric_families(text)
    return sum(s.value for family in families for s in family.samples if s.name == name)


def test_what_is_allowed_is_no_denial(running: Running) -> None:
    since = last_event(running)
    assert answers(running) == API
    target = ["10.20.1.99", "udp", 5]
    running.site.agents[WEB].ask("probe", targets=[target], timeout_s=0.5)
    told = told_of(running, since, source=WEB, destination="10.20.1.99")
    assert told["why"] == "nobody that VRF business may reach has this address"
    events = running.controller.get("/v1/events", after=since, follow="false")
    pairs = {
        (e["data"]["source"], e["data"]["destination"]) for e in events if e["kind"] == "denied"
    }
    assert (WEB, API) not in pairs


_FLOOD = """
import socket, sys
end = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
for _ in range(5000):
    end.sendto(b"x", (sys.argv[1], 4712))
"""

_STATISTICS = (
    r"meter:{meter} .*packet_in_count:(\d+) .*duration:([\d.]+)s bands:\s+0: packet_count:(\d+)"
)


def test_what_is_too_much_stays_in_the_switch(running: Running) -> None:
    """The meter drops it before the slow path, and who is allowed talks all the same."""
    inside(WEB, sys.executable, "-c", _FLOOD, address(running, "promo-cache-2"))
    shown = running.site.ovs.ofctl("meter-stats", "edge-1")
    found = re.search(_STATISTICS.format(meter=Meter.DENIED), shown)
    assert found is not None, shown
    came, duration_s, dropped = int(found[1]), float(found[2]), int(found[3])
    rate = RATES[Meter.DENIED]
    assert came > 2 * rate.burst, shown
    assert came - dropped <= rate.burst + rate.packets_s * (duration_s + 1), shown
    assert answers(running) == API
