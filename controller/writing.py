"""Writes in turn: those that wait are planned one after the other and stored by one commit.

A lone write is planned and stored at once. While a commit is under way others gather, and the
next commit takes them together: each is a revision of its own, the durable commit is shared.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from controller.errors import Conflict, UnknownOutcome
from controller.model.network import Network
from controller.needs import History, Revision
from controller.northbound.ports import Draft, Write

MOST_TOGETHER: Final = 100
"""How many writes share a commit at most, so that the first of them does not wait for too many."""

PATIENCE_S: Final = 20.0
"""How long a write that names no revision is planned again, where other controllers are first.

Reading what they stored takes longer than their next commit, so the one that is behind stays so
until they pause: counted in attempts, its writes would be given up while the others' go through.
"""


@dataclass(frozen=True, slots=True)
class Stored:
    """A write that is durable: what it made, in which revision, and since which network."""

    draft: Draft
    revision: int
    serial: int


@dataclass(slots=True)
class _Turn:
    """A write that waits, and what became of its plan."""

    write: Write
    answer: asyncio.Future[Stored]
    until_s: float
    revision: int = 0
    planned: Draft | Exception | None = None

    def fail(self, error: Exception) -> None:
        if not self.answer.done():
            self.answer.set_exception(error)


class Writing:
    """The queue before the store."""

    def __init__(
        self,
        history: History,
        newest: Callable[[], tuple[Revision, Network]],
        adopt: Callable[[Sequence[tuple[Revision, Draft]]], int],
        catch_up: Callable[[], Awaitable[None]],
        foresee: Callable[[Network, int], None],
    ) -> None:
        self._history = history
        self._newest = newest
        self._adopt = adopt
        self._catch_up = catch_up
        self._foresee = foresee
        self._waiting: list[_Turn] = []
        self._work: asyncio.Task[None] | None = None

    async def store(self, write: Write) -> Stored:
        """Plan and store a write. Raises what its plan raises, Conflict, and UnknownOutcome."""
        loop = asyncio.get_running_loop()
        turn = _Turn(write, loop.create_future(), loop.time() + PATIENCE_S)
        self._waiting.append(turn)
        if self._work is None or self._work.done():
            self._work = loop.create_task(self._all())
        return await turn.answer

    async def close(self) -> None:
        """Take no more turns."""
        if self._work is not None:
            self._work.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._work

    async def _all(self) -> None:
        while self._waiting:
            turns, self._waiting = self._waiting[:MOST_TOGETHER], self._waiting[MOST_TOGETHER:]
            try:
                await self._take(turns)
            except Exception as error:  # whatever it is, the next ones have their turn
                for turn in turns:
                    turn.fail(error)

    async def _take(self, turns: Sequence[_Turn]) -> None:
        """Plan writes on the newest revision, each on the one before, and store them together."""
        revision, network = self._newest()
        if len(turns) == 1 and turns[0].write.is_brief:
            _plan(turns, revision, network)  # a thread would take longer to begin
        else:
            await asyncio.to_thread(_plan, turns, revision, network)
        drafts = [turn.planned for turn in turns if isinstance(turn.planned, Draft)]
        new = [draft for draft in drafts if draft.changes_something]
        try:
            made = await self._commit(new, revision, network) if new else ()
        except Conflict as error:
            await self._catch_up()
            self._again(turns, error)
        except UnknownOutcome:
            await self._catch_up()
            raise
        else:
            serial = self._adopt(list(zip(made, new, strict=True)))
            for turn in turns:
                _answer(turn, serial)

    async def _commit(
        self, new: Sequence[Draft], revision: Revision, network: Network
    ) -> Sequence[Revision]:
        """Store drafts; what they come to is worked out once the store has been asked."""
        last = replace(network, intent=new[-1].intent)
        soon = asyncio.get_running_loop().call_soon
        ahead = soon(self._foresee, last, revision.number + len(new))
        try:
            return await self._history.commit(new, expected=revision.number)
        finally:
            ahead.cancel()

    def _again(self, turns: Sequence[_Turn], error: Conflict) -> None:
        """Another controller was first: what names no revision is planned again, at the front."""
        again = []
        now_s = asyncio.get_running_loop().time()
        for turn in turns:
            if isinstance(turn.planned, Exception):
                turn.fail(turn.planned)
            elif turn.write.expected is not None or turn.until_s <= now_s:
                turn.fail(error)
            else:
                again.append(turn)
        self._waiting[:0] = again


def _plan(turns: Sequence[_Turn], revision: Revision, network: Network) -> None:
    number, origins = revision.number, revision.origins
    for turn in turns:
        if turn.write.expected not in (None, number):
            turn.planned = Conflict(
                f"made against revision {turn.write.expected}, but {number} is the newest;"
                " read it again and repeat the change"
            )
            continue
        try:
            draft = turn.write.plan(network, origins)
        except Exception as error:  # the answer to this one, and nobody else's
            turn.planned = error
            continue
        if draft.changes_something:
            number, origins = number + 1, draft.origins
            network = replace(network, intent=draft.intent)
        turn.planned, turn.revision = draft, number


def _answer(turn: _Turn, serial: int) -> None:
    if isinstance(turn.planned, Draft) and not turn.answer.done():
        turn.answer.set_result(Stored(turn.planned, turn.revision, serial))
    elif isinstance(turn.planned, Exception):
        turn.fail(turn.planned)
