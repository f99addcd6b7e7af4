"""Sessions that end, switches that fall silent or start anew, in the middle of writes."""

from __future__ import annotations

import signal
import time
from random import Random
from typing import Final

import httpx
import pytest

from controller.model.intent import Intent
from labkit.faults import FaultSite
from tests.faults.conftest import SiteWith
from tests.faults.steps import way
from tests.faults.writes import Drawn, draw

SEED: Final = 7
CUTS: Final = 12
SOAK_CUTS: Final = 500
MOST_DELAY_S: Final = 0.08  # a write of this site takes so long


def assert_in_sync(site: FaultSite, intent: Intent) -> None:
    site.controller.wait_ready()
    assert site.intent(site.revision()) == intent
    wanted = site.programs(intent)
    for name, held in site.held().items():
        assert held.foreign == ()
        assert held.program.rows == wanted[name].rows, name


def assert_true(response: httpx.Response | None, site: FaultSite, drawn: Drawn) -> None:
    """What the answer says holds now."""
    assert response is not None
    assert response.is_success, response.text
    answer = response.json()
    if answer["applied"]:
        wanted = site.programs(drawn.after)
        assert {n: h.program.rows for n, h in site.held().items()} == {
            n: p.rows for n, p in wanted.items()
        }
    else:
        assert answer["pending"] or not drawn.waits


def test_a_session_lost_in_the_middle(site_with: SiteWith, soak: bool) -> None:
    site = site_with()
    seed = time.time_ns() if soak else SEED
    random = Random(seed)
    intent = site.intent(site.revision())
    for _ in range(SOAK_CUTS if soak else CUTS):
        drawn = draw(random, intent)
        path = way(site.programs(intent), site.programs(drawn.after))
        answer = site.start_write(drawn.write)
        time.sleep(random.uniform(0, MOST_DELAY_S))  # the moment is what is drawn
        site.ovs.cut(random.choice(sorted(site.topology.switches)))
        held = site.held()
        assert path.each_is_on_it(held), f"seed {seed}: {path.off(held)}"
        assert_true(answer.wait(), site, drawn)
        intent = drawn.after
        assert_in_sync(site, intent)


def test_a_switch_that_is_not_connected_is_named(site_with: SiteWith) -> None:
    site = site_with(request_timeout_s=0.5)
    intent = site.intent(site.revision())
    site.ovs.kill_switch()
    drawn = draw(Random(SEED), intent, ("service",))
    response = site.start_write(drawn.write).wait()
    assert response is not None
    answer = response.json()
    assert not answer["applied"]
    assert set(answer["pending"]) == set(site.topology.switches)
    site.ovs.start_switch()
    assert_in_sync(site, drawn.after)


@pytest.mark.parametrize("delay_s", [0.0, 0.01, 0.03])
def test_switches_that_fall_silent(site_with: SiteWith, delay_s: float) -> None:
    site = site_with(request_timeout_s=0.5, apply_timeout_s=2)
    intent = site.intent(site.revision())
    drawn = draw(Random(SEED), intent, ("several",))
    answer = site.start_write(drawn.write)
    time.sleep(delay_s)
    site.ovs.signal_switch(signal.SIGSTOP)
    try:
        response = answer.wait()
    finally:
        site.ovs.signal_switch(signal.SIGCONT)
    assert response is not None
    answered = response.json()
    if not answered["applied"]:
        reasons = " ".join(answered["pending"].values())
        assert "no answer within 0.5 s" in reasons or "not confirmed" in reasons, answered
    assert_in_sync(site, drawn.after)


def test_switches_that_start_anew_in_the_middle(site_with: SiteWith) -> None:
    site = site_with()
    intent = site.intent(site.revision())
    drawn = draw(Random(SEED), intent, ("tenant",))
    answer = site.start_write(drawn.write)
    site.ovs.kill_switch()
    site.ovs.start_switch()
    assert_true(answer.wait(), site, drawn)
    assert_in_sync(site, drawn.after)
