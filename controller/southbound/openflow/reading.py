"""Flow statistics to rows: by layouts that were learned, and field by field where there is none."""

from __future__ import annotations

import struct
from collections import defaultdict
from collections.abc import Collection, Iterator
from typing import Final

from controller.dataplane.permission import Permission, permission_of, permits
from controller.dataplane.program import row_of
from controller.dataplane.shapes import Entry, Row
from controller.southbound.openflow.decode import Foreign, entry_spans, read_entry
from controller.southbound.openflow.layouts import Layout, layout_of

MOST_ALIKE: Final = 16
"""Layouts that are kept of one table, priority and length: one for each shape and mask."""

MOST_KEPT: Final = 4096
"""Entries without a layout that are known again, whole: those of conjunctions, and strange ones."""

_STATS: Final = struct.Struct("!HB9xHHH6xQQ")
"""Length, table, priority, timeouts, cookie, packets."""

_MATCH_AT: Final = 48


Found = Row | Entry | Foreign
"""One entry: the row that it stands for, or what else it is."""


Passed = defaultdict[Permission, int]
"""Packets that were let pass."""


class StatsReader:
    """Reads entries, and learns how they look. ``by_field`` counts those read field by field."""

    def __init__(self) -> None:
        self.by_field = 0
        self._kept: dict[bytes, Found] = {}
        self._layouts: defaultdict[tuple[int, int, int], list[Layout]] = defaultdict(list)

    def read(
        self, reply: bytes, passed: Passed | None = None, cookies: Collection[int] = ()
    ) -> Iterator[Found]:
        """The entries of one reply. Raises RemoteError where their lengths do not add up.

        What those of the allow-list have counted is added to ``passed``. With ``cookies``, entries
        of others, which the switch tells of beside them, are passed over.
        """
        known = self._layouts.get
        for start, end in entry_spans(reply):
            length, table, priority, idle, hard, cookie, packets = _STATS.unpack_from(reply, start)
            if cookies and cookie not in cookies:
                continue
            number = int.from_bytes(reply[start + _MATCH_AT : end], "big")
            for layout in known((length, table, priority), ()):
                row = layout.row(number, cookie)
                if row is not None and not (idle or hard):
                    found: Found = row
                    break
            else:
                found = self._learn(reply[start:end])
            if packets and passed is not None and permits(cookie) and isinstance(found, Row):
                passed[permission_of(found)] += packets
            yield found

    def _learn(self, data: bytes) -> Found:
        """Read an entry field by field, or know it again: all but its age and counters."""
        whole = data[2:3] + data[12:32] + data[_MATCH_AT:]
        known = self._kept.get(whole)
        if known is not None:
            return known
        self.by_field += 1
        entry = read_entry(data)
        row = row_of(entry) if isinstance(entry, Entry) else None
        found = entry if row is None else row
        if row is None or isinstance(entry, Foreign) or not self._lay_out(row, data, entry):
            if len(self._kept) == MOST_KEPT:
                self._kept.clear()
            self._kept[whole] = found
        return found

    def _lay_out(self, row: Row, data: bytes, entry: Entry) -> bool:
        """Learn the layout of an entry that was read as a row; whether it shows one."""
        alike = self._layouts[len(data), entry.table, entry.priority]
        layout = layout_of(row, data[_MATCH_AT:], entry.match)
        if layout is None or len(alike) == MOST_ALIKE:
            return False
        alike.append(layout)
        return True
