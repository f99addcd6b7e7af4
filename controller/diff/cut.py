"""Connections that a switch must forget because what permitted them was withdrawn."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Cut:
    """Connections opened from ``source`` to ``target`` in a conntrack zone, to be forgotten.

    Addresses are IPv4 as numbers, ``protocol`` is the IP protocol number and ``port`` the one the
    connection was opened to; None stands for any. All None but the zone: the zone as a whole.
    """

    zone: int
    source: int | None = None
    target: int | None = None
    protocol: int | None = None
    port: int | None = None

    @property
    def whole(self) -> bool:
        """Whether it is the zone as a whole."""
        return (self.source, self.target, self.protocol, self.port) == (None,) * 4
