"""What comes next is asked in the same turn of a switch, and is what was asked for all the same."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from controller.dataplane.cookie import Feature, cookie
from controller.dataplane.pipeline import SHAPES
from controller.dataplane.program import row_of
from controller.dataplane.shapes import Entry, Row
from controller.reconcile.events import (
    Ahead,
    BundleDone,
    BundleFailed,
    Prepare,
    ReadBack,
    ReadBackDone,
    SendBundle,
)
from controller.southbound import bundles
from controller.southbound.bundles import Bundles
from controller.southbound.channel import RequestTimeout, SpeakerChannel
from controller.southbound.openflow.messages import Type, has_more, header
from controller.southbound.switches import MOST_IN_A_TURN, Switches
from labkit.ovs import PrivateOvs
from tests.openflow.bridge import PATIENCE_S, SESSION, with_channel
from tests.openflow.session import BRIDGE, Session

ANSWERED = (Type.BARRIER_REQUEST, Type.BUNDLE_CONTROL, Type.MULTIPART_REQUEST)
EMPTY = Ahead()
Use = Callable[[Switches], Awaitable[None]]


class RealSwitch:
    """Passes messages on to Open vSwitch; keeps their kinds."""

    def __init__(self, ovs: PrivateOvs) -> None:
        ovs.vsctl("--if-exists", "del-br", BRIDGE)
        ovs.vsctl("add-br", BRIDGE, "--", "set", "bridge", BRIDGE, "datapath_type=dummy",
                  "protocols=OpenFlow14", "fail_mode=secure")  # fmt: skip
        self.session = Session(ovs)
        self.kinds: list[Type] = []

    def __call__(self, message: bytes) -> list[bytes]:
        kind, found = Type(header(message).type), list[bytes]()
        self.kinds.append(kind)
        self.session.send(message)
        while kind in ANSWERED:
            found.append(self.session.receive())
            mine = header(found[-1]).xid == header(message).xid
            if mine and not (kind is Type.MULTIPART_REQUEST and has_more(found[-1])):
                break
        return found

    def rows(self) -> set[Row | None]:
        return {row_of(entry) for entry in self.session.held() if isinstance(entry, Entry)}


@pytest.fixture
def switch(ovs: PrivateOvs) -> RealSwitch:
    return RealSwitch(ovs)


def run(folder: Path, switch: RealSwitch, use: Use) -> None:
    asyncio.run(
        with_channel(
            folder, switch, lambda channel: use(Switches(channel, lambda _: 7, PATIENCE_S))
        )
    )


def row(number: int) -> Row:
    """Of our own: others are no rows of ours, whatever they say."""
    columns = {"class": number, "queue": 0}
    return SHAPES["class.transit"].row(cookie(Feature.CLASS, number), **columns)


def send(
    add: tuple[Row, ...] = (), remove: tuple[Row, ...] = (), then: Ahead = EMPTY
) -> SendBundle:
    return SendBundle("s", SESSION[1], add, remove, ahead=then)


ONE, TWO, THREE = (row(number) for number in (1, 2, 3))
WRONG = SHAPES["deliver.transit"].row(
    cookie(Feature.DELIVER, 9), plane=1, edge=1, lane=1, port=0xFFFF
)
DONE = BundleDone("s", SESSION[1])


def cookies_of(*rows: Row) -> frozenset[int]:
    return frozenset(row.cookie for row in rows)


def asked(*rows: Row) -> ReadBack:
    return ReadBack("s", SESSION[1], 5, cookies_of(*rows))


def test_the_next_bundle_is_filled_with_this_one(tmp_path: Path, switch: RealSwitch) -> None:
    async def use(switches: Switches) -> None:
        assert await switches.send_bundle(send((ONE, TWO), then=Ahead(remove=(ONE,)))) == DONE
        assert switch.rows() == {ONE, TWO}, "what is filled is not committed"
        before = len(switch.kinds)
        assert await switches.send_bundle(send(remove=(ONE,))) == DONE
        assert switch.kinds[before:] == [Type.BUNDLE_CONTROL]  # its commit

    run(tmp_path, switch, use)
    assert switch.rows() == {TWO}


def test_what_is_too_much_for_a_turn_is_filled_behind_the_commit(
    tmp_path: Path, switch: RealSwitch
) -> None:
    many = tuple(row(number) for number in range(1, MOST_IN_A_TURN + 1))

    async def use(switches: Switches) -> None:
        assert await switches.send_bundle(send(many, then=Ahead(remove=(ONE,)))) == DONE
        filled = switch.kinds.index(Type.BUNDLE_CONTROL)
        assert switch.kinds[:filled].count(Type.BUNDLE_ADD_MESSAGE) == len(many)
        assert await switches.send_bundle(send(remove=(ONE,))) == DONE
        added = [kind for kind in switch.kinds[filled:] if kind != Type.BARRIER_REQUEST]
        assert added == [Type.BUNDLE_CONTROL, Type.BUNDLE_ADD_MESSAGE, Type.BUNDLE_CONTROL]

    run(tmp_path, switch, use)
    assert switch.rows() == {*many} - {ONE}


def test_what_could_not_be_filled_behind_a_slow_commit_is_filled_when_its_time_has_come(
    tmp_path: Path, switch: RealSwitch, monkeypatch: pytest.MonkeyPatch
) -> None:
    many = tuple(row(number) for number in range(1, MOST_IN_A_TURN + 1))
    fill, tried = Bundles.fill, list[int]()

    async def impatient(self: Bundles, session: object, effect: SendBundle, ahead: object) -> Any:
        tried.append(len(effect.add) + len(effect.remove))
        if len(tried) == 2:
            raise RequestTimeout("no answer, as the switch still commits")
        return await fill(self, session, effect, ahead)  # type: ignore[arg-type]

    monkeypatch.setattr(Bundles, "fill", impatient)

    async def use(switches: Switches) -> None:
        assert await switches.send_bundle(send(many, then=Ahead(remove=(ONE,)))) == DONE
        assert await switches.send_bundle(send(remove=(ONE,))) == DONE

    run(tmp_path, switch, use)
    assert tried == [MOST_IN_A_TURN, 1, 1]
    assert switch.rows() == {*many} - {ONE}


def test_a_bundle_that_was_filled_for_something_else_keeps_none_from_being_filled_early(
    tmp_path: Path, switch: RealSwitch
) -> None:
    many = tuple(row(number) for number in range(1, MOST_IN_A_TURN + 1))

    async def use(switches: Switches) -> None:
        assert await switches.send_bundle(send((ONE,), then=Ahead(remove=(ONE,)))) == DONE
        switches.prepare(Prepare(send(many)))  # so that the one that was filled is left
        assert await switches.send_bundle(send(many, then=Ahead(remove=(TWO,)))) == DONE
        async with asyncio.timeout(PATIENCE_S):
            while switch.kinds[-1] != Type.BARRIER_REQUEST:  # behind what fills it
                await asyncio.sleep(0.001)
        before = len(switch.kinds)
        assert await switches.send_bundle(send(remove=(TWO,))) == DONE
        assert switch.kinds[before:] == [Type.BUNDLE_CONTROL]

    run(tmp_path, switch, use)
    assert switch.rows() == {*many} - {TWO}


def test_it_is_told_once_the_switch_has_been_asked(tmp_path: Path, switch: RealSwitch) -> None:
    told: list[list[Type]] = []

    async def use(switches: Switches) -> None:
        def asked() -> None:
            told.append(list(switch.kinds))

        assert await switches.send_bundle(send((ONE,)), asked) == DONE
        assert Type.BARRIER_REQUEST in told[0], "not before it is known that nothing was refused"
        assert len(told) == 1
        assert isinstance(await switches.send_bundle(send((WRONG,)), asked), BundleFailed)
        assert len(told) == 1, "who refuses a member is never asked to commit"

    run(tmp_path, switch, use)


def test_another_bundle_than_was_expected_is_what_is_done(
    tmp_path: Path, switch: RealSwitch
) -> None:
    async def use(switches: Switches) -> None:
        assert await switches.send_bundle(send((ONE, TWO), then=Ahead(remove=(ONE,)))) == DONE
        assert await switches.send_bundle(send(add=(THREE,))) == DONE

    run(tmp_path, switch, use)
    assert switch.rows() == {ONE, TWO, THREE}


def test_one_that_was_filled_long_ago_is_filled_again(
    tmp_path: Path, switch: RealSwitch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bundles, "_OPEN_S", 0.0)

    async def use(switches: Switches) -> None:
        assert await switches.send_bundle(send((ONE, TWO), then=Ahead(remove=(ONE,)))) == DONE
        assert await switches.send_bundle(send(remove=(ONE,))) == DONE

    run(tmp_path, switch, use)
    assert switch.kinds.count(Type.BARRIER_REQUEST) == 2
    assert switch.rows() == {TWO}


def test_what_is_refused_ahead_is_told_when_it_is_due(tmp_path: Path, switch: RealSwitch) -> None:
    async def use(switches: Switches) -> None:
        assert await switches.send_bundle(send((ONE,), then=Ahead(add=(WRONG,)))) == DONE
        failed = await switches.send_bundle(send(add=(WRONG,)))
        assert isinstance(failed, BundleFailed)
        assert failed.known
        assert "port" in failed.reason

    run(tmp_path, switch, use)
    assert switch.rows() == {ONE}


def test_where_this_one_is_refused_the_next_is_gone_too(tmp_path: Path, switch: RealSwitch) -> None:
    async def use(switches: Switches) -> None:
        failed = await switches.send_bundle(send((WRONG,), then=Ahead(add=(ONE,))))
        assert isinstance(failed, BundleFailed)
        assert await switches.send_bundle(send(add=(ONE,))) == DONE

    run(tmp_path, switch, use)
    assert switch.rows() == {ONE}


def test_what_is_read_back_is_asked_for_behind_the_commit(
    tmp_path: Path, switch: RealSwitch
) -> None:
    async def use(switches: Switches) -> None:
        assert (
            await switches.send_bundle(send((ONE, TWO), then=Ahead(cookies=cookies_of(ONE, TWO))))
            == DONE
        )
        found = await switches.read_back(asked(ONE, TWO))
        assert isinstance(found, ReadBackDone)
        assert found.asked == 5
        assert set(found.held) == {ONE, TWO}
        assert switch.kinds.count(Type.MULTIPART_REQUEST) == 2
        await switches.read_back(asked(ONE, TWO))  # once taken, it is asked for anew
        assert switch.kinds.count(Type.MULTIPART_REQUEST) == 4

    run(tmp_path, switch, use)


def test_other_entries_than_were_expected_are_what_is_read(
    tmp_path: Path, switch: RealSwitch
) -> None:
    async def use(switches: Switches) -> None:
        assert (
            await switches.send_bundle(send((ONE, TWO), then=Ahead(cookies=cookies_of(ONE))))
            == DONE
        )
        found = await switches.read_back(asked(TWO))
        assert isinstance(found, ReadBackDone)
        assert set(found.held) == {TWO}

    run(tmp_path, switch, use)


def test_a_tenants_entries_are_asked_for_in_one_message_and_no_others_told_of(
    tmp_path: Path, switch: RealSwitch
) -> None:
    def of_instance(number: int) -> Row:
        return row(number)._replace(cookie=cookie(Feature.ORIGIN, number))

    meant = tuple(map(of_instance, range(10, 60)))
    alike = row(60)._replace(cookie=cookie(Feature.CLASS, 40))
    beside = (of_instance(61), of_instance(4), alike, THREE)

    async def use(switches: Switches) -> None:
        assert await switches.send_bundle(send((*meant, *beside))) == DONE
        found = await switches.read_back(asked(*meant))
        assert isinstance(found, ReadBackDone)
        assert set(found.held) == {*meant} and not found.foreign
        assert switch.kinds.count(Type.MULTIPART_REQUEST) == 1

    run(tmp_path, switch, use)
    assert switch.rows() == {*meant, *beside}


def test_what_was_read_before_a_later_bundle_is_not_taken_for_what_is_there_now(
    tmp_path: Path, switch: RealSwitch
) -> None:
    async def use(switches: Switches) -> None:
        assert await switches.send_bundle(send((ONE,), then=Ahead(cookies=cookies_of(ONE)))) == DONE
        assert await switches.send_bundle(send(remove=(ONE,))) == DONE
        found = await switches.read_back(asked(ONE))
        assert isinstance(found, ReadBackDone)
        assert not len(found.held)

    run(tmp_path, switch, use)


def test_a_flush_leaves_what_is_being_read(tmp_path: Path, switch: RealSwitch) -> None:
    async def use(switches: Switches) -> None:
        assert await switches.send_bundle(send((ONE,), then=Ahead(cookies=cookies_of(ONE)))) == DONE
        assert await switches.send_bundle(SendBundle("s", SESSION[1])) == DONE
        found = await switches.read_back(asked(ONE))
        assert isinstance(found, ReadBackDone)
        assert set(found.held) == {ONE}
        assert switch.kinds.count(Type.MULTIPART_REQUEST) == 1

    run(tmp_path, switch, use)


def test_what_is_prepared_is_filled_once_and_sent_when_its_time_has_come(
    tmp_path: Path, switch: RealSwitch
) -> None:
    async def use(switches: Switches) -> None:
        for _ in range(2):
            switches.prepare(Prepare(send((ONE, TWO), then=Ahead(remove=(ONE,)))))
        assert await switches.send_bundle(send((ONE, TWO), then=Ahead(remove=(ONE,)))) == DONE
        assert await switches.send_bundle(send(remove=(ONE,))) == DONE
        assert switch.kinds.count(Type.BUNDLE_CONTROL) == 2, "each is committed once"
        assert switch.kinds.count(Type.BARRIER_REQUEST) == 1

    run(tmp_path, switch, use)
    assert switch.rows() == {TWO}


@pytest.fixture
def fills(monkeypatch: pytest.MonkeyPatch) -> list[SendBundle]:
    """The bundles that were filled, each noted when it is."""
    fill, found = Bundles.fill, list[SendBundle]()

    async def noted(self: Bundles, session: Any, effect: SendBundle, ahead: Any = None) -> Any:
        done = await fill(self, session, effect, ahead)
        found.append(effect)
        return done

    monkeypatch.setattr(Bundles, "fill", noted)
    return found


def test_another_bundle_is_prepared_in_place_of_the_one_before(
    tmp_path: Path, switch: RealSwitch, fills: list[SendBundle]
) -> None:
    async def use(switches: Switches) -> None:
        switches.prepare(Prepare(send((ONE,))))
        await as_many(fills, 1)
        switches.prepare(Prepare(send((TWO,))))
        await as_many(fills, 2)
        assert await switches.send_bundle(send((TWO,))) == DONE
        assert len(fills) == 2, "as it was prepared"

    run(tmp_path, switch, use)
    assert switch.rows() == {TWO}


def test_what_another_takes_the_place_of_is_filled_no_further(
    tmp_path: Path, switch: RealSwitch, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended: list[SendBundle] = []

    async def stuck(_self: Bundles, _session: object, effect: SendBundle, _ahead: object) -> Any:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append(effect)

    monkeypatch.setattr(Bundles, "fill", stuck)

    async def use(switches: Switches) -> None:
        switches.prepare(Prepare(send((ONE,))))
        await asyncio.sleep(0)  # it begins
        switches.prepare(Prepare(send((TWO,))))
        await as_many(ended, 1)
        assert ended == [send((ONE,))]

    run(tmp_path, switch, use)


def test_what_came_to_nothing_is_prepared_once_more(
    tmp_path: Path, switch: RealSwitch, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill, tried = Bundles.fill, list[SendBundle]()

    async def impatient(self: Bundles, session: object, effect: SendBundle, ahead: object) -> Any:
        tried.append(effect)
        if len(tried) == 1:
            raise RequestTimeout("no answer yet")
        return await fill(self, session, effect, ahead)  # type: ignore[arg-type]

    monkeypatch.setattr(Bundles, "fill", impatient)

    async def use(switches: Switches) -> None:
        switches.prepare(Prepare(send((ONE,))))
        await as_many(tried, 1)
        switches.prepare(Prepare(send((ONE,))))
        assert await switches.send_bundle(send((ONE,))) == DONE

    run(tmp_path, switch, use)
    assert len(tried) == 2
    assert switch.rows() == {ONE}


def test_what_has_grown_old_is_prepared_once_more(
    tmp_path: Path,
    switch: RealSwitch,
    fills: list[SendBundle],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def use(switches: Switches) -> None:
        switches.prepare(Prepare(send((ONE,))))
        await as_many(fills, 1)
        with monkeypatch.context() as later:
            later.setattr(bundles, "_OPEN_S", 0.0)
            switches.prepare(Prepare(send((ONE,))))
        await as_many(fills, 2)
        assert await switches.send_bundle(send((ONE,))) == DONE
        assert len(fills) == 2, "and that one was taken"

    run(tmp_path, switch, use)
    assert switch.rows() == {ONE}


async def as_many(noted: list[SendBundle], count: int) -> None:
    """Until so many are noted."""
    async with asyncio.timeout(PATIENCE_S):
        while len(noted) < count:
            await asyncio.sleep(0.001)


def test_a_switch_that_says_nothing_is_asked_once(tmp_path: Path) -> None:
    heard: list[Type] = []

    def silent(message: bytes) -> list[bytes]:
        heard.append(Type(header(message).type))
        return []

    async def use(channel: SpeakerChannel) -> None:
        switches = Switches(channel, lambda _: 7, timeout_s=0.4)
        switches.prepare(Prepare(send((ONE,))))
        began_s = time.monotonic()
        failed = await switches.send_bundle(send((ONE,)))
        assert isinstance(failed, BundleFailed) and not failed.known
        assert "no answer within 0.4 s" in failed.reason
        assert time.monotonic() - began_s >= 0.3
        assert heard.count(Type.BARRIER_REQUEST) == 1

    asyncio.run(with_channel(tmp_path, silent, use))


def test_what_is_prepared_and_refused_is_refused_when_it_is_sent(
    tmp_path: Path, switch: RealSwitch
) -> None:
    async def use(switches: Switches) -> None:
        switches.prepare(Prepare(send((ONE, WRONG))))
        outcome = await switches.send_bundle(send((ONE, WRONG)))
        assert isinstance(outcome, BundleFailed)
        assert outcome.known
        assert await switches.send_bundle(send((TWO,))) == DONE

    run(tmp_path, switch, use)
    assert switch.rows() == {TWO}


def test_what_is_prepared_and_never_sent_changes_nothing(
    tmp_path: Path, switch: RealSwitch
) -> None:
    async def use(switches: Switches) -> None:
        switches.prepare(Prepare(send((ONE,))))
        assert await switches.send_bundle(send((TWO,))) == DONE

    run(tmp_path, switch, use)
    assert switch.rows() == {TWO}
