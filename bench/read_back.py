"""All flows of a switch read back, decoded and compared with what it should hold.

Held against ``ovs-ofctl dump-flows`` of the same switch, which only prints them. Meanwhile a
second switch is sent a barrier every 2 ms, through the same speaker and the same loop, and a third
asks the speaker for an echo as often. How long this process waited for a core that others had is
said on standard error.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Final

from bench.measure import Figure, Result, ahead, percentile, say, timed
from bench.targets import BARRIER, ECHO
from controller.dataplane.cookie import Feature, cookie
from controller.dataplane.pipeline import SHAPES
from controller.dataplane.program import Program, by_key
from controller.dataplane.shapes import Row
from controller.reconcile.events import BundleDone, ReadBack, ReadBackDone, SendBundle
from controller.southbound.channel import SpeakerChannel
from controller.southbound.switches import Switches
from labkit.barriers import ask_barriers
from labkit.echoes import Echo, EchoingSwitch, echoing_switch
from labkit.ledger import Ledger
from labkit.ovs import PrivateOvs
from labkit.speaker import SpeakerProcess, connected

REPEATS: Final = 9
FLOWS_PER_SERVICE: Final = 5
BRIDGE: Final = "host"
_NUMBERS: Final = {BRIDGE: 0x51, "other": 0x52}
_ECHOING: Final = 0x53
_TIMEOUT_S: Final = 60.0
_EVERY_S: Final = 0.002
_IDLE_S: Final = 0.2


@dataclass(frozen=True, slots=True)
class _Spells:
    """What barriers took in some spells, in ms, and when those were (CLOCK_MONOTONIC)."""

    took_ms: list[float]
    times_s: list[tuple[float, float]]

    def figures(self, when: str, echoes: Iterable[Echo]) -> tuple[Figure, Figure]:
        """p99 of echoes and of barriers in them."""
        echoes_ms = [
            echo.took_ms
            for echo in echoes
            if any(began <= echo.due_s < ended for began, ended in self.times_s)
        ]
        return (
            Figure(ECHO + when, percentile(echoes_ms, 99), "ms", f"{len(echoes_ms)} echoes"),
            Figure(
                BARRIER + when, percentile(self.took_ms, 99), "ms", f"{len(self.took_ms)} barriers"
            ),
        )


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
            with echoing_switch(speaker.port, _ECHOING, _EVERY_S) as echoing:
                return asyncio.run(_measure(ovs, speaker, echoing, program))
    finally:
        ledger.clean()


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
    ovs: PrivateOvs, speaker: SpeakerProcess, echoing: EchoingSwitch, program: Program
) -> Result:
    channel, sessions = await connected(speaker)
    session = await sessions.of(_NUMBERS[BRIDGE])
    other = (_NUMBERS["other"], await sessions.of(_NUMBERS["other"]))
    await sessions.of(_ECHOING)
    switches = Switches(channel, _NUMBERS.__getitem__, _TIMEOUT_S)
    done = await switches.send_bundle(SendBundle(BRIDGE, session, add=tuple(program)))
    if not isinstance(done, BundleDone):
        raise RuntimeError(f"the switch did not take the program: {done}")
    gc.collect()
    gc.freeze()  # as the engine does once it has a site
    idle, busy, ours, theirs = _Spells([], []), _Spells([], []), list[float](), list[float]()
    for number in range(REPEATS):
        async with _spell(channel, other, idle):
            await asyncio.sleep(_IDLE_S)
        waited_ms = _waited_ms()
        async with _spell(channel, other, busy):
            ours.append(await _read_back(switches, session, program))
        waited_ms = _waited_ms() - waited_ms
        theirs.append(timed(lambda: ovs.ofctl("dump-flows", BRIDGE))[1])
        say(
            f"  {number + 1}/{REPEATS}: {ours[-1]:.1f} ms (waited {waited_ms:.0f} ms for a core),"
            f" ovs-ofctl {theirs[-1]:.1f} ms"
        )
    echoes = echoing.end()
    await channel.close()
    figures = (*busy.figures("", echoes), *idle.figures(", nothing read", echoes))
    return Result.of_ms("read_back", median(ours), "ovs-ofctl dump-flows", median(theirs), figures)


async def _read_back(switches: Switches, session: int, program: Program) -> float:
    loop = asyncio.get_running_loop()
    began_s = loop.time()
    answer = await switches.read_back(ReadBack(BRIDGE, session, 0, expected=program))
    took_ms = (loop.time() - began_s) * 1000
    if not isinstance(answer, ReadBackDone) or answer.held is not program or answer.foreign:
        raise RuntimeError("the switch does not hold what it was sent")
    return took_ms


@contextlib.asynccontextmanager
async def _spell(
    channel: SpeakerChannel, session: tuple[int, int], spells: _Spells
) -> AsyncIterator[None]:
    """One more spell, with barriers in it."""
    loop, tell = asyncio.get_running_loop(), spells.took_ms.append
    asking = asyncio.create_task(
        ask_barriers(channel, lambda: session, _EVERY_S, lambda _due, took: tell(took))
    )
    began_s = loop.time()
    try:
        yield
    finally:
        spells.times_s.append((began_s, loop.time()))
        asking.cancel()
        await asyncio.wait({asking})


def _waited_ms() -> float:
    """How long this thread has waited for a core while others had them (proc(5), schedstat)."""
    return int(Path("/proc/thread-self/schedstat").read_text().split()[1]) / 1e6
