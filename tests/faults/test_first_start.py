"""Killed while it starts for the first time: the next start finds nothing half made."""

from __future__ import annotations

import time
from pathlib import Path
from random import Random
from typing import Final

from labkit.processes import eventually
from tests.faults.conftest import SiteWith

SEED: Final = 3
STARTS: Final = 4
SOAK_STARTS: Final = 200
MOST_DELAY_S: Final = 0.15  # from the first trace of the store to the first revision on switches


def test_killed_while_it_makes_its_store(site_with: SiteWith, soak: bool) -> None:
    seed = time.time_ns() if soak else SEED
    random = Random(seed)
    site = site_with(engine_restart_s=0.05)
    policy = site.intent(1)
    wanted = site.programs(policy)
    for number in range(SOAK_STARTS if soak else STARTS):
        site.kill("controller")
        state = Path(str(site.controller.settings["state"])).with_name(f"state-{number}.db")
        site.controller.settings["state"] = state
        for switch in wanted:
            site.ovs.ofctl("del-flows", switch)
        site.controller.start()
        eventually(lambda s=state: any(s.parent.glob(f"{s.name}*")), f"{state.name}")
        time.sleep(random.uniform(0, MOST_DELAY_S))  # the moment is what is drawn
        site.kill("controller")
        site.controller.start()
        site.controller.wait_ready(60)
        assert site.revision() == 1, f"seed {seed}"
        assert site.intent(1) == policy
        assert {n: h.program for n, h in site.held().items()} == dict(wanted)
