"""Changes of rules alone, at their own size: no other object is read again.

Anything that is not plainly right is left to the whole-document way, which says what is wrong.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache

from controller.model.change_objects import PUT, Change
from controller.model.collections import COLLECTIONS
from controller.model.decode_objects import decode_rule, open_object
from controller.model.differences import otherwise
from controller.model.identity import IdentityKey, identities, identity_labels
from controller.model.intent import Intent, Rule
from controller.model.pairwise import is_too_much
from controller.model.problems import Problems
from controller.model.references import check_references
from controller.model.same import Same
from controller.model.selection import selects


def change_rules(
    intent: Intent, changes: Sequence[Change], hosts: frozenset[str] | None
) -> Intent | None:
    """The intent after changes; None where not rules alone change, or something may be wrong."""
    if any(change.collection != "rules" for change in changes):
        return None
    if hosts is not None and not _hosts(Same(intent.instances)) <= hosts:
        return None
    rules: dict[str, Rule | None] = {}
    for change in changes:
        rule = _decoded(intent, change) if change.op == PUT else None
        there = rules.get(change.name, intent.rules.get(change.name))
        if rule is None and (change.op == PUT or there is None):
            return None
        rules[change.name] = rule
    after = replace(intent, rules=otherwise(intent.rules, rules))
    put = [rule for rule in rules.values() if rule is not None]
    if any(_leaks(after, rule) for rule in put) or is_too_much(after, _populated(after)):
        return None
    return after


def _decoded(intent: Intent, change: Change) -> Rule | None:
    problems = Problems()
    fields = open_object("rules", change.name, change.body, problems)
    rule = decode_rule(fields, change.name)
    declared = {name: getattr(intent, name).keys() for name in COLLECTIONS}
    check_references(fields.uses, declared, problems)
    return None if len(problems) else rule


def _leaks(intent: Intent, rule: Rule) -> bool:
    """Whether a rule pairs two VRFs, so that addresses of one may clash with the other's."""
    known = {key: identity_labels(key) for key in _populated(intent)}
    sources = {key[0] for key, has in known.items() if selects(rule.source, has)}
    destinations = {key[0] for key, has in known.items() if selects(rule.destination, has)}
    return bool(sources) and bool(destinations) and len(sources | destinations) > 1


def _populated(intent: Intent) -> frozenset[IdentityKey]:
    return _staffed(Same(identities(intent)), Same(intent.instances))


@lru_cache(maxsize=4)
def _staffed(keys: Same, instances: Same) -> frozenset[IdentityKey]:  # type: ignore[type-arg]
    services = {instance.service for instance in instances.value.values()}
    return frozenset(keys.value[name] for name in services)


@lru_cache(maxsize=4)
def _hosts(instances: Same) -> frozenset[str]:  # type: ignore[type-arg]
    return frozenset(instance.host for instance in instances.value.values())
