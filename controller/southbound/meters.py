"""The meters of a session: what a switch must have before entries may speak of them.

A meter is no member of a bundle, and a switch that has begun anew has none. One that is there
already is told its rate again, which a newer controller may have changed. Open vSwitch takes
entries that hand packets up through a meter it does not have, and then hands all of them up: so
meters are told anew with every look at the whole of a switch, not only before such entries.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final, NamedTuple

from controller.dataplane.pipeline import Meter
from controller.southbound.openflow.punts import MeterCommand, meter_mod


class Rate(NamedTuple):
    """How many packets pass in a second, and how many at once."""

    packets_s: int
    burst: int


RATES: Final = {
    Meter.DENIED: Rate(20, 50),  # samples for people: 100 switches are 2,000 a second
    Meter.DHCP: Rate(500, 2000),  # all instances of a host at once, two packets each
}


class Meters:
    """Which sessions have their meters."""

    def __init__(self, xid: Callable[[], int]) -> None:
        self._xid = xid
        self._sessions: dict[int, int] = {}

    def missing(self, session: tuple[int, int]) -> Iterator[bytes]:
        """The messages that a session has not been sent. Errors about the first of two are fine."""
        datapath_id, number = session
        if self._sessions.get(datapath_id) == number:
            return
        self._sessions[datapath_id] = number
        for meter, rate in RATES.items():
            for command in MeterCommand:
                yield meter_mod(
                    *(self._xid(), command, meter), rate_pps=rate.packets_s, burst=rate.burst
                )

    def anew(self, session: tuple[int, int]) -> Iterator[bytes]:
        """All messages: somebody may have taken meters away, and entries do not show it."""
        self.forget(session)
        return self.missing(session)

    def forget(self, session: tuple[int, int]) -> None:
        """Somebody may have taken them away: send them again."""
        self._sessions.pop(session[0], None)
