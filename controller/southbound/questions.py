"""Which flow statistics to ask a switch for, so that it hands over the entries of some cookies.

Open vSwitch looks a whole cookie up, and under a mask it looks at every entry that it has. It takes
in 50 messages in a turn of its loop, though, and with 2,000 ports a turn takes far longer than such
a look: what a tenant's instances have is asked for by a mask or two where their ids lie together.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Final, NamedTuple

from controller.dataplane.cookie import Feature, cookie, parse

MOST_MASKS: Final = 2
"""Each costs the switch a look at all its entries."""

FEW: Final = 12
"""Cookies: so many are asked for one by one, since they fit into a turn together with the rest."""

_MOST_BEYOND: Final = 4
"""How many ids an answer may tell of for each that was meant."""

_WHOLE: Final = (1 << 64) - 1
_OF_INSTANCES: Final = frozenset({Feature.ADMIT, Feature.ORIGIN, Feature.RESOLVE})
_ANY_OF_THEM: Final = (Feature.ORIGIN ^ Feature.ADMIT | Feature.RESOLVE ^ Feature.ADMIT) << 32
"""The bits in which cookies of an instance differ. A class's share them, which has few entries."""


class Question(NamedTuple):
    """Cookies that are alike where a mask has ones."""

    cookie: int
    mask: int = _WHOLE

    def covers(self, value: int) -> bool:
        """Whether the answer tells of the entries with this cookie."""
        return value & self.mask == self.cookie & self.mask


EVERYTHING: Final = Question(0, 0)


def questions(cookies: Collection[int]) -> tuple[Question, ...]:
    """What covers these cookies, and perhaps others; no cookies: everything."""
    if not cookies:
        return (EVERYTHING,)
    parts = map(parse, cookies)
    ids = {part.object for part in parts if part.feature in _OF_INSTANCES}
    together = tuple(_blocks(ids)) if len(cookies) > FEW else ()
    apart = (v for v in sorted(cookies) if not any(block.covers(v) for block in together))
    return (*together, *map(Question, apart))


def _blocks(ids: Collection[int]) -> Iterator[Question]:
    """The smallest blocks of ids, and few, that cover all; none where they lie too far apart."""
    for most in range(1, MOST_MASKS + 1):
        size = 1
        while len(starts := {number // size for number in ids}) > most:
            size *= 2
        if len(starts) * size <= _MOST_BEYOND * len(ids):
            alike = (cookie(Feature.ADMIT, start * size) for start in sorted(starts))
            yield from (Question(one, _WHOLE ^ _ANY_OF_THEM ^ (size - 1)) for one in alike)
            return
