"""What links carry, told by the switches' own counters while real packets go over them."""

from __future__ import annotations

import time

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
