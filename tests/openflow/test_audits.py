"""An audit asks Open vSwitch for a part of its entries at a time; nothing else waits for all."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from controller.dataplane.program import program
from controller.reconcile.events import ReadBack, ReadBackDone
from controller.southbound import questions
from controller.southbound.openflow.messages import Type
from controller.southbound.switches import Switches
from labkit.ovs import PrivateOvs
from tests.openflow.bridge import SESSION
from tests.openflow.test_ahead import DONE, RealSwitch, row, run, send

MANY = tuple(row(number) for number in range(2, 62))
ONE = row(1)


@pytest.fixture
def switch(ovs: PrivateOvs) -> RealSwitch:
    return RealSwitch(ovs)


def audit() -> ReadBack:
    return ReadBack("s", SESSION[1], 1, expected=program(MANY), among=len(MANY), audit=True)


def test_it_is_of_all_there_is(
    tmp_path: Path, switch: RealSwitch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(questions, "MOST_IN_A_PART", 10)
    told: list[frozenset[int]] = []

    async def use(switches: Switches) -> None:
        assert await switches.send_bundle(send(MANY)) == DONE
        switches.on_passed = lambda _switch, _passed, cookies: told.append(cookies)
        before = len(switch.kinds)
        found = await switches.read_back(audit())
        assert isinstance(found, ReadBackDone)
        assert found.audit
        assert found.held == program(MANY)
        assert not found.foreign
        assert switch.kinds[before:].count(Type.MULTIPART_REQUEST) == 8
        assert told == [frozenset()], "once, of all"

    run(tmp_path, switch, use)


def test_a_change_does_not_wait_for_its_end(
    tmp_path: Path, switch: RealSwitch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(questions, "MOST_IN_A_PART", 1)

    async def use(switches: Switches) -> None:
        assert await switches.send_bundle(send(MANY)) == DONE
        auditing = asyncio.create_task(switches.read_back(audit()))
        while Type.MULTIPART_REQUEST not in switch.kinds:
            await asyncio.sleep(0)
        assert await switches.send_bundle(send((ONE,))) == DONE
        assert not auditing.done()
        found = await auditing
        assert isinstance(found, ReadBackDone)
        assert {*MANY} <= {*found.held}

    run(tmp_path, switch, use)
