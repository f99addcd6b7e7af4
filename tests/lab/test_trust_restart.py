"""The controller ends and starts under probes of every instance: the switches do not notice."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from labkit.restart import PROMPT_S, Restarted, Restarts
from labkit.rings import ring_rules
from tests.lab.busy import with_slack
from tests.lab.conftest import Running


@pytest.fixture(scope="module")
def restarts(running: Running) -> Mapping[str, Restarted]:
    """All trials, one after another on the same site."""
    with ring_rules(running.site, running.controller) as ring:
        trials = Restarts(running.site, running.controller, ring)
        return {trial.name: trials.run(trial) for trial in trials.trials()}


@pytest.mark.parametrize(
    "name",
    [
        "stopped (SIGTERM)",
        "upgraded (other settings)",
        "speaker killed (SIGKILL)",
        "engine killed (SIGKILL)",
        "both killed (SIGKILL)",
    ],
)
def test_nothing_is_lost_or_rewritten(restarts: Mapping[str, Restarted], name: str) -> None:
    found = restarts[name]
    assert found.load.lost == 0, found.load.losses(0.0)
    assert found.load.sent > 500
    assert not found.rewritten
    assert found.sound
    # A busy core takes about twice as long for the same, whoever else gets it in between.
    assert found.cpu_s <= 2 * PROMPT_S, found.text()
    assert found.ready_s <= with_slack(PROMPT_S), found.text()
