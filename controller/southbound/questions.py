"""Which flow statistics to ask a switch for, so that it hands over the entries of some cookies.

Open vSwitch looks a whole cookie up, and under a mask it looks at every entry that it has: 0.5 ms
for 8,000 of them, 4 for 25,000, 12 for 50,000. It takes in 50 messages in a turn of its loop,
though, which takes 4 to 8 ms with the ports of so many entries. So what a tenant's instances have
is asked for by a mask or two where their ids lie together and the switch has not too much. Who asks
for everything, and not at once (an audit), asks in parts, so that others are answered in between.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Final, NamedTuple

from controller.dataplane.cookie import Feature, cookie, parse

FEW: Final = 40
"""Cookies: so many are asked for one by one, since a turn takes them in."""

MOST_LOOKED_AT: Final = 25_000
"""Entries, by all masks: to look at more of them takes as long as a turn."""

MOST_IN_A_PART: Final = 2_000
"""Entries: to hand over and read so many takes some 20 ms."""

MOST_PARTS: Final = 16
"""For each of them a switch looks at all entries: with more, as long as it hands them over."""

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


def questions(cookies: Collection[int], among: int) -> tuple[Question, ...]:
    """What covers these cookies of a switch, and perhaps others; no cookies: everything.

    ``among`` is how many entries the switch has.
    """
    if not cookies:
        return (EVERYTHING,)
    together = _blocks(cookies) if len(cookies) > FEW else ()
    if len(together) * among > MOST_LOOKED_AT:
        together = ()
    apart = (value for value in sorted(cookies) if not any(q.covers(value) for q in together))
    return (*together, *map(Question, apart))


def parts(among: int) -> tuple[Question, ...]:
    """What covers everything, each entry once, in parts by the last bits of cookies.

    Of so many entries. Instances' are spread evenly; all of one rule are in one part.
    """
    many = 1
    while many < MOST_PARTS and many * MOST_IN_A_PART < among:
        many *= 2
    return tuple(Question(number, many - 1) for number in range(many))


def _blocks(cookies: Collection[int]) -> tuple[Question, ...]:
    """A block or two that cover all instances' cookies; none where their ids lie far apart."""
    parsed = map(parse, cookies)
    ids = {part.object for part in parsed if part.feature in _OF_INSTANCES}
    for most in (1, 2):  # a tenant's ids may lie on both sides of a power of two
        size = 1
        while len(starts := {number // size for number in ids}) > most:
            size *= 2
        if len(starts) * size <= _MOST_BEYOND * len(ids):
            mask = _WHOLE ^ _ANY_OF_THEM ^ (size - 1)
            alike = (cookie(Feature.ADMIT, start * size) for start in sorted(starts))
            return tuple(Question(one, mask) for one in alike)
    return ()
