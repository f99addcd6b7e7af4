"""Plans that were shown, kept so that exactly what was shown can be applied."""

from __future__ import annotations

import secrets
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from controller.errors import NotFound
from controller.model.intent import Intent
from controller.northbound.ports import Origins
from controller.northbound.views import Body

KEPT: Final = 100


@dataclass(frozen=True, slots=True)
class Planned:
    """A plan as it was shown: the revision it was made against, and the intent it leads to."""

    id: str
    revision: int
    intent: Intent
    origins: Callable[[Origins, Intent, Intent], Origins]
    message: str
    shown: Body


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
