"""All flows of a switch read back, decoded and compared with what it should hold.

Held against ``ovs-ofctl dump-flows`` of the same switch, which only prints them. Meanwhile another
switch is sent a barrier every 2 ms, through the same speaker and the same loop, and echoes of its
own are answered; how long those took, and how long this process waited for a core that others had,
is said on standard error.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
from collections.abc import AsyncIterator
from pathlib import Path
from statistics import median
from typing import Final

from bench.measure import Result, ahead, percentile, say, timed
from controller.dataplane.cookie import Feature, cookie
from controller.dataplane.pipeline import SHAPES
from controller.dataplane.program import Program, by_key
from controller.dataplane.shapes import Row
from controller.reconcile.events import BundleDone, ReadBack, ReadBackDone, SendBundle
from controller.southbound.channel import SpeakerChannel
from controller.southbound.switches import Switches
from labkit.barriers import ask_barriers
from labkit.ledger import Ledger
from labkit.ovs import PrivateOvs
from labkit.speaker import SpeakerProcess, connected

REPEATS: Final = 9
FLOWS_PER_SERVICE: Final = 5
BRIDGE: Final = "host"
_NUMBERS: Final = {BRIDGE: 0x51, "other": 0x52}
_TIMEOUT_S: Final = 60.0
_EVERY_S: Final = 0.002


def run(services: int) -> Result:
    """50,000 flows (5 a service) read back, decoded, compared; the ratio is to dump-flows."""
    program = program_of(FLOWS_PER_SERVICE * services)
    say(f"a switch of {len(program)} flows")
    ledger = Ledger.create("bench-read-back")
    try:
        with (
            ahead(),
            PrivateOvs(ledger) as ovs,
            PrivateOvs(ledger, name="other") as other,
            SpeakerProcess(ledger) as speaker,
        ):
            speaker.bridge(ovs, BRIDGE, _NUMBERS[BRIDGE])
            speaker.bridge(other, "other", _NUMBERS["other"])
            ours, theirs = asyncio.run(_measure(ovs, speaker, program))
    finally:
        ledger.clean()
    return Result.of_ms("read_back", ours, "ovs-ofctl dump-flows", theirs)


def program_of(flows: int) -> Program:
    """So many rows of the kinds that a host has most of."""
    return Program.of(by_key(_row(number) for number in range(flows)))


def _row(number: int) -> Row:
    ip, mac = 0x0A000000 + number, 0x02B000000000 + number
    sender = {"vrf": 1, "segment": number % 500, "source": number, "zone": number % 65000}
    match number % 4:
        case 0:
            columns = {"port": number % 60000 + 1, "mac": mac, "ip": ip, **sender}
            return SHAPES["admit.ipv4"].row(cookie(Feature.ADMIT, number), **columns)
        case 1:
            columns = {"vrf": 1, "ip": ip, "target": number, "destination": number % 1000}
            return SHAPES["resolve.receiver:here"].row(cookie(Feature.RESOLVE, number), **columns)
        case 2:
            pair = {"source": number, "destination": number + 1, "class": 46}
            ports = {"port": number % 4096 << 4, "port_mask": 0xFFF0 if number % 8 > 4 else 0xFFFF}
            return SHAPES["permit.tcp"].row(cookie(Feature.PERMIT, number), **pair, **ports)
        case _:
            columns = {"vrf": 1, "source": number % 1000, "ip": ip}
            return SHAPES["origin.address"].row(cookie(Feature.ORIGIN, number), **columns)


async def _measure(
    ovs: PrivateOvs, speaker: SpeakerProcess, program: Program
) -> tuple[float, float]:
    channel, sessions = await connected(speaker)
    session = await sessions.of(_NUMBERS[BRIDGE])
    other = (_NUMBERS["other"], await sessions.of(_NUMBERS["other"]))
    switches = Switches(channel, _NUMBERS.__getitem__, _TIMEOUT_S)
    done = await switches.send_bundle(SendBundle(BRIDGE, session, add=tuple(program)))
    if not isinstance(done, BundleDone):
        raise RuntimeError(f"the switch did not take the program: {done}")
    gc.collect()
    gc.freeze()  # as the engine does once it has a site
    idle, busy, ours, theirs = list[float](), list[float](), list[float](), list[float]()
    for number in range(REPEATS):
        async with _barriers(channel, other) as took_ms:
            await asyncio.sleep(0.2)
        idle.append(percentile(took_ms, 99))
        waited_ms = _waited_ms()
        async with _barriers(channel, other) as took_ms:
            ours.append(await _read_back(switches, session, program))
        busy.append(percentile(took_ms, 99))
        waited_ms = _waited_ms() - waited_ms
        theirs.append(timed(lambda: ovs.ofctl("dump-flows", BRIDGE))[1])
        say(
            f"  {number + 1}/{REPEATS}: {ours[-1]:.1f} ms (waited {waited_ms:.0f} ms for a core),"
            f" ovs-ofctl {theirs[-1]:.1f} ms, barriers' p99 {busy[-1]:.1f} ms"
        )
    say(
        f"barriers of another switch, p99, median of the repeats: {median(busy):.1f} ms"
        f" (nothing read: {median(idle):.1f} ms)"
    )
    await channel.close()
    return median(ours), median(theirs)


async def _read_back(switches: Switches, session: int, program: Program) -> float:
    loop = asyncio.get_running_loop()
    began_s = loop.time()
    answer = await switches.read_back(ReadBack(BRIDGE, session, 0, expected=program))
    took_ms = (loop.time() - began_s) * 1000
    if not isinstance(answer, ReadBackDone) or answer.held is not program or answer.foreign:
        raise RuntimeError("the switch does not hold what it was sent")
    return took_ms


@contextlib.asynccontextmanager
async def _barriers(
    channel: SpeakerChannel, session: tuple[int, int]
) -> AsyncIterator[list[float]]:
    """What barriers take meanwhile, in ms."""
    took_ms: list[float] = []
    asking = asyncio.create_task(
        ask_barriers(channel, lambda: session, _EVERY_S, lambda _due, took: took_ms.append(took))
    )
    try:
        yield took_ms
    finally:
        asking.cancel()
        await asyncio.wait({asking})


def _waited_ms() -> float:
    """How long this thread has waited for a core while others had them (proc(5), schedstat)."""
    return int(Path("/proc/thread-self/schedstat").read_text().split()[1]) / 1e6
