"""Barriers at their times: how long OpenFlow takes, to a switch and back, beside other work."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Final

from controller.errors import BulkheadError
from controller.southbound.channel import Session, SpeakerChannel
from controller.southbound.openflow.messages import barrier

_TIMEOUT_S: Final = 60.0

Told = Callable[[float, float], None]


async def ask_barriers(
    channel: SpeakerChannel, session: Callable[[], Session | None], every_s: float, tell: Told
) -> None:
    """Send one every so often, whether those before were answered or not, until cancelled.

    ``session`` says to which switch, None to none this time. ``tell`` is told of each that was
    answered when it was due, on the loop's clock, and how many ms after that its answer was here: a
    loop that was busy when it was due is part of it. Those under way are waited for at the end.
    """
    loop, tasks = asyncio.get_running_loop(), set[asyncio.Task[None]]()

    async def ask(switch: Session, due_s: float) -> None:
        xid = channel.xid()
        with suppress(BulkheadError):  # its connection ended, which is not what is measured
            await channel.request(switch, [barrier(xid)], xid, _TIMEOUT_S)
            tell(due_s, (loop.time() - due_s) * 1000)

    due_s = loop.time()
    try:
        while True:
            due_s += every_s
            await asyncio.sleep(due_s - loop.time())
            switch = session()
            if switch is not None:
                task = loop.create_task(ask(switch, due_s))
                tasks.add(task)
                task.add_done_callback(tasks.discard)
    finally:
        await asyncio.gather(*tasks)
