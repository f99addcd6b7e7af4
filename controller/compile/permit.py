"""Permit: the allow-list, as rows on pairs of identities."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from controller.compile.context import Context
from controller.compile.grants import Grant, Grantable, grants
from controller.dataplane.cookie import Feature, cookie
from controller.dataplane.pipeline import SHAPES
from controller.dataplane.shapes import Row
from controller.model.intent import Intent, Rule
from controller.model.meaning import selects
from controller.model.network import Switch


def rows(context: Context, switch: Switch) -> Iterator[Row]:
    """Grants of every pair of services of which one has an instance on this edge."""
    here = {instance.service for instance in context.local[switch.name]}
    staffed = {instance.service for instance in context.intent.instances.values()}
    for (source, destination), rules in pairs(context.intent, staffed, here).items():
        granted = tuple(_grantable(context.intent, rule, destination) for rule in rules)
        ids = {
            "source": context.identities[source],
            "destination": context.identities[destination],
        }
        for grant in grants(granted):
            yield _row(context, grant, ids)


def pairs(
    intent: Intent, staffed: set[str], here: set[str]
) -> Mapping[tuple[str, str], list[Rule]]:
    """Rules by the (source, destination) services they open, where either is among ``here``."""
    labels = {name: intent.effective_labels(name) for name in sorted(staffed)}
    found: dict[tuple[str, str], list[Rule]] = {}
    for rule in intent.rules.values():
        sources = [name for name, has in labels.items() if selects(rule.source, has)]
        destinations = [name for name, has in labels.items() if selects(rule.destination, has)]
        local = [name for name in destinations if name in here]
        for source in sources:
            for destination in destinations if source in here else local:
                found.setdefault((source, destination), []).append(rule)
    return found


def _grantable(intent: Intent, rule: Rule, destination: str) -> Grantable:
    name = rule.qos_class or intent.services[destination].qos_class
    return Grantable(rule, intent.classes[name].dscp)


def _row(context: Context, grant: Grant, ids: Mapping[str, int]) -> Row:
    mark = cookie(Feature.PERMIT, context.rule_numbers[grant.rule])
    columns = {**ids, **grant.columns, "class": grant.class_dscp}
    return SHAPES[grant.shape].row(mark, **columns)
