"""Many switches at once through the real speaker: a slow one delays itself alone."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator

import pytest

from controller.dataplane.pipeline import SHAPES
from controller.dataplane.shapes import Row
from controller.reconcile.events import BundleDone, SendBundle
from controller.southbound.channel import SpeakerChannel
from controller.southbound.frames import WINDOW
from controller.southbound.openflow.messages import barrier, flow_stats_request, has_more
from controller.southbound.switches import Switches
from controller.southbound.window import SessionLost
from labkit.ledger import Ledger
from labkit.ovs import PrivateOvs, private_ovs
from labkit.speaker import Sessions, SpeakerProcess, connected
from tests.speaker.conftest import PATIENCE_S
from tests.speaker.deaf import deaf_switch

DEAF = 0xDEAF
BARRIERS = barrier(1 << 31) * 1024


@pytest.fixture
def ovs() -> Iterator[PrivateOvs]:
    with private_ovs("test-backpressure") as found:
        yield found


@pytest.fixture
def speaker() -> Iterator[SpeakerProcess]:
    ledger = Ledger.create("test-backpressure-speaker")
    try:
        with SpeakerProcess(ledger) as process:
            yield process
    finally:
        ledger.clean()


@contextlib.asynccontextmanager
async def channel_to(speaker: SpeakerProcess) -> AsyncIterator[tuple[SpeakerChannel, Sessions]]:
    channel, sessions = await connected(speaker)
    try:
        yield channel, sessions
    finally:
        await channel.close()


async def fence(channel: SpeakerChannel, session: tuple[int, int]) -> None:
    xid = channel.xid()
    await channel.request(session, [barrier(xid)], xid, PATIENCE_S)


def rows(count: int) -> tuple[Row, ...]:
    shape = SHAPES["origin.address"]
    return tuple(
        shape.row(number, vrf=1, source=number, ip=0x0A000000 + number) for number in range(count)
    )


def test_what_is_sent_to_a_switch_that_reads_nothing_stays_bounded(
    speaker: SpeakerProcess, ovs: PrivateOvs
) -> None:
    async def scenario() -> None:
        async with channel_to(speaker) as (channel, sessions):
            speaker.bridge(ovs, "s1", 1)
            other = (1, await sessions.of(1))
            with deaf_switch(speaker.port, DEAF):
                deaf = (DEAF, await sessions.of(DEAF))
                made = 0

                def endless() -> Iterator[bytes]:
                    nonlocal made
                    while True:
                        made += len(BARRIERS)
                        yield BARRIERS

                stuck = asyncio.create_task(channel.send(deaf, endless()))
                last = -1
                while made != last:  # until it stands still while others are answered
                    last = made
                    for _ in range(100):
                        await fence(channel, other)
                assert not stuck.done()
                assert made > WINDOW
            with pytest.raises(SessionLost):
                await stuck
            await fence(channel, other)

    asyncio.run(asyncio.wait_for(scenario(), 4 * PATIENCE_S))


def test_a_hundred_switches_are_programmed_at_once_beside_one_that_is_stuck(
    speaker: SpeakerProcess, ovs: PrivateOvs
) -> None:
    names = {f"s{number}": number for number in range(1, 101)}
    program = rows(300)

    async def scenario() -> None:
        async with channel_to(speaker) as (channel, sessions):
            await asyncio.to_thread(speaker.bridges, ovs, names)
            live = {name: await sessions.of(number) for name, number in names.items()}
            with deaf_switch(speaker.port, DEAF):
                live["deaf"] = await sessions.of(DEAF)
                switches = Switches(channel, {**names, "deaf": DEAF}.__getitem__, PATIENCE_S)
                stuck = asyncio.create_task(
                    switches.send_bundle(SendBundle("deaf", live["deaf"], add=rows(30_000)))
                )
                answers = await asyncio.gather(
                    *(
                        switches.send_bundle(SendBundle(name, live[name], add=program))
                        for name in names
                    )
                )
                assert all(isinstance(answer, BundleDone) for answer in answers)
                assert not stuck.done()
                stuck.cancel()

    asyncio.run(asyncio.wait_for(scenario(), 4 * PATIENCE_S))
    for name in ("s1", "s50", "s100"):
        assert ovs.ofctl("dump-flows", name).count("cookie=") == len(program)


def test_a_long_answer_that_is_read_slowly_waits_in_the_switch(
    speaker: SpeakerProcess, ovs: PrivateOvs
) -> None:
    program = rows(20_000)

    async def scenario() -> None:
        async with channel_to(speaker) as (channel, sessions):
            speaker.bridges(ovs, {"s1": 1, "s2": 2})
            asked, other = (1, await sessions.of(1)), (2, await sessions.of(2))
            switches = Switches(channel, lambda _name: 1, PATIENCE_S)
            done = await switches.send_bundle(SendBundle("s1", asked[1], add=program))
            assert isinstance(done, BundleDone)
            xid = channel.xid()
            request = channel.parts(
                asked, [flow_stats_request(xid)], range(xid, xid + 1), PATIENCE_S
            )
            async with contextlib.aclosing(request) as answer:
                parts = [await anext(answer)]
                for _ in range(100):
                    await fence(channel, other)
                held = channel._pending[xid].parts.qsize() + 1
                parts += [part async for part in answer]
            assert not has_more(parts[-1])
            assert sum(map(len, parts)) > 3 * WINDOW
            assert sum(map(len, parts[:held])) < WINDOW + (1 << 16)

    asyncio.run(asyncio.wait_for(scenario(), 4 * PATIENCE_S))


def test_an_answer_that_nobody_waits_for_any_more_stops_nothing(
    speaker: SpeakerProcess, ovs: PrivateOvs
) -> None:
    program = rows(20_000)

    async def scenario() -> None:
        async with channel_to(speaker) as (channel, sessions):
            speaker.bridge(ovs, "s1", 1)
            session = (1, await sessions.of(1))
            switches = Switches(channel, lambda _name: 1, PATIENCE_S)
            await switches.send_bundle(SendBundle("s1", session[1], add=program))
            for _ in range(3):
                xid = channel.xid()
                request = channel.parts(
                    session, [flow_stats_request(xid)], range(xid, xid + 1), PATIENCE_S
                )
                async with contextlib.aclosing(request) as answer:
                    await anext(answer)
            await fence(channel, session)
            xid = channel.xid()
            whole = await channel.request(session, [flow_stats_request(xid)], xid, PATIENCE_S)
            assert sum(map(len, whole)) > 3 * WINDOW

    asyncio.run(asyncio.wait_for(scenario(), 4 * PATIENCE_S))
