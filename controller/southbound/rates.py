"""How fast a port sends, told by a counter of bytes that Open vSwitch writes down now and then."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

_SLACK: Final = 0.5
"""How much sooner or later than its interval, as a part of it, a counter may come."""


@dataclass(frozen=True, slots=True)
class Counted:
    """A counter as it came. ``rate_bps``: since the one before, None for the first of all."""

    sent_bytes: int
    at_s: float
    rate_bps: int | None = None


def counted(before: Counted | None, sent_bytes: int, at_s: float, interval_s: float) -> Counted:
    """The next counter. One that has not moved is not written again, so what came after a silence
    was sent in the last interval; when the first was written nobody knows. One that went back was
    begun anew."""
    if before is None or sent_bytes < before.sent_bytes:
        return Counted(sent_bytes, at_s)
    passed_s = at_s - before.at_s
    if before.rate_bps is None or abs(passed_s - interval_s) > _SLACK * interval_s:
        passed_s = interval_s
    return Counted(sent_bytes, at_s, round((sent_bytes - before.sent_bytes) * 8 / passed_s))


def rate_bps(last: Counted | None, now_s: float, interval_s: float) -> int | None:
    """How fast a port sends now, None while it is not known."""
    if last is None:
        return None
    silent = now_s - last.at_s > (1 + _SLACK) * interval_s
    return 0 if silent else last.rate_bps
