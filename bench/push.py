"""A host's whole program, from its rows to the switch's commit reply, through the real speaker.

Held against ``ovs-ofctl --bundle replace-flows`` of the same flows, on the same Open vSwitch (dummy
datapath), in turn with ours; both begin with an empty switch. The ratio is ours to theirs. Each
push begins with an encoder that has encoded nothing: no bytes that it keeps are sent again.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from statistics import median
from typing import Final

from bench import workload
from bench.measure import Figure, Result, ahead, say, timed
from controller.compile import compilation
from controller.dataplane.pipeline import SHAPES
from controller.dataplane.shapes import Row
from controller.dataplane.text import format_entry
from controller.reconcile.events import BundleDone, SendBundle
from controller.southbound.switches import Switches
from labkit.ledger import Ledger
from labkit.ovs import PrivateOvs
from labkit.speaker import SpeakerProcess, connected

REPEATS: Final = 9
BRIDGE: Final = "host"
_DATAPATH_ID: Final = 0x51
_TIMEOUT_S: Final = 60.0


def run(services: int) -> Result:
    """A host's program pushed, rows to commit reply; the ratio is to ovs-ofctl's replace-flows."""
    rows = program_of(services)
    say(f"a host's program of {len(rows)} flows")
    ledger = Ledger.create("bench-push")
    try:
        with ahead(), PrivateOvs(ledger) as ovs, SpeakerProcess(ledger) as speaker:
            speaker.bridge(ovs, BRIDGE, _DATAPATH_ID)
            text = ledger.folder / "flows"
            text.write_text("\n".join(format_entry(SHAPES[r.shape].entry(r)) for r in rows))
            ours, theirs = asyncio.run(_measure(ovs, speaker, rows, text))
    finally:
        ledger.clean()
    figures = (
        Figure("flows", len(rows), "flows"),
        _rate("flows a second", ours, theirs, len(rows)),
    )
    return Result.of_ms("push", ours, "ovs-ofctl --bundle replace-flows", theirs, figures)


def _rate(name: str, ours_ms: float, theirs_ms: float, rows: int) -> Figure:
    ours, theirs = rows / ours_ms * 1000, rows / theirs_ms * 1000
    return Figure(name, ours, "flows/s", f"ovs-ofctl: {theirs:,.0f} flows/s", ours / theirs)


def program_of(services: int) -> tuple[Row, ...]:
    """The largest program of the site's hosts."""
    programs = compilation(workload.network(services)).programs
    return tuple(max(programs.values(), key=len))


async def _measure(
    ovs: PrivateOvs, speaker: SpeakerProcess, rows: tuple[Row, ...], text: Path
) -> tuple[float, float]:
    channel, sessions = await connected(speaker)
    session = await sessions.of(_DATAPATH_ID)
    ours, theirs = [], []
    for number in range(REPEATS):
        ovs.ofctl("del-flows", BRIDGE)
        switches = Switches(channel, lambda _name: _DATAPATH_ID, _TIMEOUT_S)
        ours.append(await _push(switches, session, rows))
        _held(ovs, rows)
        ovs.ofctl("del-flows", BRIDGE)
        theirs.append(timed(lambda: ovs.ofctl("--bundle replace-flows", BRIDGE, str(text)))[1])
        _held(ovs, rows)
        say(f"  {number + 1}/{REPEATS}: {ours[-1]:.1f} ms, ovs-ofctl {theirs[-1]:.1f} ms")
    await channel.close()
    return median(ours), median(theirs)


async def _push(switches: Switches, session: int, rows: tuple[Row, ...]) -> float:
    loop = asyncio.get_running_loop()
    began_s = loop.time()
    answer = await switches.send_bundle(SendBundle(BRIDGE, session, add=rows))
    took_ms = (loop.time() - began_s) * 1000
    if not isinstance(answer, BundleDone):
        raise RuntimeError(f"the switch did not take the program: {answer}")
    return took_ms


def _held(ovs: PrivateOvs, rows: tuple[Row, ...]) -> None:
    found = int(ovs.ofctl("dump-aggregate", BRIDGE).rsplit("flow_count=", 1)[1].split()[0])
    if found != len(rows):
        raise RuntimeError(f"the switch holds {found} flows, {len(rows)} were sent")
