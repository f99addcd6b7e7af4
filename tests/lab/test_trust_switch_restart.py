"""Open vSwitch ends and starts under probes and a TCP connection: forwarding comes back, whole.

And as soon as its program is in, with slack: whoever runs the tests may be busy.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from labkit.load import Way
from labkit.ovs_restart import LATE_S, SwitchRestart, SwitchRestarts
from labkit.rings import ring_rules
from tests.lab.busy import with_slack
from tests.lab.conftest import Running

TRANSFER = Way("web-1", "order-api-2", 8080)


@pytest.fixture(scope="module")
def restarts(running: Running) -> Iterator[SwitchRestarts]:
    with ring_rules(running.site, running.controller) as ring:
        yield SwitchRestarts(running.site, running.controller, ring)


def came_back(found: SwitchRestart) -> None:
    assert found.back, found.text()
    assert found.load.lost > 0, "the userspace datapath cannot forward while it is away"
    assert not found.rewritten, found.rewritten[:3]
    assert found.late_s <= with_slack(LATE_S), found.text()


def test_killed_it_is_programmed_again(restarts: SwitchRestarts) -> None:
    came_back(restarts.killed([TRANSFER]))


def test_restarted_with_its_flows_it_is_left_as_it_is(restarts: SwitchRestarts) -> None:
    came_back(restarts.planned([TRANSFER]))


def test_it_needs_no_controller_to_come_back(restarts: SwitchRestarts) -> None:
    found = restarts.planned_alone([TRANSFER])
    came_back(found)
    assert found.gaps_ms[-1] < 1000 * found.stages["in sync"], "it waited for the controller"
