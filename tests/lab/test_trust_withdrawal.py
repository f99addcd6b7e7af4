"""A withdrawn rule cuts what runs over it before the write answers."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from labkit.withdrawal import Withdrawn, pairs, withdraw
from tests.lab.conftest import Running

WHERE = ("one host", "two hosts")


@pytest.fixture(scope="module")
def withdrawals(running: Running) -> Mapping[str, Withdrawn]:
    """One rule withdrawn from a pair on one host, then one from a pair on two."""
    site, controller = running.site, running.controller
    ways = dict(zip(WHERE, pairs(controller), strict=True))
    return {where: withdraw(site, controller, way) for where, way in ways.items()}


@pytest.mark.parametrize("where", WHERE)
def test_nothing_arrives_after_the_answer(withdrawals: Mapping[str, Withdrawn], where: str) -> None:
    found = withdrawals[where]
    assert found.arrived["udp"] > 300
    assert found.arrived["tcp"] > 300
    assert not found.late, found.text()
    assert not found.load.alive
    assert found.sound


@pytest.mark.parametrize("where", WHERE)
def test_connection_tracking_forgets_it(withdrawals: Mapping[str, Withdrawn], where: str) -> None:
    found = withdrawals[where]
    assert not found.tracked, found.tracked
