"""An engine that ends does not wait for what a thread still works out."""

from __future__ import annotations

import subprocess
import sys

_WORKING = """
import threading
from controller.engine import _leave
threading.Thread(target=threading.Event().wait).start()
print("closed in order")
_leave()
"""


def test_it_ends_while_a_thread_is_at_work() -> None:
    done = subprocess.run(
        [sys.executable, "-c", _WORKING], capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stdout) == (0, "closed in order\n"), done.stderr
