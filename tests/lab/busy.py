"""How long things may take on a machine that has other things to do."""

from __future__ import annotations

import os
from typing import Final

LEAST: Final = 2.0
"""Whoever runs tests is never idle: the probes alone are more than a core."""


def with_slack(seconds: float) -> float:
    """The time that something may take here which takes so long on a machine of its own.

    Where several processes share a core each takes as many times as long.
    """
    return seconds * max(LEAST, 2 * os.getloadavg()[0] / (os.cpu_count() or 1))
