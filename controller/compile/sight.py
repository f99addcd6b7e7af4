"""Whom an edge switch's instances may meet: it holds the addresses of these and of nobody else."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from controller.compile.sharing import Keys, Opening
from controller.model.identity import IdentityKey

Sight = Mapping[str, Mapping[IdentityKey, int]]
"""VRF to the identities that its instances on one edge may reach or be reached from.

Each with the number of reasons, a rule and a direction each, so that one can be taken away.
"""

BLIND: Final[Sight] = {}


def resighted(
    before: Sight,
    reasons: Iterable[tuple[Opening | None, Opening | None]],
    was: Keys,
    now: Keys,
) -> Sight:
    """What an edge sees after some openings became others, and its identities ``now``."""
    found: dict[str, dict[IdentityKey, int]] = {}
    for old, new in reasons:
        for step, opening, here in ((-1, old, was), (1, new, now)):
            if opening is None:
                continue
            for vrf, keys in _seen(opening, here):
                if vrf not in found:
                    found[vrf] = dict(before.get(vrf, {}))
                counts = found[vrf]
                for key in keys:
                    counts[key] = counts.get(key, 0) + step
    if not found:
        return before
    left = {vrf: {k: n for k, n in counts.items() if n} for vrf, counts in found.items()}
    return {vrf: keys for vrf, keys in {**before, **left}.items() if keys}


def _seen(opening: Opening, here: Keys) -> Iterator[tuple[str, Keys]]:
    for ends, others in (
        (opening.sources, opening.destinations),
        (opening.destinations, opening.sources),
    ):
        for vrf in {key[0] for key in ends & here}:
            yield vrf, others
