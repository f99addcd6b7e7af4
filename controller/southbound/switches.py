"""Carries out what the loop asks of switches: atomic bundles, and reading back.

Each answer of a switch costs a turn of its loop, with thousands of ports milliseconds. So what the
loop will ask next (:class:`Ahead`) is asked in the same turn: the next bundle is filled together
with this one, or behind its commit where that makes more than a turn takes in, and what is to be
read back is asked for right behind the commit.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import Any, Final

from controller.dataplane.permission import Permission
from controller.errors import RemoteError, UnknownOutcome
from controller.reconcile.events import (
    BundleDone,
    BundleFailed,
    Prepare,
    ReadBack,
    ReadBackDone,
    ReadBackFailed,
    SendBundle,
)
from controller.southbound.bundles import Bundles, Filled
from controller.southbound.channel import Session, SpeakerChannel
from controller.southbound.flush import Flusher
from controller.southbound.meters import Meters
from controller.southbound.openflow.messages import flow_stats_request
from controller.southbound.openflow.reading import StatsReader
from controller.southbound.questions import Question, parts, questions
from controller.southbound.read_back import Holding

log = logging.getLogger("controller.southbound.switches")

MOST_IN_A_TURN: Final = 48
"""Members: Open vSwitch reads 50 messages of a connection in a turn (``ofconn_run``)."""

_NOT_FLUSHED: Final = "committed, but established connections were not flushed"


def _nobody() -> None:
    """Nobody wants to know."""


def _ignored(_switch: str, _passed: Mapping[Permission, int], _cookies: frozenset[int]) -> None:
    """Nobody asks what was let pass."""


class Switches:
    """Requests to switches by name, over a channel; ``datapath_id`` finds a switch's.

    ``on_passed`` is told what each read-back has found counted, and of which cookies; none: of all.
    """

    def __init__(
        self, channel: SpeakerChannel, datapath_id: Callable[[str], int], timeout_s: float
    ) -> None:
        self._channel = channel
        self._datapath_id = datapath_id
        self._timeout_s = timeout_s
        self._flusher = Flusher(channel, timeout_s)
        self._meters = Meters(channel.xid)
        self._bundles = Bundles(channel, self._meters, timeout_s)
        self._filled: dict[int, Filled] = {}
        self._filling: dict[int, _Filling] = {}
        self._reads: dict[int, _Reading] = {}
        self._reader = StatsReader()
        self._later: dict[Session, dict[Permission, int]] = {}  # by others, while an audit goes on
        self.on_passed: Callable[[str, Mapping[Permission, int], frozenset[int]], None] = _ignored

    async def send_bundle(
        self, effect: SendBundle, asked: Callable[[], None] = _nobody
    ) -> BundleDone | BundleFailed:
        """Change a switch in one atomic bundle, or not at all; then flush what it cuts.

        ``asked`` is called once the switch has been asked to commit.
        """
        try:
            session = self._datapath_id(effect.switch), effect.session
            await self._carry_out(session, effect, asked)
        except RemoteError as error:
            return BundleFailed(effect.switch, effect.session, str(error), known=True)
        except UnknownOutcome as error:
            return BundleFailed(effect.switch, effect.session, str(error), known=False)
        except Exception as error:  # at fault is what is here: say so, and let others go on
            reason = _unforeseen(effect.switch, "a bundle was not carried out", error)
            return BundleFailed(effect.switch, effect.session, reason, known=False)
        return BundleDone(effect.switch, effect.session)

    def prepare(self, effect: Prepare) -> None:
        """Fill a bundle that may be sent in a moment, once. What is wrong with it is said then."""
        bundle = effect.bundle
        session = self._datapath_id(bundle.switch), bundle.session
        filling = self._filling.get(session[0])
        if filling is not None:
            if filling.is_of(session, bundle):
                return
            filling.task.cancel()
        task = asyncio.get_running_loop().create_task(self._fill_anew(session, bundle))
        task.add_done_callback(_take_note)
        self._filling[session[0]] = _Filling(session, bundle, task)

    async def read_back(self, effect: ReadBack) -> ReadBackDone | ReadBackFailed:
        """What a switch holds: all of it, or the entries of some cookies."""
        try:
            session = self._datapath_id(effect.switch), effect.session
            early = None if effect.audit else self._reads.pop(session[0], None)
            if early is not None and early.is_of(session, effect.cookies):
                return replace(await early.task, asked=effect.asked)
            if early is not None:
                early.task.cancel()
            return await self._read_all(session, effect)
        except (RemoteError, UnknownOutcome) as error:
            return _failed(effect, str(error))
        except Exception as error:  # as above: without an outcome all would wait for it
            return _failed(effect, _unforeseen(effect.switch, "an answer was not read", error))

    async def _read_all(self, session: Session, effect: ReadBack) -> ReadBackDone:
        """Ask for all at once, of an audit one part after the other."""
        holding = Holding(effect)
        if effect.audit:
            await self._read_parts(session, effect, holding)
        else:
            first = () if effect.cookies else self._meters.anew(session)
            asked = questions(effect.cookies, effect.among)
            await self._read(session, effect, holding, asked, first)
            self._later.get(session, {}).update(holding.passed)
        self.on_passed(effect.switch, holding.passed, effect.cookies)
        return holding.done()

    async def _read_parts(self, session: Session, effect: ReadBack, holding: Holding) -> None:
        """What others have counted meanwhile is newer."""
        later = self._later[session] = {}
        first: Iterable[bytes] = self._meters.anew(session)
        try:
            for one in parts(effect.among):
                await self._read(session, effect, holding, (one,), first)
                first = ()
        finally:
            self._later.pop(session, None)  # an audit that was given up may end in the next one
        holding.passed.update(later)

    async def _read(
        self,
        session: Session,
        effect: ReadBack,
        holding: Holding,
        asked: Sequence[Question],
        first: Iterable[bytes],
    ) -> None:
        """Decode and compare answers as their parts come, in slices that take turns."""
        xids = self._channel.xids(len(asked))
        flows = (flow_stats_request(xid, *one) for xid, one in zip(xids, asked, strict=True))
        request = self._channel.parts(session, chain(first, flows), xids, self._timeout_s)
        async with contextlib.aclosing(request) as replies:
            async for reply in replies:
                found = self._reader.read(reply, holding.passed, effect.cookies)
                more = holding.take_some(found)  # a short answer waits for nobody's turn
                while more:
                    async with self._channel.turns:
                        more = holding.take_some(found)

    async def _carry_out(
        self, session: Session, effect: SendBundle, asked: Callable[[], None]
    ) -> None:
        """Commit and flush at once: an engine that is killed has asked for both or for neither."""
        commit = []
        if effect.add or effect.remove or effect.purge:
            if early := self._reads.pop(session[0], None):
                early.task.cancel()
            commit = [self._bundles.commit(await self._fill(session, effect))]
        flush = self._flusher.flush(session, effect.cuts)
        done = asyncio.gather(*commit, flush, return_exceptions=True)
        if cookies := effect.ahead.cookies:
            read = ReadBack(effect.switch, effect.session, 0, cookies, among=effect.ahead.among)
            self._read_early(session, read)
        following = _following(effect)
        if following is not None and not self._is_filled(session, following):
            self.prepare(Prepare(following))
        asyncio.get_running_loop().call_soon(asked)  # behind the tasks that ask, which are due
        *committed, flushed = await done
        for error in filter(None, committed):
            raise error
        if isinstance(flushed, RemoteError | UnknownOutcome):
            raise UnknownOutcome(f"{_NOT_FLUSHED}: {flushed}") from flushed
        if flushed is not None:
            raise flushed

    async def _fill(self, session: Session, effect: SendBundle) -> Filled:
        """The bundle of an effect, filled: just now, together with the one before, or prepared."""
        filling = self._filling.pop(session[0], None)
        if filling is not None and filling.is_of(session, effect):
            if (filled := await self._prepared(filling)) is not None:
                return filled
        elif filling is not None:
            filling.task.cancel()
        early = self._filled.pop(session[0], None)
        if early is not None and early.is_of(effect, session):
            return early
        return await self._fill_anew(session, effect)

    async def _prepared(self, filling: _Filling) -> Filled | None:
        """What was begun ahead of its time; None where it came to nothing, and is to be tried now.

        A switch that has said nothing for most of the time that it has is not asked once more.
        """
        since_s = time.monotonic()
        try:
            return await filling.task
        except RemoteError:
            return None
        except UnknownOutcome:
            if time.monotonic() - since_s > self._timeout_s / 2:
                raise
            return None

    def _is_filled(self, session: Session, effect: SendBundle) -> bool:
        early = self._filled.get(session[0])
        return early is not None and early.was_of(effect, session)

    async def _fill_anew(self, session: Session, effect: SendBundle) -> Filled:
        """Fill a bundle, and with it the one that follows where a turn takes in both."""
        following = _following(effect)
        if following is not None and effect.size + following.size > MOST_IN_A_TURN:
            following = None
        filled, ahead = await self._bundles.fill(session, effect, following)
        if ahead is not None:
            self._filled[session[0]] = ahead
        return filled

    def _read_early(self, session: Session, effect: ReadBack) -> None:
        """Ask right behind what is being sent; who is asked for it next takes the answer."""
        task = asyncio.get_running_loop().create_task(self._read_all(session, effect))
        task.add_done_callback(_take_note)
        self._reads[session[0]] = _Reading(session, effect.cookies, task)


@dataclass(frozen=True, slots=True)
class _Reading:
    """Entries that are being read back before the loop has asked for them."""

    session: Session
    cookies: frozenset[int]
    task: asyncio.Task[ReadBackDone]

    def is_of(self, session: Session, cookies: frozenset[int]) -> bool:
        """Whether it is what is asked for."""
        return (self.session, self.cookies) == (session, cookies)


@dataclass(frozen=True, slots=True)
class _Filling:
    """A bundle that is being filled before the loop has sent it."""

    session: Session
    effect: SendBundle
    task: asyncio.Task[Filled]

    def is_of(self, session: Session, effect: SendBundle) -> bool:
        """Whether it is what shall be sent, and neither has failed nor is too old."""
        if self.session != session or self.effect.members != effect.members:
            return False
        if not self.task.done():
            return True
        failed = self.task.cancelled() or self.task.exception() is not None
        return not failed and self.task.result().is_of(effect, session)


def _failed(effect: ReadBack, reason: str) -> ReadBackFailed:
    return ReadBackFailed(effect.switch, effect.session, f"read-back: {reason}", effect.audit)


def _following(effect: SendBundle) -> SendBundle | None:
    """The bundle that follows, as far as it is known."""
    add, remove = effect.ahead.add, effect.ahead.remove
    return SendBundle(effect.switch, effect.session, add, remove) if add or remove else None


def _take_note(task: asyncio.Task[Any]) -> None:
    """Of a failure nobody may ever ask; that is no fault."""
    if not task.cancelled():
        task.exception()


def _unforeseen(switch: str, what: str, error: Exception) -> str:
    """Log an error that nobody foresaw; what to tell of it."""
    log.exception("%s: %s", switch, what)
    return f"{what}: {error!r}; see the log"
