"""Label selectors of lists: which objects a client wants to see.

The syntax is that of Kubernetes' label selectors (``kubectl get -l``): requirements behind commas,
all of which must hold. ``tier=api``, ``tier!=api``, ``tier in (api,web)``, ``tier notin (api)``,
``tier`` (has the label) and ``!tier`` (has it not). As there, ``!=`` and ``notin`` also hold for
objects without the label.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from controller.errors import Problem
from controller.model.intent import Intent, Labels
from controller.northbound.bodies import BadParameters

_KEY: Final = r"[A-Za-z0-9](?:[A-Za-z0-9_./-]*[A-Za-z0-9])?"
_VALUE: Final = _KEY
_EQUAL: Final = re.compile(rf"({_KEY})\s*(==?|!=)\s*({_VALUE})")
_SET: Final = re.compile(rf"({_KEY})\s+(in|notin)\s*\(\s*({_VALUE}(?:\s*,\s*{_VALUE})*)\s*\)")
_HAS: Final = re.compile(rf"(!?)\s*({_KEY})")
_COMMA: Final = re.compile(r",(?![^(]*\))")  # not one between parentheses


@dataclass(frozen=True, slots=True)
class Requirement:
    """What a label must be. ``values`` empty: it must be there, whatever it is; or must not."""

    key: str
    values: frozenset[str]
    wanted: bool

    def holds(self, labels: Labels) -> bool:
        """Whether an object with these labels fulfils it."""
        value = labels.get(self.key)
        found = value is not None and (not self.values or value in self.values)
        return found is self.wanted


Selection = tuple[Requirement, ...]
"""Requirements that must all hold."""


def parse_selector(text: str) -> Selection:
    """The requirements of a selector; none for an empty one.

    Raises :class:`BadParameters` with all problems.
    """
    if not text.strip():
        return ()
    found: list[Requirement] = []
    problems: list[Problem] = []
    for part in _COMMA.split(text):
        requirement = _requirement(part.strip())
        if requirement is None:
            problems.append(_problem(part.strip()))
        else:
            found.append(requirement)
    if problems:
        raise BadParameters(tuple(problems))
    return tuple(found)


def selected(intent: Intent, collection: str, selection: Selection) -> Iterator[str]:
    """The names of a collection's objects that a selection is about, by name."""
    names: list[str] = sorted(getattr(intent, collection))
    if not selection:
        yield from names
        return
    labels = _LABELS[collection]
    for name in names:
        known = {"name": name, **labels(intent, name)}
        if all(requirement.holds(known) for requirement in selection):
            yield name


def _requirement(text: str) -> Requirement | None:
    if match := _EQUAL.fullmatch(text):
        return Requirement(match[1], frozenset({match[3]}), match[2] != "!=")
    if match := _SET.fullmatch(text):
        values = frozenset(value.strip() for value in match[3].split(","))
        return Requirement(match[1], values, match[2] == "in")
    if match := _HAS.fullmatch(text):
        return Requirement(match[2], frozenset(), not match[1])
    return None


def _problem(text: str) -> Problem:
    expected = "expected tier=api, tier!=api, tier in (api,web), tier notin (api), tier or !tier"
    return Problem("selector", f"{expected}, found {text or 'nothing'!r}")


def _none(_intent: Intent, _name: str) -> Labels:
    return {}


def _segment(intent: Intent, name: str) -> Labels:
    return {"segment": name, "vrf": intent.segments[name].vrf}


def _tenant(intent: Intent, name: str) -> Labels:
    tenant = intent.tenants[name]
    return {**tenant.labels, "tenant": name, **_segment(intent, tenant.segment)}


def _service(intent: Intent, name: str) -> Labels:
    return {"class": intent.services[name].qos_class, **intent.effective_labels(name)}


def _instance(intent: Intent, name: str) -> Labels:
    instance = intent.instances[name]
    return {**_service(intent, instance.service), "instance": name, "host": instance.host}


def _rule(intent: Intent, name: str) -> Labels:
    qos_class = intent.rules[name].qos_class
    return {} if qos_class is None else {"class": qos_class}


_LABELS: Final[Mapping[str, Callable[[Intent, str], Labels]]] = {
    "vrfs": _none,
    "classes": _none,
    "segments": _segment,
    "tenants": _tenant,
    "services": _service,
    "instances": _instance,
    "rules": _rule,
}
"""The labels of a collection's objects: their own, what they inherit, and the implicit ones."""
