"""Whom a rule speaks of: selectors against labels."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Generic, TypeVar

from controller.model.intent import Intent, Labels, Rule, Selector

K = TypeVar("K")


def selects(selector: Selector, labels: Labels) -> bool:
    """Whether every key of the selector has one of its values among the labels."""
    return all(labels.get(key) in values for key, values in selector.labels.items())


class LabelSets(Generic[K]):
    """Finds what a selector matches among things with labels."""

    __slots__ = ("_all", "_by_label")

    def __init__(self, labels: Mapping[K, Labels]) -> None:
        self._all = frozenset(labels)
        self._by_label: dict[tuple[str, str], set[K]] = {}
        for thing, has in labels.items():
            for item in has.items():
                self._by_label.setdefault(item, set()).add(thing)

    def matching(self, selector: Selector) -> frozenset[K]:
        """What a selector matches: ``selects`` over all of them."""
        found: frozenset[K] | None = None
        for key, values in selector.labels.items():
            having = frozenset[K]().union(*(self._by_label.get((key, v), ()) for v in values))
            found = having if found is None else found & having
        return self._all if found is None else found


class LabelIndex:
    """Finds the services a selector matches, for all services of an intent at once."""

    __slots__ = ("_sets", "labels")

    def __init__(self, intent: Intent) -> None:
        self.labels = {name: intent.effective_labels(name) for name in intent.services}
        self._sets = LabelSets(self.labels)

    def services(self, selector: Selector) -> frozenset[str]:
        """The names of the services that a selector matches: ``selects`` over all of them."""
        return self._sets.matching(selector)


def class_of(intent: Intent, rule: Rule, destination: str) -> str:
    """The class of what a rule allows to a service: the rule's own, else the service's."""
    return rule.qos_class or intent.services[destination].qos_class
