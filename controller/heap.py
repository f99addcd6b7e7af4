"""Spares the garbage collector what stays.

A site of 10,000 services is more than a million objects, none of which is in a cycle: counting
references frees them. Yet the collector looked through all of them a dozen times while they came
into being, which was a third of the engine's start, and for half a second at a time later.
"""

from __future__ import annotations

import gc
from typing import Final

_THRESHOLDS: Final = (100_000, 10, 10)
"""Objects more than there were at the last look, and how many looks make one at older ones.

A look at 10,000 young ones takes 5 to 20 ms in a burst of placements, since they hold whole tables,
and finds next to nothing: a call in it leaves no cycles. Other calls leave some 50 objects in them.
"""


class Heap:
    """What the engine holds, as the collector sees it."""

    def __init__(self) -> None:
        """What is there by now, which is the modules, stays."""
        self._held = 0
        gc.freeze()
        gc.set_threshold(*_THRESHOLDS)
        gc.enable()  # disabled by who starts the engine, see controller.app

    def grown(self, size: int) -> None:
        """So much is held now, in any unit; where it is more than twice as much, it stays.

        No more often: what is in cycles by then, and not young, is never found.
        """
        if size > 2 * self._held:
            self._held = size
            gc.collect(0)
            gc.freeze()
