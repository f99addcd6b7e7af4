"""Which rules come nearest to allowing a packet, and what each lacks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from controller.model.intent import Intent, Labels, PortRange, Rule, Selector
from controller.model.meaning import matched_width
from controller.verify.probe import Question

MOST: Final = 3


@dataclass(frozen=True, slots=True)
class Near:
    """A rule, and each way in which it differs from what was asked."""

    rule: str
    differences: tuple[str, ...]


def nearest(intent: Intent, question: Question) -> tuple[Near, ...]:
    """The rules with the fewest differences, at most three, fewest first."""
    found = [
        Near(rule.name, tuple(_differences(intent, rule, question)))
        for rule in intent.rules.values()
    ]
    return tuple(sorted(found, key=lambda near: (len(near.differences), near.rule))[:MOST])


def _differences(intent: Intent, rule: Rule, question: Question) -> Iterator[str]:
    yield from _labels("from", rule.source, intent.effective_labels(question.source.service))
    to_labels = intent.effective_labels(question.destination.service)
    yield from _labels("to", rule.destination, to_labels)
    if matched_width(rule, question.protocol, question.port) is None:
        allowed = ", ".join(map(_text, rule.allow))
        yield f"it allows {allowed}, not protocol {question.protocol} port {question.port}"
    if rule.dscp is not None and rule.dscp != question.dscp:
        yield f"it wants packets marked DSCP {rule.dscp}, not {question.dscp}"


def _labels(side: str, selector: Selector, labels: Labels) -> Iterator[str]:
    for key, values in selector.labels.items():
        if labels.get(key) not in values:
            has = labels.get(key, "none")
            yield f"{side}: it wants {key} {' or '.join(values)}, found {has}"


def _text(ports: PortRange) -> str:
    if ports.protocol not in ("tcp", "udp"):
        return ports.protocol
    return f"{ports.protocol}/{ports.first}" + (
        f"-{ports.last}" if ports.last > ports.first else ""
    )
