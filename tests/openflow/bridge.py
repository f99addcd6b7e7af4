"""A speaker made of a socket: frames to a switch on the same machine, and what it says back."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

from controller.southbound.channel import SpeakerChannel
from controller.southbound.frames import Frame, FrameReader, Kind, encode
from controller.southbound.openflow.messages import HEADER, header

PATIENCE_S = 10.0
SESSION = (7, 1)
Answer = Callable[[bytes], list[bytes]]
"""What a switch says to a message."""


class Sessions:
    """Told of the session, so that a test can wait for it."""

    def __init__(self) -> None:
        self.up = asyncio.Event()

    def switch_up(self, _datapath_id: int, _session: int) -> None:
        self.up.set()

    def switch_down(self, _datapath_id: int, _session: int) -> None:
        self.up.clear()


async def with_channel(
    folder: Path, answer: Answer, use: Callable[[SpeakerChannel], Awaitable[None]]
) -> None:
    """Use a channel with one switch behind it, which answers each message by a function."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(encode(Frame(Kind.SWITCH_UP, *SESSION)))
        frames = FrameReader()
        while data := await reader.read(1 << 16):
            for frame in frames.feed(data):
                for message in messages(frame.payload):
                    for said in await asyncio.to_thread(answer, message):
                        writer.write(encode(Frame(Kind.MESSAGE, *SESSION, said)))
        writer.close()  # a server of Python 3.12 waits for it
        over.set()

    path, sessions, over = str(folder / "speaker"), Sessions(), asyncio.Event()
    channel = SpeakerChannel(lambda: None)
    async with await asyncio.start_unix_server(serve, path):
        async with asyncio.timeout(3 * PATIENCE_S):
            await channel.connect(path, sessions)
            await sessions.up.wait()
            await use(channel)
            await channel.close()
            await over.wait()


def messages(payload: bytes) -> list[bytes]:
    """The OpenFlow messages in a frame."""
    found = []
    while payload:
        size = header(payload[: HEADER.size]).length
        found.append(payload[:size])
        payload = payload[size:]
    return found
