"""Decodes an intent document: all problems at once, or a complete and valid intent.

The tree is what a YAML or JSON reader gives: mappings, lists, texts, numbers, booleans, None.
Three passes: each object alone, then the names objects use, then (with what is left out
allocated) all objects together. An object with a problem is left out of the later passes, so one
mistake is reported once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, TypeVar

from controller.model.allocate import allocate
from controller.model.check import check
from controller.model.collections import COLLECTIONS
from controller.model.decode_objects import (
    decode_class,
    decode_instance,
    decode_rule,
    decode_segment,
    decode_service,
    decode_tenant,
    decode_vrf,
    open_object,
)
from controller.model.draft import Draft
from controller.model.fields import Fields, describe
from controller.model.intent import BEST_EFFORT, Instance, Intent
from controller.model.positions import NO_POSITIONS, Positions
from controller.model.problems import Problems, closest
from controller.model.references import HOSTS, Use, check_references, keep_whole

T = TypeVar("T")
_EMPTY: Final = Intent()


def decode_intent(
    document: object,
    previous: Intent = _EMPTY,
    positions: Positions = NO_POSITIONS,
    hosts: frozenset[str] | None = None,
) -> Intent:
    """The intent a document says, with the rest allocated.

    ``previous`` is the revision before: what the document leaves out stays as it was there, and an
    instance may keep an address outside its segment's subnet only if it had it there. ``hosts``
    are the topology's hosts, None when unknown. Raises :class:`errors.Invalid`.
    """

    def accepted(instance: Instance) -> bool:
        held = previous.instances.get(instance.name)
        return held is not None and held.ip == instance.ip

    return _decode(document, previous, Problems(positions), hosts, accepted)


def restore_intent(document: object) -> Intent:
    """The intent that ``encode_intent`` wrote: nothing is left to allocate.

    For documents that were accepted before (a stored revision): an address outside its segment's
    subnet is taken as it is, for the move that made it so is not in the document. Raises
    :class:`errors.Invalid`.
    """
    return _decode(document, _EMPTY, Problems(), None, lambda instance: True)


def uses_of(document: Mapping[str, object]) -> list[Use]:
    """Every place of a document that names another object."""
    reader = _Reader(document, Problems())
    reader.read_all()
    return reader.uses


def _decode(
    document: object,
    previous: Intent,
    problems: Problems,
    hosts: frozenset[str] | None,
    accepted: Callable[[Instance], bool],
) -> Intent:
    draft = _read(document, hosts, problems)
    keep_whole(draft)
    intent = allocate(draft, previous, problems)
    check(intent, accepted, problems)
    problems.raise_if_any()
    return intent


def _read(document: object, hosts: frozenset[str] | None, problems: Problems) -> Draft:
    if not isinstance(document, Mapping | None):
        problems.add((), f"expected a mapping of collections, found {describe(document)}")
        return Draft()
    tree: Mapping[object, object] = document or {}
    for key in tree:
        if key not in COLLECTIONS:
            hint = closest(str(key), COLLECTIONS) or f"; known are {', '.join(COLLECTIONS)}"
            problems.add((str(key),), f"unknown collection{hint}")
    reader = _Reader(tree, problems)
    draft = reader.read_all()
    known = reader.declared if hosts is None else {**reader.declared, HOSTS: hosts}
    check_references(reader.uses, known, problems)
    return draft


class _Reader:
    """Reads the collections of a document, noting every name it declares or uses."""

    def __init__(self, tree: Mapping[Any, object], problems: Problems) -> None:
        self.declared: dict[str, set[str]] = {collection: set() for collection in COLLECTIONS}
        self.declared["classes"].add(BEST_EFFORT.name)
        self.uses: list[Use] = []
        self._tree = tree
        self._problems = problems

    def read_all(self) -> Draft:
        return Draft(
            vrfs=dict(self._read("vrfs", decode_vrf)),
            classes={
                BEST_EFFORT.name: BEST_EFFORT,
                **dict(self._read("classes", decode_class)),
            },
            segments=dict(self._read("segments", decode_segment)),
            tenants=dict(self._read("tenants", decode_tenant)),
            services=dict(self._read("services", decode_service)),
            instances=dict(self._read("instances", decode_instance)),
            rules=dict(self._read("rules", decode_rule)),
        )

    def _read(
        self, collection: str, decoder: Callable[[Fields, str], T | None]
    ) -> Iterator[tuple[str, T]]:
        for name, body in self._bodies(collection):
            self.declared[collection].add(name)
            fields = open_object(collection, name, body, self._problems)
            value = decoder(fields, name)
            self.uses += fields.uses
            if value is not None:
                yield name, value

    def _bodies(self, collection: str) -> Iterator[tuple[str, object]]:
        value = self._tree.get(collection)
        if isinstance(value, list | tuple) and collection == "rules":
            yield from self._listed(collection, value)
        elif isinstance(value, Mapping):
            for name, body in value.items():
                if isinstance(name, str):
                    yield name, body
                else:
                    self._problems.add(
                        (collection,), f"expected a text as name, found {describe(name)}; quote it"
                    )
        elif value is not None:
            self._problems.add(
                (collection,), f"expected a mapping of names, found {describe(value)}"
            )

    def _listed(
        self, collection: str, bodies: list[object] | tuple[object, ...]
    ) -> Iterator[tuple[str, object]]:
        seen: dict[str, int] = {}
        for index, body in enumerate(bodies):
            where = (collection, index)
            name = body.get("name") if isinstance(body, Mapping) else None
            if not isinstance(body, Mapping):
                self._problems.add(where, f"expected a mapping, found {describe(body)}")
            elif not isinstance(name, str):
                self._problems.add(where, f"`name` must be a text, found {describe(name)}")
            elif name in seen:
                self._problems.add(
                    where, f"`{name}` is already the name of {collection}[{seen[name]}]"
                )
            else:
                seen[name] = index
                self._problems.place((collection, name), where)
                yield name, body
