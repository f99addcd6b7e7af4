"""The engine's side of the channel, with a speaker made of a socket."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Awaitable, Callable
from itertools import chain
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.southbound.channel import (
    CHUNK,
    Refused,
    RequestTimeout,
    SessionLost,
    SpeakerChannel,
    chunks,
)
from controller.southbound.frames import ENGINE_XID, Frame, FrameReader, Kind, encode
from controller.southbound.openflow.messages import Type, barrier, flow_stats_request

SESSION = (7, 1)
PATIENCE_S = 10.0  # longer than any answer takes, however busy the machine


class FakeSpeaker:
    """Says what a test tells it to say, and keeps what it is told."""

    def __init__(self) -> None:
        self.told: asyncio.Queue[Frame] = asyncio.Queue()
        self.ready = asyncio.Event()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.writer = writer
        self.ready.set()
        frames = FrameReader()
        while data := await reader.read(1 << 16):
            for frame in frames.feed(data):
                self.told.put_nowait(frame)

    def say(self, kind: Kind, session: tuple[int, int] = SESSION, data: bytes = b"") -> None:
        self.writer.write(encode(Frame(kind, *session, data)))


class Watcher:
    """Keeps the sessions it is told of."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, int, int]] = []
        self.changed = asyncio.Event()

    def switch_up(self, datapath_id: int, session: int) -> None:
        self._keep("up", datapath_id, session)

    def switch_down(self, datapath_id: int, session: int) -> None:
        self._keep("down", datapath_id, session)

    def _keep(self, what: str, datapath_id: int, session: int) -> None:
        self.seen.append((what, datapath_id, session))
        self.changed.set()

    async def saw(self, count: int) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while len(self.seen) < count:
                self.changed.clear()
                await self.changed.wait()


Scenario = Callable[[SpeakerChannel, FakeSpeaker, Watcher], Awaitable[None]]


def play(folder: Path, scenario: Scenario) -> list[str]:
    """Run a scenario with one switch connected; what the channel said of the speaker's end."""
    ends: list[str] = []

    async def run() -> None:
        speaker, watcher = FakeSpeaker(), Watcher()
        channel = SpeakerChannel(lambda: ends.append("end"))
        path = str(folder / "s.sock")
        server = await asyncio.start_unix_server(speaker.serve, path)
        await channel.connect(path, watcher)
        await speaker.ready.wait()
        speaker.say(Kind.SWITCH_UP)
        await watcher.saw(1)
        await scenario(channel, speaker, watcher)
        await channel.close()
        server.close()

    asyncio.run(asyncio.wait_for(run(), 3 * PATIENCE_S))
    return ends


def reply(kind: int, xid: int, body: bytes = b"") -> bytes:
    return struct.pack("!BBHI", 5, kind, 8 + len(body), xid) + body


def test_a_barrier_gets_its_answer(tmp_path: Path) -> None:
    async def scenario(channel: SpeakerChannel, speaker: FakeSpeaker, _: Watcher) -> None:
        xid = channel.xid()
        asked = asyncio.create_task(channel.request(SESSION, [barrier(xid)], xid, PATIENCE_S))
        assert await speaker.told.get() == Frame(Kind.SEND, *SESSION, barrier(xid))
        speaker.say(Kind.MESSAGE, data=reply(Type.BARRIER_REPLY, xid ^ 1))  # not ours
        speaker.say(Kind.MESSAGE, data=reply(Type.BARRIER_REPLY, xid))
        assert await asked == [reply(Type.BARRIER_REPLY, xid)]

    play(tmp_path, scenario)


def test_parts_are_collected_until_the_last(tmp_path: Path) -> None:
    async def scenario(channel: SpeakerChannel, speaker: FakeSpeaker, _: Watcher) -> None:
        xid = channel.xid()
        asked = asyncio.create_task(
            channel.request(SESSION, [flow_stats_request(xid)], xid, PATIENCE_S)
        )
        await speaker.told.get()
        parts = [
            reply(Type.MULTIPART_REPLY, xid, struct.pack("!HH4x", 1, more) + bytes([n] * 8))
            for n, more in enumerate((1, 1, 0))
        ]
        for part in parts:
            speaker.say(Kind.MESSAGE, data=part)
        assert await asked == parts

    play(tmp_path, scenario)


def test_an_error_is_a_refusal_with_its_reason(tmp_path: Path) -> None:
    async def scenario(channel: SpeakerChannel, speaker: FakeSpeaker, _: Watcher) -> None:
        xid = channel.xid()
        asked = asyncio.create_task(channel.request(SESSION, [barrier(xid)], xid, PATIENCE_S))
        await speaker.told.get()
        body = struct.pack("!HH", 17, 13) + barrier(xid)
        speaker.say(Kind.MESSAGE, data=reply(Type.ERROR, xid, body))
        with pytest.raises(Refused) as caught:
            await asked
        assert (caught.value.reason.type, caught.value.reason.code) == (17, 13)

    play(tmp_path, scenario)


def test_silence_is_a_timeout_and_a_late_answer_is_nobodys(tmp_path: Path) -> None:
    async def scenario(channel: SpeakerChannel, speaker: FakeSpeaker, _: Watcher) -> None:
        xid = channel.xid()
        with pytest.raises(RequestTimeout, match=r"no answer within 0\.02 s"):
            await channel.request(SESSION, [barrier(xid)], xid, 0.02)
        speaker.say(Kind.MESSAGE, data=reply(Type.BARRIER_REPLY, xid))
        following = channel.xid()
        asked = asyncio.create_task(
            channel.request(SESSION, [barrier(following)], following, PATIENCE_S)
        )
        speaker.say(Kind.MESSAGE, data=reply(Type.BARRIER_REPLY, following))
        assert await asked == [reply(Type.BARRIER_REPLY, following)]

    play(tmp_path, scenario)


def test_a_switch_that_answers_others_is_slow_and_not_silent(tmp_path: Path) -> None:
    async def scenario(channel: SpeakerChannel, speaker: FakeSpeaker, _: Watcher) -> None:
        xid, other = channel.xids(2)
        asked = asyncio.create_task(channel.request(SESSION, [barrier(xid)], xid, 1.0))
        for _ in range(25):
            await asyncio.wait({asked}, timeout=0.05)
            speaker.say(Kind.MESSAGE, data=reply(Type.BARRIER_REPLY, other))
        speaker.say(Kind.MESSAGE, data=reply(Type.BARRIER_REPLY, xid))
        assert await asked == [reply(Type.BARRIER_REPLY, xid)]

    play(tmp_path, scenario)


def test_a_lost_session_fails_its_requests_and_no_others(tmp_path: Path) -> None:
    other = (8, 2)

    async def scenario(channel: SpeakerChannel, speaker: FakeSpeaker, watcher: Watcher) -> None:
        speaker.say(Kind.SWITCH_UP, other)
        await watcher.saw(2)
        mine, theirs = channel.xids(2)
        lost = asyncio.create_task(channel.request(SESSION, [barrier(mine)], mine, PATIENCE_S))
        kept = asyncio.create_task(channel.request(other, [barrier(theirs)], theirs, PATIENCE_S))
        await speaker.told.get()
        await speaker.told.get()
        speaker.say(Kind.SWITCH_DOWN)
        with pytest.raises(SessionLost):
            await lost
        speaker.say(Kind.MESSAGE, other, reply(Type.BARRIER_REPLY, theirs))
        assert await kept
        with pytest.raises(SessionLost, match="not connected"):
            await channel.send(SESSION, [barrier(mine)])
        assert watcher.seen == [("up", 7, 1), ("up", 8, 2), ("down", 7, 1)]

    play(tmp_path, scenario)


def test_errors_of_watched_messages_are_kept_until_asked_for(tmp_path: Path) -> None:
    async def scenario(channel: SpeakerChannel, speaker: FakeSpeaker, _: Watcher) -> None:
        watched, unwatched = channel.xids(2), channel.xid()
        channel.watch(watched)
        fence = channel.xid()
        asked = asyncio.create_task(channel.request(SESSION, [barrier(fence)], fence, PATIENCE_S))
        for xid in (watched[1], unwatched):
            speaker.say(Kind.MESSAGE, data=reply(Type.ERROR, xid, struct.pack("!HH", 5, 1)))
        speaker.say(Kind.MESSAGE, data=reply(Type.BARRIER_REPLY, fence))
        await asked
        assert set(channel.unwatch(watched)) == {watched[1]}
        assert channel.unwatch(watched) == {}

    play(tmp_path, scenario)


@pytest.mark.parametrize("farewell", ["bye", "end of file", "nonsense"])
def test_the_end_of_the_speaker_is_told(tmp_path: Path, farewell: str) -> None:
    async def scenario(channel: SpeakerChannel, speaker: FakeSpeaker, _: Watcher) -> None:
        if farewell == "bye":
            speaker.say(Kind.BYE, (0, 0))
        elif farewell == "nonsense":
            speaker.writer.write(b"\xff" * 64)
        speaker.writer.close()
        await asyncio.wait([channel._task])
        if farewell == "nonsense":
            assert channel._task.exception() is not None

    assert play(tmp_path, scenario)


def test_transaction_ids_are_the_engines_and_begin_anywhere() -> None:
    one, two = SpeakerChannel(lambda: None), SpeakerChannel(lambda: None)
    ids = one.xids(1000)
    assert len(set(ids)) == 1000
    assert all(ENGINE_XID <= xid < 1 << 32 for xid in ids)
    assert one.xid() != two.xid()  # or once in two thousand million runs


@given(st.lists(st.integers(1, 40_000), max_size=40))
def test_chunks_keep_every_byte_in_order_and_cut_between_messages(sizes: list[int]) -> None:
    messages = [bytes([n % 256]) * size for n, size in enumerate(sizes)]
    cut = list(chunks(messages))
    found = [chunk for chunk, _ in cut]
    assert [more for _, more in cut] == [True] * (len(cut) - 1) + [False] * bool(cut)
    assert b"".join(found) == b"".join(messages)
    assert all(0 < len(chunk) <= CHUNK for chunk in found)
    ends = {sum(sizes[:n]) for n in range(len(sizes) + 1)}
    lengths = chain([0], map(len, found))
    position = 0
    for length in lengths:
        position += length
        assert position in ends
