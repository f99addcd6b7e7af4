"""A bridge's row of table Controller: where the bridge connects to, and how soon again.

Open vSwitch 3.1 takes ``max_backoff`` up when it changes, in seconds, and not from a row that it
finds when it starts or that is new: it then tries again after up to 8 s. So each time that we start
we change it once; how late a switch may then come back is 1 or 2 s.

Out of band, because in band (the default) Open vSwitch adds entries of its own above all others, by
which anybody reaches the controller's address (its documentation, "In-Band Control").
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

BACKOFFS_MS: Final = (1000, 2000)
_MODE: Final = "out-of-band"


class ControllerRows:
    """The rows that bridges have, and those that were changed since we started."""

    def __init__(self) -> None:
        self._changed: set[Any] = set()

    def new(self, insert: Callable[..., Any], target: str) -> Any:
        """Another row, by what inserts one."""
        longest = max(BACKOFFS_MS)
        return insert("Controller", target=target, max_backoff=longest, connection_mode=_MODE)

    def is_done(self, row: Any) -> bool:
        """Whether nothing is left to set."""
        return row.uuid in self._changed

    def keep(self, row: Any, *, taken: bool) -> None:
        """Set what is otherwise. ``taken``: the switch has taken the bridge up with it."""
        if row.connection_mode != [_MODE]:
            row.connection_mode = [_MODE]
        if taken:
            self._changed.add(row.uuid)
            short, long = BACKOFFS_MS
            row.max_backoff = [long if row.max_backoff == [short] else short]
