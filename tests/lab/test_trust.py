"""Every kind of change under probes and a TCP transfer loses nothing that stays allowed.

With a quarter of the probes that ``make lab-trust`` sends: whoever runs the tests may be busy.
"""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from labkit.trust import Outcome, Trust
from tests.lab.conftest import Running


@pytest.fixture(scope="module")
def outcomes(running: Running) -> Mapping[str, Outcome]:
    """All trials, one after another on the same site."""
    trust = Trust(running.site, running.controller, share=0.25)
    with trust.prepared():
        return {trial.name: trust.run(trial) for trial in trust.trials()}


@pytest.mark.parametrize(
    "name",
    [
        "nothing changed",
        "tenant to another VLAN",
        "tenant to its VLAN",
        "tenant to another VRF",
        "tenant to its VRF",
        "instance to another host",
        "instance to its host",
        "rule added",
        "rule withdrawn",
        "class changed",
        "class changed back",
    ],
)
def test_nothing_is_lost(outcomes: Mapping[str, Outcome], name: str) -> None:
    outcome = outcomes[name]
    load = outcome.load
    assert load.lost == 0, load.losses(outcome.called_s)
    assert load.alive, load.transfers
    assert outcome.sound, outcome.answer
    assert load.sent > 500
    assert load.transferred_bytes > 100_000
