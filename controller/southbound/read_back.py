"""What a switch holds, put together as the parts of its answer come."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from itertools import islice
from time import perf_counter
from typing import Final

from controller.dataplane.cookie import is_ours
from controller.dataplane.gather import Gathering
from controller.dataplane.pipeline import SHAPES
from controller.dataplane.shapes import Entry, Row
from controller.errors import RemoteError
from controller.reconcile.events import ReadBack, ReadBackDone
from controller.southbound.openflow.reading import Found, Passed

SLICE_S: Final = 0.0002
"""How long entries are read at once. With four times that, the p99 of other switches' barriers was
20 ms and more."""

_AT_ONCE: Final = 8
"""Entries between two looks at the clock: some 0.03 ms, and 0.5 ms where no layout is known."""


class Holding:
    """The rows, and what is none, of one switch's answer. ``passed``: packets let pass by rules."""

    def __init__(self, asked: ReadBack) -> None:
        self._asked = asked
        self._rows = Gathering(asked.expected, at_once=not asked.audit)
        self._strays: list[Entry] = []
        self._unreadable: set[int] = set()
        self.passed: Passed = defaultdict(int)

    def take_some(self, found: Iterator[Found]) -> bool:
        """Take a slice of what was found; whether there may be more. Raises RemoteError."""
        until_s = perf_counter() + SLICE_S
        while some := list(islice(found, _AT_ONCE)):
            self._take_all(some)
            if perf_counter() >= until_s:
                return True
        return False

    def done(self) -> ReadBackDone:
        """All of it."""
        foreign = self._unreadable.union(stray.cookie for stray in self._strays)
        return ReadBackDone(
            self._asked.switch,
            self._asked.session,
            self._asked.asked,
            self._rows.program(),
            foreign=frozenset(foreign),
            strays=tuple(self._strays),
            unreadable=frozenset(self._unreadable),
            cookies=self._asked.cookies,
            audit=self._asked.audit,
        )

    def _take_all(self, some: list[Found]) -> None:
        try:
            for thing in some:
                self._take(thing)
        except ValueError as error:
            raise RemoteError(f"flow statistics: {error}; read back again") from error

    def _take(self, thing: Found) -> None:
        if isinstance(thing, Row):
            if is_ours(thing.cookie):
                self._rows.add(thing)
            else:
                self._strays.append(SHAPES[thing.shape].entry(thing))
        elif isinstance(thing, Entry):
            self._strays.append(thing)
        else:
            self._unreadable.add(thing.cookie)
