"""How often, and from where, tests of chance try: many times as often under ``--soak``."""

from __future__ import annotations

import time

from hypothesis import settings

QUICK_EXAMPLES = 16
"""How many examples a property test of the quick profile draws, where it does not say."""

SOAK_EXAMPLES = 1000
"""The same of the profile for ``--soak``."""


def times() -> int:
    """How many times as much is tried as in a quick run: once, or as the profile has it."""
    return settings().max_examples // QUICK_EXAMPLES


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
