"""Whatever is committed, folded, cut short and killed: every kept revision reads as it was made."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.errors import Conflict, NotFound
from controller.history import StoredHistory
from controller.model.intent import Intent
from controller.northbound.planning import objects_changed
from controller.northbound.ports import Draft, Note
from controller.store.channel import Channel
from controller.store.folding import fold
from controller.store.revisions import NewRevision, Store
from controller.store.rows import document_of, put_on, select
from controller.store.server import StoreServer, holder_of
from tests.strategies import intents

_NOTED = 10_000
_KEPT = 5

_DIFFERENCES = st.dictionaries(
    st.sampled_from([f"rules/{name}" for name in "abcdefg\u00e9"]),
    st.none() | st.integers() | st.lists(st.text(max_size=3), max_size=2),
    max_size=4,
)
_STEPS = st.lists(
    st.lists(_DIFFERENCES, min_size=1, max_size=4)
    | st.integers(1, 6)  # so many pieces of a fold, and no more
    | st.sampled_from(["another controller", "killed"]),
    max_size=12,
)


class Play:
    """A store on a server of its own, and what it should hold."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "state.db"
        self.server = StoreServer(self.file, folder / "run")
        self.made: list[Mapping[str, Any]] = [{}]
        self.store: Store

    async def play(self, steps: list[Any]) -> None:
        """Take every step, and look at everything after each."""
        self.server.start()
        self.store = Store([self.server.remote], kept=_KEPT)
        for step in steps:
            await self._take(step)
            await self._check()
        await self.store.close()

    async def _take(self, step: Any) -> None:
        if isinstance(step, list):
            await self._commit(step)
        elif isinstance(step, int):
            channel = Channel([self.server.remote])
            with suppress(Conflict):  # the store's own fold may be under way
                if len(self.made) > 1:
                    folding = fold(channel, _KEPT, _NOTED, piece=2)
                    for _, _ in zip(range(step), folding, strict=False):
                        pass
            channel.close()
        else:
            await self.store.close()
            if step == "killed":
                pid = holder_of(self.file)
                assert pid is not None
                os.kill(pid, signal.SIGKILL)
                self.server.stop()
                self.server.start()
            self.store = Store([self.server.remote], kept=_KEPT)

    async def _commit(self, differences: list[Mapping[str, Any]]) -> None:
        expected = len(self.made) - 1
        for difference in differences:
            document = dict(self.made[-1])
            put_on(document, difference)
            self.made.append(document)
        new = [NewRevision(difference, "ann", "é") for difference in differences]
        heads = await self.store.commit_all(new, expected=expected)
        assert [head.number for head in heads] == [*range(expected + 1, len(self.made))]

    async def _check(self) -> None:
        newest = len(self.made) - 1
        latest = await self.store.latest()
        assert (latest.document if latest else {}) == self.made[-1]
        kept = [*range(max(1, newest - _KEPT + 1), newest + 1)]
        assert [head.number for head in await self.store.heads(99)] == [*range(newest, 0, -1)]
        assert [head.number for head in await self.store.heads(2)] == [*range(newest, 0, -1)][:2]
        for number in kept:
            assert (await self.store.get(number)).document == self.made[number]
        for number in {0, kept[0] - 1, newest + 1} if kept else {0, 1}:
            with pytest.raises(NotFound):
                await self.store.get(number)


@given(steps=_STEPS)
def test_every_revision_reads_as_it_was_made(
    tmp_path_factory: pytest.TempPathFactory, steps: list[Any]
) -> None:
    with _played(tmp_path_factory) as play:
        asyncio.run(play.play(steps))


@contextmanager
def _played(folders: pytest.TempPathFactory) -> Iterator[Play]:
    play = Play(folders.mktemp("store"))
    try:
        yield play
    finally:
        play.server.stop()


@given(made=st.lists(intents(), min_size=1, max_size=5), group=st.integers(1, 3))
def test_every_intent_reads_as_it_was_made(
    tmp_path_factory: pytest.TempPathFactory, made: list[Intent], group: int
) -> None:
    async def scenario(remote: str) -> None:
        history = StoredHistory(Store([remote]))
        drafts = [
            _draft(before, intent, line)
            for line, (before, intent) in enumerate(zip([Intent(), *made], made, strict=False))
        ]
        for first in range(0, len(made), group):
            if first % 2:
                history = StoredHistory(Store([remote]))
                await history.latest()
            await history.commit(drafts[first : first + group], expected=first)
        again = StoredHistory(Store([remote]))
        for number, draft in enumerate(drafts, 1):
            assert await again.intent_at(number) == draft.intent
        latest = await again.latest()
        assert latest is not None
        assert (latest.number, latest.origins) == (len(made), drafts[-1].origins)

    with _played(tmp_path_factory) as play:
        play.server.start()
        asyncio.run(scenario(play.server.remote))


def _draft(before: Intent, intent: Intent, line: int) -> Draft:
    """A draft in which every other rule is in a file, at another line each time."""
    origins = {f"rules/{name}": ("a.yaml", line) for name in list(intent.rules)[line % 2 :: 2]}
    return Draft(intent, origins, Note("ann", "m", objects_changed(before, intent)))


def test_what_is_stored_does_not_grow(server: StoreServer) -> None:
    async def scenario() -> None:
        store = Store([server.remote], kept=20, noted=40)
        for number in range(100):
            content = {"rules/a": number, f"rules/{number % 3}": number}
            new = NewRevision(content, "ann", "m", key=f"key-{number}")
            await store.commit(new, expected=number)
        noted = await store.heads(1000)
        assert noted[0].number == 100
        assert len(noted) == 40
        # A write that is sent again is known for as long as its note is.
        assert await store.with_key("key-62") == noted[100 - 63]
        assert await store.with_key("key-9") is None
        with pytest.raises(NotFound, match="the last 20 hold is kept"):
            await store.get(63)
        assert 40 <= len(_rows(server, "Revision")) <= 40 + 20 + 20  # though no moment was quiet
        await _until_folded(server, 80)  # a quiet moment
        assert len(_rows(server, "Revision")) == 40
        await store.close()

    asyncio.run(scenario())
    assert len(_rows(server, "Object")) == 4


def test_nothing_is_folded_once_a_store_is_closed(server: StoreServer) -> None:
    async def scenario() -> None:
        store = Store([server.remote], kept=1)
        for number in range(5):
            await store.commit(NewRevision({"rules/a": number}, "ann", "m"), expected=number)
        last = asyncio.create_task(
            store.commit(NewRevision({"rules/a": 5}, "ann", "m"), expected=5)
        )
        await asyncio.sleep(0)  # it has begun
        await store.close()
        await last
        before = asyncio.all_tasks()
        await asyncio.sleep(0)
        assert asyncio.all_tasks() == before == {asyncio.current_task()}

    asyncio.run(scenario())


def test_who_opens_a_store_knows_what_is_folded(server: StoreServer) -> None:
    async def scenario() -> None:
        store = Store([server.remote], kept=2)
        for number in range(10):
            await store.commit(NewRevision({"rules/a": number}, "ann", "m"), expected=number)
        await _until_folded(server, 8)
        await store.close()
        again = Store([server.remote], kept=2)
        await again.latest()
        await again.commit(NewRevision({"rules/a": 10}, "ann", "m"), expected=10)
        for _ in range(5):  # behind whatever is due by now: the store does one thing at a time
            await again.heads(1)
        assert _rows(server, "Head") == [{"base": 8}], "that waits for a quiet moment"
        await _until_folded(server, 9)
        await again.close()

    asyncio.run(scenario())


def _rows(server: StoreServer, table: str) -> list[Any]:
    columns = {"Object": ["key"], "Revision": ["number"], "Head": ["base"]}[table]
    with contextlib.closing(Channel([server.remote])) as channel:
        return list(channel.transact(select(table, columns))[0]["rows"])


async def _until_folded(server: StoreServer, base: int) -> None:
    """Done in a quiet moment; none tells when."""
    async with asyncio.timeout(20):
        while _rows(server, "Head") != [{"base": base}]:
            await asyncio.sleep(0.02)


def test_pieces_of_a_fold_are_all_of_it(server: StoreServer) -> None:
    channel = Channel([server.remote])
    _commit_all(server, [{}, {f"rules/{n}": n for n in range(7)}, {}])
    assert [*fold(channel, 1, 1, piece=3)] == [1, 1, 1, 2]
    objects = channel.transact(select("Object", ["key", "value"]))[0]["rows"]
    assert document_of(objects) == {f"rules/{n}": n for n in range(7)}


def test_a_fold_that_was_overtaken_changes_nothing_any_more(server: StoreServer) -> None:
    """What it would put is older than what another controller has made the base."""
    channel = Channel([server.remote])
    _commit_all(server, [{}, {"rules/a": 1, "rules/b": 1, "rules/c": 1}, {}])
    slow = fold(channel, 1, 1, piece=1)
    next(slow)
    _commit_all(server, [{"rules/b": 2}, {"rules/b": 3}], after=3)
    for _ in fold(channel, 1, 1):
        pass
    with pytest.raises(Conflict):
        next(slow)
    objects = channel.transact(select("Object", ["key", "value"]))[0]["rows"]
    assert document_of(objects) == {"rules/a": 1, "rules/b": 2, "rules/c": 1}


def _commit_all(server: StoreServer, made: Sequence[Mapping[str, Any]], after: int = 0) -> None:
    async def scenario() -> None:
        store = Store([server.remote])
        await store.commit_all([NewRevision(one, "ann", "m") for one in made], expected=after)
        await store.close()

    asyncio.run(scenario())
