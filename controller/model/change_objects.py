"""Changes of any objects without reading the others again: decoded alone, checked together.

Anything that is not plainly right is left to the whole-document way, which says what is wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, Literal

from controller.model.allocate import allocate_segments
from controller.model.allocate_instances import allocate_instances
from controller.model.check import check
from controller.model.collections import COLLECTIONS
from controller.model.decode_objects import (
    IMPLICIT_LABELS,
    decode_class,
    decode_instance,
    decode_rule,
    decode_segment,
    decode_service,
    decode_tenant,
    decode_vrf,
    open_object,
)
from controller.model.draft import InstanceDraft, SegmentDraft
from controller.model.fields import Fields
from controller.model.intent import BEST_EFFORT, Instance, Intent, Segment, frozen
from controller.model.problems import Problems

Op = Literal["put", "delete"]
PUT: Final[Op] = "put"

_DECODERS: Final[Mapping[str, Callable[[Fields, str], Any]]] = {
    "vrfs": decode_vrf,
    "classes": decode_class,
    "segments": decode_segment,
    "tenants": decode_tenant,
    "services": decode_service,
    "instances": decode_instance,
    "rules": decode_rule,
}


@dataclass(frozen=True, slots=True)
class Change:
    """One object put (made or replaced whole) or deleted. ``body`` is a document's, for a put."""

    op: Op
    collection: str
    name: str
    body: object = None


_Parts = dict[str, dict[str, Any]]
"""Objects by collection and name; of segments and instances that were put, the drafts."""


def change_objects(
    intent: Intent, changes: Iterable[Change], hosts: frozenset[str] | None
) -> Intent | None:
    """The intent after changes; None where something is or may be wrong.

    What is not changed is the same object as before. ``hosts`` are the topology's hosts, None
    when unknown.
    """
    parts = _changed_parts(intent, changes)
    if parts is None or not _is_whole(intent, parts, hosts):
        return None
    after = _completed(intent, parts)
    if after is None:
        return None
    problems = Problems()

    def accepted(instance: Instance) -> bool:
        held = intent.instances.get(instance.name)
        return held is not None and held.ip == instance.ip

    check(after, accepted, problems, before=intent)
    return None if len(problems) else after


def _changed_parts(intent: Intent, changes: Iterable[Change]) -> _Parts | None:
    """The collections that changes touch, after them."""
    parts: _Parts = {}
    for change in changes:
        if change.collection not in COLLECTIONS:
            return None
        part = parts.setdefault(change.collection, dict(getattr(intent, change.collection)))
        if change.op == PUT:
            problems = Problems()
            fields = open_object(change.collection, change.name, change.body, problems)
            value = _DECODERS[change.collection](fields, change.name)
            if value is None or len(problems):
                return None
            part[change.name] = value
        elif part.pop(change.name, None) is None or _is_best_effort(change):
            return None
    return parts


def _is_best_effort(change: Change) -> bool:
    return (change.collection, change.name) == ("classes", BEST_EFFORT.name)


def _is_whole(intent: Intent, parts: _Parts, hosts: frozenset[str] | None) -> bool:
    """Whether every name that an object uses is there."""
    known: dict[str, Mapping[str, Any]] = {
        name: parts.get(name, getattr(intent, name)) for name in COLLECTIONS
    }
    services, instances = known["services"].values(), known["instances"].values()
    used: list[tuple[str, set[str]]] = [
        ("vrfs", {segment.vrf for segment in known["segments"].values()}),
        ("segments", {tenant.segment for tenant in known["tenants"].values()}),
        ("tenants", {service.tenant for service in services}),
        ("classes", {service.qos_class for service in services}),
        ("services", {instance.service for instance in instances}),
    ]
    for rule in known["rules"].values():
        used.append(("classes", {rule.qos_class} - {None}))
        for selector in (rule.source, rule.destination):
            for key in IMPLICIT_LABELS:
                used.append((f"{key}s", set(selector.labels.get(key, ()))))
    if hosts is not None and not {instance.host for instance in instances} <= hosts:
        return False
    return all(names <= known[collection].keys() for collection, names in used)


def _completed(intent: Intent, parts: _Parts) -> Intent | None:
    """The intent with what the drafts leave out; None where a pool is exhausted."""
    problems = Problems()
    parts = dict(parts)
    renumbered = "segments" in parts
    if renumbered:
        segments = {name: _segment_draft(value) for name, value in parts["segments"].items()}
        parts["segments"] = allocate_segments(segments, intent, problems)
    instances = parts.pop("instances", None)
    partial = _with_parts(intent, parts)
    if instances is None:
        return None if len(problems) else partial
    if not renumbered:
        instances = {name: _filled(value, intent) for name, value in instances.items()}
    if any(isinstance(value, InstanceDraft) for value in instances.values()):
        drafts = [_instance_draft(value) for _, value in sorted(instances.items())]
        instances = dict(allocate_instances(partial, drafts, intent, problems).instances)
    after = _with_parts(partial, {"instances": instances})
    return None if len(problems) else after


def _with_parts(intent: Intent, parts: _Parts) -> Intent:
    changed: dict[str, Any] = {
        name: _interned(getattr(intent, name), part) for name, part in parts.items()
    }
    return replace(intent, **changed)


def _interned(before: Mapping[str, Any], part: Mapping[str, Any]) -> Mapping[str, Any]:
    """A collection after a change: the old object for an equal one, the old one for no change."""
    same = len(before) == len(part)
    found: dict[str, Any] = {}
    for name, value in part.items():
        old = before.get(name)
        found[name] = kept = old if old is value or old == value else value
        same = same and kept is old
    return before if same else frozen(found)


def _filled(value: Instance | InstanceDraft, before: Intent) -> Instance | InstanceDraft:
    """A draft as the instance it is, where all it leaves out was there before.

    That what it had is still free is left to the check: where it is not, nothing is plainly right.
    """
    if isinstance(value, Instance):
        return value
    held = before.instances.get(value.name)
    if held is not None:
        number, mac, ip = value.id or held.id, value.mac or held.mac, value.ip or held.ip
    elif value.id is not None and value.mac is not None and value.ip is not None:
        number, mac, ip = value.id, value.mac, value.ip
    else:
        return value
    return Instance(
        *(value.name, value.service, value.host, number, value.port, mac, ip), value.nested_vlan
    )


def _segment_draft(value: Segment | SegmentDraft) -> SegmentDraft:
    if isinstance(value, SegmentDraft):
        return value
    return SegmentDraft(value.name, value.vrf, value.vlan, value.subnet, value.gateway)


def _instance_draft(value: Instance | InstanceDraft) -> InstanceDraft:
    if isinstance(value, InstanceDraft):
        return value
    return InstanceDraft(
        *(value.name, value.service, value.host, value.id, value.port, value.mac, value.ip),
        value.nested_vlan,
    )
