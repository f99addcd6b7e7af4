"""How many there are of each: followed as some come and go."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import TypeVar

from controller.model.intent import thawed

K = TypeVar("K")


def recounted(counts: Mapping[K, int], gone: Iterable[K], come: Iterable[K]) -> Mapping[K, int]:
    """Counts with some less and some more; what there is none of is left out.

    The same mapping where as many come as go.
    """
    steps = Counter(come)
    steps.subtract(Counter(gone))
    now = {thing: counts.get(thing, 0) + step for thing, step in steps.items() if step}
    if not now:
        return counts
    found = thawed(counts)
    for thing, count in now.items():
        if count:
            found[thing] = count
        else:
            del found[thing]
    return found
