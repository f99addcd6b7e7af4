"""Plans that were shown, kept so that exactly what was shown can be applied."""

from __future__ import annotations

import secrets
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from controller.dataplane.program import Program, differences
from controller.errors import NotFound
from controller.model.intent import Intent
from controller.model.network import Facts, Network, Topology
from controller.northbound.ports import Origins
from controller.northbound.stale import Stale
from controller.northbound.views import Body

KEPT: Final = 100


@dataclass(frozen=True, slots=True)
class Planned:
    """A plan as it was shown: the revision it was made against, and the intent it leads to.

    ``topology`` and ``facts`` are what was there then; ``entries`` stands for the entries that it
    shows (:func:`entries_of`).
    """

    id: str
    revision: int
    topology: Topology
    facts: Facts
    entries: int
    intent: Intent
    origins: Callable[[Origins, Intent, Intent], Origins]
    message: str
    shown: Body

    def is_as_shown(self, network: Network) -> bool:
        """Whether ports and links are those of then, so that its entries are what it shows."""
        return (network.topology, network.facts) == (self.topology, self.facts)


class Replugged(Stale):
    """Ports or links have changed since a plan was made, and with them its entries."""

    def __init__(self, planned: Planned) -> None:
        super().__init__(planned.revision, planned.revision, [], conditional=True)
        self.args = (
            f"plan `{planned.id}` was made when other ports were plugged or other links were up:"
            " by now it would change other entries than it shows; plan again",
        )


def entries_of(old: Mapping[str, Program], new: Mapping[str, Program]) -> int:
    """A number for the entries that lead from programs to others; others have another number."""
    found = []
    for name, program in new.items():
        changes = differences(old[name], program)
        kinds = (changes.added, changes.changed, changes.removed)
        found.append((name, *map(frozenset, kinds)))
    return hash(frozenset(found))


class Plans:
    """The newest plans, by ids that nobody guesses."""

    def __init__(self) -> None:
        self._plans: OrderedDict[str, Planned] = OrderedDict()

    def new_id(self) -> str:
        """An id that no other plan has."""
        return secrets.token_hex(8)

    def keep(self, planned: Planned) -> None:
        """Remember a plan; the oldest goes where there are too many."""
        self._plans[planned.id] = planned
        while len(self._plans) > KEPT:
            self._plans.popitem(last=False)

    def get(self, plan_id: str) -> Planned:
        """A plan. Raises NotFound."""
        if plan_id not in self._plans:
            raise NotFound(
                f"there is no plan `{plan_id}`; the last {KEPT} are kept, and none when the "
                "controller starts anew: plan again"
            )
        return self._plans[plan_id]
