"""Names that objects of a document use: reports what dangles and keeps what is whole."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Final, NamedTuple

from controller.model.draft import Draft
from controller.model.positions import Path
from controller.model.problems import Problems, closest

Declared = Mapping[str, Collection[str]]
"""Collection to all names the document declares, also of objects that are not well-formed."""

HOSTS: Final = "hosts"
"""The one namespace that an intent document uses and does not declare: the topology's hosts."""

_MISSING: Final = {
    "vrfs": "there is no VRF",
    "classes": "there is no class",
    "segments": "there is no segment",
    "tenants": "there is no tenant",
    "services": "there is no service",
    HOSTS: "the topology has no host",
}


class Use(NamedTuple):
    """At ``path`` the document names an object of a collection."""

    path: Path
    collection: str
    name: str


def check_references(uses: Iterable[Use], declared: Declared, problems: Problems) -> None:
    """Reports every used name that is not declared. Collections not in ``declared`` are unknown
    and so not checked."""
    for use in uses:
        names = declared.get(use.collection)
        if names is not None and use.name not in names:
            hint = closest(use.name, names)
            problems.add(use.path, f"{_MISSING[use.collection]} `{use.name}`{hint}")


def keep_whole(draft: Draft) -> None:
    """Drops objects whose references lead nowhere, so that the rest can be checked further."""
    draft.segments = {n: s for n, s in draft.segments.items() if s.vrf in draft.vrfs}
    draft.tenants = {n: t for n, t in draft.tenants.items() if t.segment in draft.segments}
    draft.services = {
        n: s
        for n, s in draft.services.items()
        if s.tenant in draft.tenants and s.qos_class in draft.classes
    }
    draft.instances = {n: i for n, i in draft.instances.items() if i.service in draft.services}
    draft.rules = {
        n: r for n, r in draft.rules.items() if r.qos_class is None or r.qos_class in draft.classes
    }
