"""Whom a rule speaks of: selectors against labels."""

from __future__ import annotations

from controller.model.intent import Intent, Labels, Rule, Selector


def selects(selector: Selector, labels: Labels) -> bool:
    """Whether every key of the selector has one of its values among the labels."""
    return all(labels.get(key) in values for key, values in selector.labels.items())


class LabelIndex:
    """Finds the services a selector matches, for all services of an intent at once."""

    __slots__ = ("_all", "_by_label", "labels")

    def __init__(self, intent: Intent) -> None:
        self.labels = {name: intent.effective_labels(name) for name in intent.services}
        self._all = frozenset(intent.services)
        self._by_label: dict[tuple[str, str], set[str]] = {}
        for name, labels in self.labels.items():
            for item in labels.items():
                self._by_label.setdefault(item, set()).add(name)

    def services(self, selector: Selector) -> frozenset[str]:
        """The names of the services that a selector matches: ``selects`` over all of them."""
        found = self._all
        for key, values in selector.labels.items():
            found &= frozenset[str]().union(*(self._by_label.get((key, v), ()) for v in values))
        return found


def class_of(intent: Intent, rule: Rule, destination: str) -> str:
    """The class of what a rule allows to a service: the rule's own, else the service's."""
    return rule.qos_class or intent.services[destination].qos_class
