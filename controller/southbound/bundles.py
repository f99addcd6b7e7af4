"""Atomic bundles: filled with members, and committed once a switch has refused none of them.

An error about a bundle's member does not fail Open vSwitch's commit, so errors are counted behind
a barrier before the commit is sent; if there was one, the bundle is discarded. No message opens a
bundle: in Open vSwitch its first member does (``ofp_bundle_add_message`` in ofproto/bundles.c), and
each answer wakes who waits for it on a processor that the switch needs.
"""

from __future__ import annotations

import contextlib
import itertools
import secrets
import struct
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from controller.dataplane.pipeline import SHAPES, Table
from controller.dataplane.shapes import Entry, Row
from controller.dataplane.text import format_entry
from controller.errors import RemoteError
from controller.reconcile.events import SendBundle
from controller.southbound.channel import Refused, Session, SpeakerChannel
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
)

# Begun anywhere: an engine that died may have left a bundle open, for 10 s at most.
_BUNDLE_IDS: Final = itertools.count(secrets.randbits(31))

_AT_ONCE: Final = 64
"""Rows that are encoded at once: some 0.1 ms."""

_FENCED: Final = 1024
"""Members behind which a switch is asked to answer: a slow one is no silent one."""

_COMMIT_S: Final = 0.5
"""How long so many of them may take to commit: a hundred times what they take Open vSwitch."""

_OPEN_S: Final = 5.0
"""How long a filled bundle is counted on: half of what Open vSwitch keeps one that is idle."""


@dataclass(frozen=True, slots=True)
class Filled:
    """A bundle that a switch has all members of, none refused."""

    effect: SendBundle
    session: Session
    number: int
    xids: range
    at_s: float = field(default_factory=time.monotonic)

    def is_of(self, effect: SendBundle, session: Session) -> bool:
        """Whether it is what shall be sent, and still open."""
        return self.was_of(effect, session) and time.monotonic() - self.at_s < _OPEN_S

    def was_of(self, effect: SendBundle, session: Session) -> bool:
        """Whether it is what shall be sent, if it is still open."""
        return self.session == session and self.effect.members == effect.members


class _Filling:
    """A bundle that is being filled: its number, and the transaction ids of its members."""

    def __init__(self, effect: SendBundle, channel: SpeakerChannel) -> None:
        self.effect = effect
        self.number = next(_BUNDLE_IDS) & 0xFFFFFFFF
        self._channel = channel
        self.xids = channel.xids(effect.size)

    def messages(self, encoder: Encoder) -> Iterator[bytes]:
        """What fills it. Errors about these messages are kept from now on."""
        self._channel.watch(self.xids)
        return self._members(encoder)

    def _members(self, encoder: Encoder) -> Iterator[bytes]:
        """The members, a few together: what is made at once holds the loop."""
        rest, effect = iter(self.xids), self.effect
        for cookie in effect.purge:
            yield bundle_add(self.number, delete_cookie(cookie, next(rest)))
        for rows, command in ((effect.remove, DELETE_STRICT), (effect.add, ADD)):
            for first in range(0, len(rows), _AT_ONCE):
                some = rows[first : first + _AT_ONCE]
                try:
                    bodies = encoder.bodies(some, command)
                    yield bundled(self.number, itertools.islice(rest, len(bodies)), bodies)
                except struct.error as error:
                    raise RemoteError(_unwritable(some, command)) from error
                if not (first + _AT_ONCE) % _FENCED:
                    yield barrier(self._channel.xid())

    def refusals(self) -> Mapping[int, Failure]:
        """Errors about its members, by transaction id; nothing more is kept."""
        return self._channel.unwatch(self.xids)


class Bundles:
    """Bundles over a channel, each answered within ``timeout_s`` or so."""

    def __init__(self, channel: SpeakerChannel, meters: Meters, timeout_s: float) -> None:
        self._channel = channel
        self._meters = meters
        self._timeout_s = timeout_s
        self._encoder = Encoder()

    async def fill(
        self, session: Session, effect: SendBundle, ahead: SendBundle | None = None
    ) -> tuple[Filled, Filled | None]:
        """A bundle with all members in it, and the one ``ahead`` in the same turn of the switch.

        Where that one is refused it is none: it is filled again when its time has come, and then
        that counts. Raises RemoteError or UnknownOutcome.
        """
        wanted = (effect,) if ahead is None else (effect, ahead)
        fillings = [_Filling(one, self._channel) for one in wanted]
        fence = self._channel.xid()
        messages = itertools.chain(
            self._meters.missing(session),
            *(filling.messages(self._encoder) for filling in fillings),
            [barrier(fence)],
        )
        try:
            await self._channel.request(session, messages, fence, self._timeout_s)
        finally:
            refused = [filling.refusals() for filling in fillings]
        fine = [not some and not refused[0] for some in refused]
        for filling, is_fine in zip(fillings, fine, strict=True):
            if not is_fine:
                with contextlib.suppress(RemoteError):  # of none of its members there is none
                    await self._control(session, filling.number, BundleControl.DISCARD_REQUEST)
        if refused[0]:
            self._meters.forget(session)
            raise RemoteError(_refusal(effect, fillings[0].xids, refused[0]))
        filled = [
            Filled(filling.effect, session, filling.number, filling.xids) if is_fine else None
            for filling, is_fine in zip(fillings, fine, strict=True)
        ]
        assert filled[0] is not None, "of a bundle with refusals more was said above"
        return filled[0], filled[-1] if ahead is not None else None

    async def commit(self, filled: Filled) -> None:
        """Commit: what may fail only now is said of the member first, then of the commit."""
        self._channel.watch(filled.xids)
        try:
            longest_s = self._timeout_s + _COMMIT_S * (len(filled.xids) // _FENCED)
            commit = BundleControl.COMMIT_REQUEST
            await self._control(filled.session, filled.number, commit, longest_s)
        except RemoteError as error:
            errors = self._channel.unwatch(filled.xids)
            raise RemoteError(
                _refusal(filled.effect, filled.xids, errors) if errors else str(error)
            ) from error
        finally:
            self._channel.unwatch(filled.xids)

    async def _control(
        self, session: Session, bundle: int, kind: BundleControl, timeout_s: float | None = None
    ) -> None:
        xid = self._channel.xid()
        message = bundle_control(xid, bundle, kind)
        try:
            await self._channel.request(session, [message], xid, timeout_s or self._timeout_s)
        except Refused as error:
            raise RemoteError(f"bundle {kind.name.lower()}: {error}") from error


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
