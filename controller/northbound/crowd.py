"""How many connections there may be at once, and how many of them one client's."""

from __future__ import annotations

from collections import Counter
from enum import Enum, auto
from typing import Final

from starlette.types import Receive, Scope, Send

from controller.northbound.access.limits import network_of
from controller.northbound.answers import refused
from controller.northbound.problems import problem

MOST: Final = 2000
OF_ONE_CLIENT: Final = 1000
"""By address: others find a place, however many connections one opens."""
TOLD_MOST: Final = 100
"""Connections beyond these that are told so; more are closed at once."""


class Room(Enum):
    """What there is for a connection."""

    PLACE = auto()
    WORD = auto()
    """It is told that there is no place."""
    NONE = auto()


class Crowd:
    """Counts connections by client."""

    def __init__(self) -> None:
        self._placed: Counter[str] = Counter()
        self._told = 0

    def enter(self, source: str) -> Room:
        """A connection from an address; what there is for it."""
        client = network_of(source)
        if self._placed.total() < MOST and self._placed[client] < OF_ONE_CLIENT:
            self._placed[client] += 1
            return Room.PLACE
        if self._told < TOLD_MOST:
            self._told += 1
            return Room.WORD
        return Room.NONE

    def leave(self, source: str, room: Room) -> None:
        """A connection that there was this for is gone."""
        match room:
            case Room.PLACE:
                client = network_of(source)
                self._placed[client] -= 1
                if not self._placed[client]:
                    del self._placed[client]
            case Room.WORD:
                self._told -= 1
            case Room.NONE:
                pass


async def no_place(scope: Scope, receive: Receive, send: Send) -> None:
    """Answers that there are too many connections."""
    detail = (
        f"there are {MOST} connections at once and {OF_ONE_CLIENT} of one address; use those that "
        "you have for several requests, or come again later"
    )
    headers = {"Retry-After": "1", "Connection": "close"}
    await refused(problem(503, "crowded", detail), headers)(scope, receive, send)
