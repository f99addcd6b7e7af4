"""Which rules were seen to let packets pass, and between whom: by the counters of entries.

Switches are read back all the time: after changes, and every :data:`reconcile.step.AUDIT_S`. Who
has more packets then than the time before has let some pass since.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

from controller.compile.context import RULE_BITS
from controller.compile.numbering import identity_numbers
from controller.dataplane.permission import Permission
from controller.model.identity import IdentityKey, identities
from controller.model.intent import Intent
from controller.model.numbers import stable_numbers
from controller.northbound.ports import Sighting


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")


_NOTHING: Final[Mapping[Permission, int]] = {}


class Sightings:
    """Takes what read-backs have counted. What a switch has counted before its first is no news."""

    def __init__(self, clock: Callable[[], str] = _now) -> None:
        self._clock = clock
        self._counts: dict[str, Mapping[Permission, int]] = {}
        self._seen: dict[Permission, str] = {}
        self._names: _Names | None = None

    def take(
        self, switch: str, passed: Mapping[Permission, int], cookies: frozenset[int] = frozenset()
    ) -> None:
        """The packets that a switch's entries have let pass; ``cookies``: those of some alone."""
        before = self._counts.get(switch)
        if before is None and cookies:
            return  # of the others nothing is known
        self._counts[switch] = {**(before or _NOTHING), **passed} if cookies else dict(passed)
        if before is not None:
            at = self._clock()
            more = (one for one, count in passed.items() if count > before.get(one, 0))
            self._seen |= dict.fromkeys(more, at)

    def of(self, intent: Intent) -> Sequence[Sighting]:
        """What was seen of the rules and identities that there are; the rest is forgotten."""
        if self._names is None or self._names.intent is not intent:
            self._names = _Names(intent)
        known = {one: self._names.sighting(one, at) for one, at in self._seen.items()}
        found = {one: sighting for one, sighting in known.items() if sighting is not None}
        self._seen = {one: at for one, at in self._seen.items() if one in found}
        return list(found.values())


class _Names:
    """The rules and identities of an intent, by number."""

    def __init__(self, intent: Intent) -> None:
        self.intent = intent
        rules = stable_numbers(intent.rules, RULE_BITS)
        self._rules = {number: name for name, number in rules.items()}
        ends = identity_numbers(identities(intent).values())
        self._ends: dict[int, IdentityKey] = {number: key for key, number in ends.items()}

    def sighting(self, seen: Permission, at: str) -> Sighting | None:
        """What was seen, by name; None where something of it is no longer there."""
        rule = self._rules.get(seen.rule)
        source, destination = self._ends.get(seen.source), self._ends.get(seen.destination)
        is_known = (source and destination) or not (seen.source or seen.destination)
        return Sighting(rule, source, destination, at) if rule and is_known else None
