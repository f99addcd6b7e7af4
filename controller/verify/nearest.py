"""Which rules come nearest to allowing a packet, and what each lacks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from controller.dataplane.fields import PROTO_ICMP, PROTO_TCP, PROTO_UDP
from controller.model.intent import Intent, Labels, PortRange, Rule, Selector
from controller.model.meaning import matched_width
from controller.verify.probe import Question

MOST: Final = 3
PROTOCOLS: Final = {PROTO_ICMP: "icmp", PROTO_TCP: "tcp", PROTO_UDP: "udp"}
_PORTED: Final = ("tcp", "udp")


@dataclass(frozen=True, slots=True)
class Near:
    """A rule, and each way in which it differs from what was asked."""

    rule: str
    differences: tuple[str, ...]


def nearest(intent: Intent, question: Question) -> tuple[Near, ...]:
    """The rules with the fewest differences, at most three, fewest first.

    Of two with as many, the one whose protocol is right comes first.
    """

    def distance(near: Near) -> tuple[int, bool, str]:
        return (
            len(near.differences),
            not _same_protocol(intent.rules[near.rule], question),
            near.rule,
        )

    found = (
        Near(rule.name, tuple(_differences(intent, rule, question)))
        for rule in intent.rules.values()
    )
    return tuple(sorted(found, key=distance)[:MOST])


def _same_protocol(rule: Rule, question: Question) -> bool:
    names = {allow.protocol for allow in rule.allow}
    return "any" in names or PROTOCOLS.get(question.protocol) in names


def _differences(intent: Intent, rule: Rule, question: Question) -> Iterator[str]:
    yield from _labels("from", rule.source, intent.effective_labels(question.source.service))
    to_labels = intent.effective_labels(question.destination.service)
    yield from _labels("to", rule.destination, to_labels)
    if matched_width(rule, question.protocol, question.port) is None:
        allowed = ", ".join(map(_text, rule.allow))
        yield f"it allows {allowed}, not {packet_text(question)}"
    if rule.dscp is not None and rule.dscp != question.dscp:
        yield f"it wants packets marked DSCP {rule.dscp}, not {question.dscp}"


def packet_text(question: Question) -> str:
    """A packet's protocol and port as a rule would allow it: ``tcp/22``, ``icmp``."""
    name = PROTOCOLS.get(question.protocol, f"protocol {question.protocol}")
    return f"{name}/{question.port}" if name in _PORTED else name


def _labels(side: str, selector: Selector, labels: Labels) -> Iterator[str]:
    for key, values in selector.labels.items():
        if labels.get(key) not in values:
            has = labels.get(key, "none")
            yield f"{side}: it wants {key} {' or '.join(values)}, found {has}"


def _text(ports: PortRange) -> str:
    if ports.protocol not in _PORTED:
        return ports.protocol
    return f"{ports.protocol}/{ports.first}" + (
        f"-{ports.last}" if ports.last > ports.first else ""
    )
