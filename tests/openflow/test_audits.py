"""An audit asks Open vSwitch for a part of its entries at a time; nothing else waits for all."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from controller.dataplane.permission import Permission
from controller.dataplane.program import program
from controller.reconcile.events import ReadBack, ReadBackDone
from controller.southbound import questions
from controller.southbound.openflow.messages import Type
from controller.southbound.read_back import Holding
from controller.southbound.switches import Switches
from labkit.ovs import PrivateOvs
from tests.openflow.bridge import PATIENCE_S, SESSION
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
        async with asyncio.timeout(PATIENCE_S):
            while Type.MULTIPART_REQUEST not in switch.kinds:
                await asyncio.sleep(0)
        assert await switches.send_bundle(send((ONE,))) == DONE
        assert not auditing.done()
        found = await auditing
        assert isinstance(found, ReadBackDone)
        assert {*MANY} <= {*found.held}

    run(tmp_path, switch, use)


def test_what_was_counted_meanwhile_is_what_is_told(
    tmp_path: Path, switch: RealSwitch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(questions, "MOST_IN_A_PART", 30)
    often, once = Permission(1, 2, 3), Permission(1, 2, 4)
    told: list[dict[Permission, int]] = []

    async def use(switches: Switches) -> None:
        async def read(
            _session: object, effect: ReadBack, holding: Holding, *_asked: object
        ) -> None:
            if not effect.audit:
                holding.passed[often] = 30
            elif not holding.passed:
                holding.passed.update({often: 10, once: 1})
                await switches.read_back(ReadBack("s", SESSION[1], 1, frozenset({ONE.cookie})))

        monkeypatch.setattr(switches, "_read", read)
        switches.on_passed = lambda _switch, passed, _cookies: told.append(dict(passed))
        await switches.read_back(audit())
        await switches.read_back(ReadBack("s", SESSION[1], 1, frozenset({ONE.cookie})))

    run(tmp_path, switch, use)
    assert told == [{often: 30}, {often: 30, once: 1}, {often: 30}]


def test_one_that_was_given_up_leaves_the_next_alone(
    tmp_path: Path, switch: RealSwitch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(questions, "MOST_IN_A_PART", 10)

    async def use(switches: Switches) -> None:
        assert await switches.send_bundle(send(MANY)) == DONE
        both = await asyncio.gather(switches.read_back(audit()), switches.read_back(audit()))
        assert all(isinstance(found, ReadBackDone) for found in both)

    run(tmp_path, switch, use)
