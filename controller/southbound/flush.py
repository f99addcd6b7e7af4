"""Makes switches forget connections, in pieces small enough to be answered in time."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from itertools import chain
from typing import Final

from controller.diff.cut import Cut
from controller.errors import RemoteError
from controller.southbound.channel import SpeakerChannel
from controller.southbound.openflow.conntrack import flush, messages_of
from controller.southbound.openflow.messages import Failure, barrier, describe

log = logging.getLogger(__name__)

CHUNK: Final = 128
"""Cuts behind one barrier: for each the switch walks the connections that it knows."""

# Bad request: unknown message type, experimenter, experimenter type (OpenFlow 1.4.1, 7.5.4.2).
_UNKNOWN: Final = frozenset({(1, 1), (1, 3), (1, 4)})


class Flusher:
    """Flushes over a channel; knows which sessions can only flush whole zones."""

    def __init__(self, channel: SpeakerChannel, timeout_s: float) -> None:
        self._channel = channel
        self._timeout_s = timeout_s
        self._coarse: set[tuple[int, int]] = set()

    async def flush(self, session: tuple[int, int], cuts: Sequence[Cut]) -> None:
        """Make a switch forget what the cuts name. Raises RemoteError or UnknownOutcome."""
        if session in self._coarse:
            cuts = _zones(cuts)
        try:
            await self._all(session, cuts)
        except _Unknown as error:
            self._coarse.add(session)
            log.warning(
                "switch %016x cannot flush single connections, only whole zones: %s;"
                " Open vSwitch can since 3.1",
                *(session[0], error),
            )
            await self._all(session, _zones(cuts))

    async def _all(self, session: tuple[int, int], cuts: Sequence[Cut]) -> None:
        for first in range(0, len(cuts), CHUNK):
            await self._some(session, cuts[first : first + CHUNK])

    async def _some(self, session: tuple[int, int], cuts: Sequence[Cut]) -> None:
        xids = self._channel.xids(sum(map(messages_of, cuts)))
        some = iter(xids)
        self._channel.watch(xids)
        try:
            fence = self._channel.xid()
            flushes = chain.from_iterable(flush(cut, some) for cut in cuts)
            messages = chain(flushes, [barrier(fence)])
            await self._channel.request(session, messages, fence, self._timeout_s)
        finally:
            errors = self._channel.unwatch(xids)
        for error in errors.values():
            raise _refused(error, fine=not all(cut.whole for cut in cuts))


class _Unknown(RemoteError):
    """The switch does not know the message that flushes single connections."""


def _refused(error: Failure, *, fine: bool) -> RemoteError:
    if fine and (error.type, error.code) in _UNKNOWN:
        return _Unknown(describe(error))
    return RemoteError(describe(error))


def _zones(cuts: Sequence[Cut]) -> list[Cut]:
    named = {cut.zone for cut in cuts if cut.zone is not None}
    return [Cut(zone) for zone in sorted(named.union(*(cut.zones for cut in cuts)))]
