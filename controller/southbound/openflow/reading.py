"""Flow statistics to rows: by layouts that were learned, and field by field where there is none."""

from __future__ import annotations

import struct
from collections import defaultdict
from collections.abc import Iterator
from typing import Final

from controller.dataplane.program import row_of
from controller.dataplane.shapes import Entry, Row
from controller.southbound.openflow.decode import Foreign, entry_spans, read_entry
from controller.southbound.openflow.layouts import Layout, layout_of

MOST_ALIKE: Final = 16
"""Layouts that are kept of one table, priority and length: one for each shape and mask."""

_STATS: Final = struct.Struct("!HB9xHHH6xQ")  # length, table, priority, timeouts, cookie
_MATCH_AT: Final = 48


Found = Row | Entry | Foreign
"""One entry: the row that it stands for, or what else it is."""


class StatsReader:
    """Reads entries, and learns how they look. ``by_field`` counts those read field by field."""

    def __init__(self) -> None:
        self.by_field = 0
        self._layouts: defaultdict[tuple[int, int, int], list[Layout]] = defaultdict(list)

    def read(self, reply: bytes) -> Iterator[Found]:
        """The entries of one reply. Raises RemoteError where their lengths do not add up."""
        known = self._layouts.get
        for start, end in entry_spans(reply):
            length, table, priority, idle, hard, cookie = _STATS.unpack_from(reply, start)
            number = int.from_bytes(reply[start + _MATCH_AT : end], "big")
            for layout in known((length, table, priority), ()):
                row = layout.row(number, cookie)
                if row is not None and not (idle or hard):
                    yield row
                    break
            else:
                yield self._learn(reply[start:end])

    def _learn(self, data: bytes) -> Found:
        self.by_field += 1
        entry = read_entry(data)
        row = row_of(entry) if isinstance(entry, Entry) else None
        if row is None or isinstance(entry, Foreign):
            return entry
        alike = self._layouts[len(data), entry.table, entry.priority]
        layout = layout_of(row, data[_MATCH_AT:], entry.match)
        if layout is not None and len(alike) < MOST_ALIKE:
            alike.append(layout)
        return row
