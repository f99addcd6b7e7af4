"""Identities: services that no rule can tell apart share one.

An identity is a VRF and a set of labels. The labels a service and its tenant carry are always in
it. The implicit labels tenant, service and segment are in it only with values that some rule
names: otherwise every service would be its own identity, and a rule over many services would need
an entry for every pair of them. The class of the service is in it too, as it decides how what a
rule without a class allows is carried.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Final, NamedTuple

from controller.model.differences import otherwise
from controller.model.intent import Intent, Labels, Rule, frozen
from controller.model.same import Same
from controller.model.touched import touched_services

IdentityKey = tuple[str, tuple[tuple[str, str], ...]]
"""VRF name, and the labels in the order of their keys."""

CLASS_MARK: Final = "@class"
"""Stands for the service's class in a key. No label of a document can be called so."""

_BY_NAME: Final = ("tenant", "service", "segment")


def identities(intent: Intent) -> Mapping[str, IdentityKey]:
    """Service name to the key of its identity, for all services.

    Intents that share their services, tenants and segments, and whose rules name the same of them,
    share the result: the same object.
    """
    named = _named_by(Same(intent.rules))
    for known in _LAST:
        if known.named == named and known.parts_of(intent):
            return known.keys
    nearest = next((known for known in _LAST if known.named == named), None)
    keys = _anew(intent, named) if nearest is None else _followed(nearest, intent, named)
    _LAST.insert(0, _Known(intent, named, keys))
    del _LAST[_KEPT:]
    return keys


class _Known(NamedTuple):
    """The identities of an intent, which others are worked out from."""

    intent: Intent
    named: frozenset[tuple[str, str]]
    keys: Mapping[str, IdentityKey]

    def parts_of(self, intent: Intent) -> bool:
        """Whether another intent has the same services, tenants and segments."""
        return all(getattr(self.intent, part) is getattr(intent, part) for part in _PARTS)


_PARTS: Final = ("services", "tenants", "segments")
_KEPT: Final = 4
_LAST: Final[list[_Known]] = []
"""The last results. They save work and decide nothing."""


def _anew(intent: Intent, named: frozenset[tuple[str, str]]) -> Mapping[str, IdentityKey]:
    alike: dict[object, IdentityKey] = {}
    found: dict[str, IdentityKey] = {}
    for name, service in intent.services.items():
        own = name if ("service", name) in named else None
        kind = (own, service.tenant, tuple(service.labels.items()), service.qos_class)
        key = alike.get(kind)
        if key is None:
            key = alike[kind] = _key(intent, name, named)
        found[name] = key
    return frozen(found)


def _followed(
    known: _Known, intent: Intent, named: frozenset[tuple[str, str]]
) -> Mapping[str, IdentityKey]:
    """The identities of an intent from those of one before; equal keys stay the same object."""
    names = touched_services(known.intent, intent)
    keys = {name: _key(intent, name, named) if name in intent.services else None for name in names}
    return otherwise(known.keys, keys)


def same_identities(one: Intent, other: Intent) -> bool:
    """Whether two intents that differ in rules or instances alone have the same identities."""
    parts = ("services", "tenants", "segments")
    return all(
        getattr(one, part) is getattr(other, part) or getattr(one, part) == getattr(other, part)
        for part in parts
    ) and (one.rules is other.rules or _named_by(Same(one.rules)) == _named_by(Same(other.rules)))


def identity_key(intent: Intent, service: str) -> IdentityKey:
    """The key of one service's identity. For all services, :func:`identities` is faster."""
    return _key(intent, service, _named_by(Same(intent.rules)))


def identity_labels(key: IdentityKey) -> Labels:
    """Labels that every selector of the intent judges as it judges each service of the identity."""
    vrf, labels = key
    return frozen({**dict(labels), "vrf": vrf})


def identity_text(key: IdentityKey) -> str:
    """One line of text per identity, distinct for distinct keys: a key for stable numbers."""
    vrf, labels = key
    return ",".join([f"vrf={vrf}", *(f"{name}={value}" for name, value in labels)])


@lru_cache(maxsize=4)
def _named_by(rules: Same[Mapping[str, Rule]]) -> frozenset[tuple[str, str]]:
    """The tenants, services and segments that rules name."""
    selectors = [s for rule in rules.value.values() for s in (rule.source, rule.destination)]
    return frozenset(
        (key, value)
        for selector in selectors
        for key in _BY_NAME
        for value in selector.labels.get(key, ())
    )


def _key(intent: Intent, service: str, named: frozenset[tuple[str, str]]) -> IdentityKey:
    own = intent.services[service]
    tenant = intent.tenants[own.tenant]
    segment = intent.segments[tenant.segment]
    labels = {**tenant.labels, **own.labels, CLASS_MARK: own.qos_class}
    for key, value in zip(_BY_NAME, (tenant.name, own.name, segment.name), strict=True):
        if (key, value) in named:
            labels[key] = value
    return segment.vrf, tuple(sorted(labels.items()))
