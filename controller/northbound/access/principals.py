"""Who makes a request, and which objects that lets them see and change.

A tenant is to Bulkhead what a namespace is elsewhere: its operator decides on the services,
instances and rules in it. Where the tenant is (VRF, segment) and how it is labelled is what others'
rules select it by, so that stays with the operators of the whole site.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from controller.model.intent import Intent, Rule, Selector
from controller.northbound.access.refusals import Forbidden


class Role(StrEnum):
    """What a principal is for."""

    VIEWER = "viewer"
    OPERATOR = "operator"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True)
class Principal:
    """Somebody with a role. ``tenants``: an operator of these alone, None: of the whole site."""

    name: str
    role: Role
    tenants: frozenset[str] | None = None

    def sees(self, intent: Intent, collection: str, name: str) -> bool:
        """Whether an object is shown. VRFs and classes, which tenants only name, always are."""
        if self.tenants is None or collection in _SITE:
            return True
        found = owners(intent, collection, name)
        if collection == "segments":
            return not self.tenants.isdisjoint(found)
        return bool(found) and found <= self.tenants

    def check(self, before: Intent, after: Intent, changed: Mapping[str, Sequence[str]]) -> None:
        """Raises Forbidden with every object of a change that is not theirs to change.

        ``changed``: names as ``collection/name``, by how.
        """
        if self.role is Role.ADMIN:
            return
        names = [name for kind in changed.values() for name in kind]
        not_theirs = [name for name in names if not self._changes(before, after, name)]
        if not_theirs:
            named = [name for name in not_theirs if self._may_be_told(before, name)]
            others = len(not_theirs) - len(named)
            hidden = f"{others} object{'' if others == 1 else 's'} of others" if others else ""
            told = " and ".join(part for part in (_listed(named), hidden) if part)
            raise Forbidden(f"{self} may not change {told}; nothing was changed")

    def _may_be_told(self, before: Intent, key: str) -> bool:
        """Whether a name is known to who asks: what they see, or want to make."""
        collection, _, name = key.partition("/")
        return name not in getattr(before, collection) or self.sees(before, collection, name)

    def _changes(self, before: Intent, after: Intent, key: str) -> bool:
        collection, _, name = key.partition("/")
        if self.role is not Role.OPERATOR or collection in _SITE:
            return False
        if self.tenants is None:
            return True
        if collection not in _A_TENANTS:
            return False
        held = [
            owners(i, collection, name) for i in (before, after) if name in getattr(i, collection)
        ]
        return all(found and found <= self.tenants for found in held)

    def __str__(self) -> str:
        of = "" if self.tenants is None else f" of {', '.join(sorted(self.tenants))}"
        return f"{self.name} ({self.role}{of})"


ANYBODY: Final = Principal("", Role.ADMIN)
"""Who makes a request where no tokens are kept: whoever reaches the address."""

_SITE: Final = ("vrfs", "classes")
_A_TENANTS: Final = ("services", "instances", "rules")
_SHOWN: Final = 5


def _listed(names: Sequence[str]) -> str:
    more = len(names) - _SHOWN
    return f"{', '.join(names[:_SHOWN])}{f' and {more} more' if more > 0 else ''}"


def owners(intent: Intent, collection: str, name: str) -> frozenset[str]:
    """The tenants that an object is of, none where it is the site's."""
    find = _OWNERS.get(collection)
    return find(intent, name) if find else frozenset()


def _of_instance(intent: Intent, name: str) -> frozenset[str]:
    return _of_service(intent, intent.instances[name].service)


def _of_service(intent: Intent, name: str) -> frozenset[str]:
    return frozenset({intent.services[name].tenant})


def _of_segment(intent: Intent, name: str) -> frozenset[str]:
    return frozenset(t.name for t in intent.tenants.values() if t.segment == name)


def _of_rule(intent: Intent, name: str) -> frozenset[str]:
    """A rule is its tenants' where both ends name them; else it may be about anybody."""
    rule: Rule = intent.rules[name]
    ends = [_selected(intent, end) for end in (rule.source, rule.destination)]
    return frozenset().union(*ends) if all(ends) else frozenset()


def _selected(intent: Intent, selector: Selector) -> frozenset[str]:
    labels = selector.labels
    if "tenant" in labels:
        return frozenset(labels["tenant"])
    known = [intent.services.get(name) for name in labels.get("service", ())]
    return frozenset(s.tenant for s in known if s) if all(known) else frozenset()


_OWNERS: Final[Mapping[str, Callable[[Intent, str], frozenset[str]]]] = {
    "tenants": lambda _intent, name: frozenset({name}),
    "services": _of_service,
    "instances": _of_instance,
    "segments": _of_segment,
    "rules": _of_rule,
}
