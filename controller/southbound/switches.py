"""Carries out what the loop asks of switches: atomic bundles, and reading back.

An error about a bundle's member does not fail Open vSwitch's commit, so errors are counted behind
a barrier before the commit is sent; if there was one, the bundle is discarded.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import logging
import secrets
import struct
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final

from controller.dataplane.permission import Permission
from controller.dataplane.pipeline import SHAPES, Table
from controller.dataplane.shapes import Entry, Row
from controller.dataplane.text import format_entry
from controller.errors import RemoteError, UnknownOutcome
from controller.reconcile.events import (
    BundleDone,
    BundleFailed,
    ReadBack,
    ReadBackDone,
    ReadBackFailed,
    SendBundle,
)
from controller.southbound.channel import Refused, SpeakerChannel
from controller.southbound.flush import Flusher
from controller.southbound.meters import Meters
from controller.southbound.openflow.encode import ADD, DELETE_STRICT, delete_cookie
from controller.southbound.openflow.members import Encoder, bundled, packed
from controller.southbound.openflow.messages import (
    TABLE_FULL,
    BundleControl,
    Failure,
    barrier,
    bundle_add,
    bundle_control,
    describe,
    flow_stats_request,
)
from controller.southbound.openflow.reading import StatsReader
from controller.southbound.read_back import Holding

log = logging.getLogger("controller.southbound.switches")

# Begun anywhere: an engine that died may have left a bundle open, for 10 s at most.
_BUNDLE_IDS: Final = itertools.count(secrets.randbits(31))

_AT_ONCE: Final = 64
"""Rows that are encoded at once: some 0.1 ms."""

_FENCED: Final = 1024
"""Members behind which a switch is asked to answer: a slow one is no silent one."""

_COMMIT_S: Final = 0.5
"""How long so many of them may take to commit: a hundred times what they take Open vSwitch."""

_WHOLE_COOKIE: Final = (1 << 64) - 1
_NOT_FLUSHED: Final = "committed, but established connections were not flushed"


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
        self._encoder = Encoder()
        self._reader = StatsReader()
        self.on_passed: Callable[[str, Mapping[Permission, int], frozenset[int]], None] = _ignored

    async def send_bundle(self, effect: SendBundle) -> BundleDone | BundleFailed:
        """Change a switch in one atomic bundle, or not at all; then flush what it cuts."""
        try:
            await self._carry_out((self._datapath_id(effect.switch), effect.session), effect)
        except RemoteError as error:
            return BundleFailed(effect.switch, effect.session, str(error), known=True)
        except UnknownOutcome as error:
            return BundleFailed(effect.switch, effect.session, str(error), known=False)
        except Exception as error:  # at fault is what is here: say so, and let others go on
            reason = _unforeseen(effect.switch, "a bundle was not carried out", error)
            return BundleFailed(effect.switch, effect.session, reason, known=False)
        return BundleDone(effect.switch, effect.session)

    async def read_back(self, effect: ReadBack) -> ReadBackDone | ReadBackFailed:
        """What a switch holds: all of it, or the entries of some cookies."""
        try:
            return await self._read_all((self._datapath_id(effect.switch), effect.session), effect)
        except (RemoteError, UnknownOutcome) as error:
            return ReadBackFailed(effect.switch, effect.session, f"read-back: {error}")
        except Exception as error:  # as above: without an outcome all would wait for it
            reason = _unforeseen(effect.switch, "an answer was not read", error)
            return ReadBackFailed(effect.switch, effect.session, f"read-back: {reason}")

    async def _read_all(self, session: tuple[int, int], effect: ReadBack) -> ReadBackDone:
        asked = [(cookie, _WHOLE_COOKIE) for cookie in effect.cookies] or [(0, 0)]
        holding = Holding(effect)
        answers = (self._read(session, cookie, mask, holding) for cookie, mask in asked)
        await asyncio.gather(*answers)
        self.on_passed(effect.switch, holding.passed, effect.cookies)
        return holding.done()

    async def _read(
        self, session: tuple[int, int], cookie: int, mask: int, holding: Holding
    ) -> None:
        """Decode and compare an answer as its parts come, in slices that take turns."""
        meters = [] if mask else self._meters.anew(session)
        xid = self._channel.xid()
        question = [*meters, flow_stats_request(xid, cookie, mask)]
        request = self._channel.parts(session, question, xid, self._timeout_s)
        async with contextlib.aclosing(request) as parts:
            async for part in parts:
                found = self._reader.read(part, holding.passed)
                more = holding.take_some(found)  # a short answer waits for nobody's turn
                while more:
                    async with self._channel.turns:
                        more = holding.take_some(found)

    async def _carry_out(self, session: tuple[int, int], effect: SendBundle) -> None:
        """Commit and flush at once: an engine that is killed has asked for both or for neither."""
        commit = []
        if effect.add or effect.remove or effect.purge:
            bundle, xids = await self._fill(session, effect)
            commit = [self._commit(session, effect, bundle, xids)]
        flush = self._flusher.flush(session, effect.cuts)
        *committed, flushed = await asyncio.gather(*commit, flush, return_exceptions=True)
        for error in filter(None, committed):
            raise error
        if isinstance(flushed, RemoteError | UnknownOutcome):
            raise UnknownOutcome(f"{_NOT_FLUSHED}: {flushed}") from flushed
        if flushed is not None:
            raise flushed

    async def _fill(self, session: tuple[int, int], effect: SendBundle) -> tuple[int, range]:
        """A bundle with all members in it, none refused: its number, and the members' xids."""
        bundle = next(_BUNDLE_IDS) & 0xFFFFFFFF
        opening = self._channel.xid()
        xids = self._channel.xids(len(effect.purge) + len(effect.remove) + len(effect.add))
        fence = self._channel.xid()
        beginning = range(opening, opening + 1)
        self._channel.watch(beginning)
        self._channel.watch(xids)
        messages = itertools.chain(
            self._meters.missing(session),
            [bundle_control(opening, bundle, BundleControl.OPEN_REQUEST)],
            self._members(bundle, effect, xids),
            [barrier(fence)],
        )
        try:
            await self._channel.request(session, messages, fence, self._timeout_s)
        finally:
            refused = self._channel.unwatch(beginning)
            errors = self._channel.unwatch(xids)
        for error in refused.values():
            raise RemoteError(f"bundle open_request: {describe(error)}")
        if errors:
            self._meters.forget(session)
            discard = BundleControl.DISCARD_REQUEST
            await self._control(session, bundle, discard, self._timeout_s)
            raise RemoteError(_refusal(effect, xids, errors))
        return bundle, xids

    def _members(self, bundle: int, effect: SendBundle, xids: range) -> Iterator[bytes]:
        """The members, a few together: what is made at once holds the loop."""
        rest = iter(xids)
        for cookie in effect.purge:
            yield bundle_add(bundle, delete_cookie(cookie, next(rest)))
        for rows, command in ((effect.remove, DELETE_STRICT), (effect.add, ADD)):
            for first in range(0, len(rows), _AT_ONCE):
                some = rows[first : first + _AT_ONCE]
                try:
                    bodies = self._encoder.bodies(some, command)
                    yield bundled(bundle, itertools.islice(rest, len(bodies)), bodies)
                except struct.error as error:
                    raise RemoteError(_unwritable(some, command)) from error
                if not (first + _AT_ONCE) % _FENCED:
                    yield barrier(self._channel.xid())

    async def _commit(
        self, session: tuple[int, int], effect: SendBundle, bundle: int, xids: range
    ) -> None:
        """Commit: what may fail only now is said of the member first, then of the commit."""
        self._channel.watch(xids)
        try:
            longest_s = self._timeout_s + _COMMIT_S * (len(xids) // _FENCED)
            await self._control(session, bundle, BundleControl.COMMIT_REQUEST, longest_s)
        except RemoteError as error:
            errors = self._channel.unwatch(xids)
            raise RemoteError(_refusal(effect, xids, errors) if errors else str(error)) from error
        finally:
            self._channel.unwatch(xids)

    async def _control(
        self, session: tuple[int, int], bundle: int, kind: BundleControl, timeout_s: float
    ) -> None:
        xid = self._channel.xid()
        message = bundle_control(xid, bundle, kind)
        try:
            await self._channel.request(session, [message], xid, timeout_s)
        except Refused as error:
            raise RemoteError(f"bundle {kind.name.lower()}: {error}") from error


def _unforeseen(switch: str, what: str, error: Exception) -> str:
    """Log an error that nobody foresaw; what to tell of it."""
    log.exception("%s: %s", switch, what)
    return f"{what}: {error!r}; see the log"


def _unwritable(rows: Sequence[Row], command: int) -> str:
    """Which of some rows no message can say, and why."""
    for row in rows:
        try:
            bundled(0, [0], packed([row], command))
        except struct.error as error:
            return f"no message holds entry {row.shape}, cookie {row.cookie:#x}: {error}"
    return "no message holds some entries"


def _refusal(effect: SendBundle, xids: range, errors: Mapping[int, Failure]) -> str:
    """Which entry a switch refused and why, and what to do where the table is full."""
    xid, reason = next(iter(errors.items()))
    more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
    thing = _member(effect, xids.index(xid))
    if not isinstance(thing, Entry):
        return f"{describe(reason)}{more}: {thing}"
    text = f"{describe(reason)}{more}: {format_entry(thing, names=True)}"
    if (reason.type, reason.code) != TABLE_FULL:
        return text
    name = Table(thing.table).name.lower()
    return f"{text}; raise flow_limit of Flow_Table {thing.table} ({name}) or undo the change"


def _member(effect: SendBundle, index: int) -> Entry | str:
    """The entry or cookie that the member at an index was about."""
    things: list[str | Row] = [f"cookie {value:#x}" for value in effect.purge]
    things += [*effect.remove, *effect.add]
    thing = things[index]
    return thing if isinstance(thing, str) else SHAPES[thing.shape].entry(thing)
