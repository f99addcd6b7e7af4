"""Ranges of ports as blocks that a value and a mask can say."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from controller.model.intent import PORT_MAX

_PORT_BITS: Final = 16


def blocks(first: int, last: int) -> Iterator[tuple[int, int]]:
    """An inclusive range of ports as (value, mask) blocks, the fewest there can be."""
    while first <= last:
        size = first & -first or 1 << _PORT_BITS
        while first + size - 1 > last:
            size >>= 1
        yield first, PORT_MAX & ~(size - 1)
        first += size
