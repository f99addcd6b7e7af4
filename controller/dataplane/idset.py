"""A set of conjunction ids as one number: a column of a row like any other.

The ids stand in it 32 bits each, the smallest lowest. Equal sets are equal numbers.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Final

ID_BITS: Final = 32
_ONES: Final = (1 << ID_BITS) - 1

EMPTY: Final = 0

MOST_IDS: Final = 4080
"""Ids that an entry can name. One message has 64 KiB and a conjunction 16 bytes (ovs-actions(7)),
which leaves 4,088 of them beside the longest match, the entry itself and the bundle's header."""


def id_set(ids: Iterable[int]) -> int:
    """The set of some ids, each from 1 to 2**32 - 1."""
    found = EMPTY
    for number in sorted(set(ids), reverse=True):
        found = found << ID_BITS | number
    return found


@lru_cache(maxsize=8192)
def ids_of(found: int) -> frozenset[int]:
    """The ids of a set."""
    ids = set()
    while found:
        ids.add(found & _ONES)
        found >>= ID_BITS
    return frozenset(ids)
