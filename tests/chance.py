"""How often, and from where, tests of chance try: many times as often under ``--soak``."""

from __future__ import annotations

import time

from hypothesis import settings

QUICK = "dev"
"""The hypothesis profile that counts are given for."""


def times() -> int:
    """How many times as much is tried as in a quick run: once, or as the soak profile has it."""
    return settings().max_examples // settings.get_profile(QUICK).max_examples


def often(count: int) -> int:
    """How often to try, where a quick run tries ``count`` times."""
    return count * times()


def seed_of(quick: int) -> int:
    """Where chance begins: the same in every quick run, another in each that soaks.

    It is printed, so that a failure can be had again.
    """
    seed = quick if times() == 1 else time.time_ns()
    print(f"seed {seed}")
    return seed
