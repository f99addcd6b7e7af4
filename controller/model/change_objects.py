"""Changes of any objects without reading the others again: decoded alone, checked together.

Anything that is not plainly right is left to the whole-document way, which says what is wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, MutableMapping
from dataclasses import dataclass, replace
from typing import Any, Final, Literal

from controller.model.allocate import allocate_segments
from controller.model.allocate_instances import allocate_instances
from controller.model.allocate_new import allocate_new
from controller.model.altered import Altered
from controller.model.check import check_kinds
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
from controller.model.differences import otherwise
from controller.model.draft import InstanceDraft
from controller.model.fields import Fields
from controller.model.holdings import holdings, remember
from controller.model.intent import BEST_EFFORT, Instance, Intent, Segment
from controller.model.pairwise import is_too_much
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


_USES: Final[Mapping[str, frozenset[str]]] = {
    "vrfs": frozenset(),
    "classes": frozenset(),
    "segments": frozenset({"vrfs"}),
    "tenants": frozenset({"segments"}),
    "services": frozenset({"tenants", "classes"}),
    "instances": frozenset({"services"}),
    "rules": frozenset({"classes", *(f"{key}s" for key in IMPLICIT_LABELS)}),
}
"""Which collections the objects of each name."""

_NOBODY: Final[frozenset[str]] = frozenset()


@dataclass(frozen=True, slots=True)
class Change:
    """One object put (made or replaced whole) or deleted. ``body`` is a document's, for a put."""

    op: Op
    collection: str
    name: str
    body: object = None


_Parts = dict[str, MutableMapping[str, Any]]
"""Objects by collection and name; of segments and instances that were put, the drafts."""


def change_objects(
    intent: Intent, changes: Iterable[Change], hosts: frozenset[str] | None
) -> Intent | None:
    """The intent after changes; None where something is or may be wrong.

    What is not changed is the same object as before, and is not looked at. ``hosts`` are the
    topology's hosts, None when unknown.
    """
    changes = tuple(changes)
    parts = _changed_parts(intent, changes)
    if parts is None or not _is_whole(intent, parts, changes):
        return None
    after = _completed(intent, parts, changes)
    if after is None or not _is_right(after, intent, hosts):
        return None
    return after


def _is_right(after: Intent, before: Intent, hosts: frozenset[str] | None) -> bool:
    """Whether all of it can be together, as far as it is not what was together before."""
    problems = Problems()
    check_kinds(after, problems, before)
    found = None if len(problems) else holdings(before).after(after)
    if found is None or not (hosts is None or found.hosts.keys() <= hosts):
        return False
    remember(found)
    return not is_too_much(after, found.of_key)


def _changed_parts(intent: Intent, changes: Iterable[Change]) -> _Parts | None:
    """The collections that changes touch, after them."""
    parts: _Parts = {}
    for change in changes:
        if change.collection not in COLLECTIONS:
            return None
        if change.collection not in parts:
            parts[change.collection] = Altered(getattr(intent, change.collection))
        part = parts[change.collection]
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


def _is_whole(intent: Intent, parts: _Parts, changes: Iterable[Change]) -> bool:
    """Whether every name that an object uses is there."""
    known: dict[str, Mapping[str, Any]] = {
        name: parts.get(name, getattr(intent, name)) for name in COLLECTIONS
    }
    changed = _names(changes)
    less = {name for name, names in changed.items() if any(key not in known[name] for key in names)}
    for name in COLLECTIONS:
        # Who uses what is gone can be anybody; what is there was used rightly before.
        if less & _USES[name]:
            users = list(known[name].values())
        else:
            mine = changed.get(name, _NOBODY)
            users = [known[name][key] for key in mine if key in known[name]]
        used = (use for user in users for use in _uses(name, user))
        if not all(key in known[collection] for collection, key in used):
            return False
    return True


def _names(changes: Iterable[Change]) -> Mapping[str, frozenset[str]]:
    """The names that changes are of, by collection."""
    found: dict[str, set[str]] = {}
    for change in changes:
        found.setdefault(change.collection, set()).add(change.name)
    return {collection: frozenset(names) for collection, names in found.items()}


def _uses(collection: str, user: Any) -> Iterator[tuple[str, str]]:
    """The objects that an object names: their collections and names."""
    match collection:
        case "segments":
            yield "vrfs", user.vrf
        case "tenants":
            yield "segments", user.segment
        case "services":
            yield "tenants", user.tenant
            yield "classes", user.qos_class
        case "instances":
            yield "services", user.service
        case "rules":
            if user.qos_class is not None:
                yield "classes", user.qos_class
            for selector in (user.source, user.destination):
                for key in IMPLICIT_LABELS:
                    yield from ((f"{key}s", name) for name in selector.labels.get(key, ()))


def _completed(intent: Intent, parts: _Parts, changes: Iterable[Change]) -> Intent | None:
    """The intent with what the drafts leave out; None where a pool is exhausted."""
    problems = Problems()
    parts, names = dict(parts), _names(changes)
    renumbered = "segments" in parts
    if renumbered:
        parts["segments"] = _with_segments(intent, parts, names["segments"], problems)
        if len(problems):
            return None
    instances = parts.pop("instances", None)
    partial = _with_parts(intent, parts, names)
    if instances is None:
        return None if len(problems) else partial
    mine = names["instances"] & instances.keys()
    if not renumbered:
        for name in mine:
            instances[name] = _filled(instances[name], intent)
    if any(isinstance(instances[name], InstanceDraft) for name in mine):
        few = allocate_new(partial, names["instances"], instances, intent)
        if few is not None:
            instances.update(few)
        else:
            drafts = [_instance_draft(value) for _, value in sorted(instances.items())]
            instances = dict(allocate_instances(partial, drafts, intent, problems).instances)
            names = {"instances": names["instances"] | instances.keys()}
    after = _with_parts(partial, {"instances": instances}, names)
    return None if len(problems) else after


def _with_segments(
    intent: Intent, parts: _Parts, names: frozenset[str], problems: Problems
) -> dict[str, Segment]:
    """The segments of parts, with what the drafts of some names leave out."""
    every = parts["segments"]
    drafts = {name: every[name] for name in names if name in every}
    standing = [segment for name, segment in every.items() if name not in names]
    vrfs = parts.get("vrfs", intent.vrfs)
    return {**every, **allocate_segments(drafts, vrfs, intent, problems, standing)}


def _with_parts(intent: Intent, parts: _Parts, names: Mapping[str, frozenset[str]]) -> Intent:
    """The intent with some parts, of which only objects of some names may differ."""
    changed: dict[str, Any] = {
        collection: otherwise(
            getattr(intent, collection), {name: part.get(name) for name in names[collection]}
        )
        for collection, part in parts.items()
    }
    same = all(getattr(intent, name) is part for name, part in changed.items())
    return intent if same else replace(intent, **changed)


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


def _instance_draft(value: Instance | InstanceDraft) -> InstanceDraft:
    if isinstance(value, InstanceDraft):
        return value
    return InstanceDraft(
        *(value.name, value.service, value.host, value.id, value.port, value.mac, value.ip),
        value.nested_vlan,
    )
