"""What is loaded is spared the garbage collector; what is in cycles later is found."""

from __future__ import annotations

import subprocess
import sys

SCRIPT = """
import gc, weakref
from controller.heap import Heap

class Knot:
    def __init__(self):
        self.self = self

gc.disable()
heap, before = Heap(), gc.get_freeze_count()
assert gc.isenabled() and before
assert gc.get_threshold()[0] > 10_000, "a burst would be looked at all the time"
held = [[number] for number in range(1000)]
knot = weakref.ref(Knot())
heap.grown(10)
assert before + 1000 <= gc.get_freeze_count()
assert knot() is None, "what is young and in cycles does not stay with the rest"
more = [[number] for number in range(1000)]
heap.grown(20)
assert gc.get_freeze_count() < before + 2000, "not twice as much"
heap.grown(21)
assert gc.get_freeze_count() >= before + 2000
Knot()
assert gc.collect() >= 1
"""


def test_what_is_loaded_stays_and_cycles_are_found() -> None:
    """In a process of its own: there is one collector for all."""
    subprocess.run([sys.executable, "-c", SCRIPT], check=True)
