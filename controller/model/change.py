"""Changes of an intent: each gives a whole new intent, validated as a document is, or none."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, cast, get_args

from controller.errors import Invalid, NotFound, Problem
from controller.model.change_objects import PUT, Change, Op, change_objects
from controller.model.change_rules import change_rules
from controller.model.collections import COLLECTIONS
from controller.model.decode import decode_intent, uses_of
from controller.model.encode import Tree, encode_object, tree_of
from controller.model.fields import Fields, describe
from controller.model.intent import BEST_EFFORT, Intent
from controller.model.kept import kept_objects
from controller.model.positions import NO_POSITIONS, Positions
from controller.model.problems import Problems, closest, path_text
from controller.model.references import Use
from controller.model.tenant_move import move_tenant

_KEYS: Final = ("op", "collection", "name", "body")


def decode_changes(document: object, positions: Positions = NO_POSITIONS) -> tuple[Change, ...]:
    """A list of ``{op, collection, name, body}`` as changes. Raises :class:`errors.Invalid`."""
    problems = Problems(positions)
    if not isinstance(document, Sequence) or isinstance(document, str):
        problems.add((), f"expected a list of changes, found {describe(document)}")
        problems.raise_if_any()
        return ()
    changes = []
    for index, tree in enumerate(document):
        fields = Fields(tree, ("changes", index), problems, _KEYS)
        op: Op = fields.text("op", _parse_op, PUT)
        collection, name = fields.text("collection", str, ""), fields.text("name", str, "")
        changes.append(Change(op, collection, name, fields.value("body")))
    problems.raise_if_any()
    return tuple(changes)


def _parse_op(text: str) -> Op:
    if text not in get_args(Op):
        raise ValueError(f"expected put or delete, found `{text}`")
    return cast(Op, text)


def apply_changes(
    intent: Intent,
    changes: Iterable[Change],
    positions: Positions = NO_POSITIONS,
    hosts: frozenset[str] | None = None,
) -> Intent:
    """The intent after all changes, in their order.

    Only the result must be valid, so changes that belong together may come in any order. Raises
    :class:`errors.Invalid` with every problem; a deleted object that is still used is reported
    with its users. What is not changed is the same object as before, and not read again.
    """
    changes = tuple(changes)
    if positions.problems:
        return _whole(intent, changes, positions, hosts)
    return (
        change_rules(intent, changes, hosts)
        or change_objects(intent, changes, hosts)
        or _whole(intent, changes, positions, hosts)
    )


def _whole(
    intent: Intent,
    changes: Iterable[Change],
    positions: Positions,
    hosts: frozenset[str] | None,
) -> Intent:
    """By the whole document: every change there is, and every problem with its place."""
    tree = tree_of(intent)
    problems = Problems(positions)
    deleted: set[tuple[str, str]] = set()
    for change in changes:
        key = (change.collection, change.name)
        if _refused(change, tree, problems):
            continue
        if change.op == "put":
            tree[change.collection][change.name] = change.body
            deleted.discard(key)
        else:
            del tree[change.collection][change.name]
            deleted.add(key)
    problems.raise_if_any()
    return kept_objects(intent, _decode_after(tree, deleted, intent, positions, hosts))


def _refused(change: Change, tree: Tree, problems: Problems) -> bool:
    count = len(problems)
    if change.collection not in COLLECTIONS:
        hint = closest(change.collection, COLLECTIONS) or f"; known are {', '.join(COLLECTIONS)}"
        problems.add((change.collection,), f"unknown collection{hint}")
    elif change.op == "delete":
        path = (change.collection, change.name)
        if path == ("classes", BEST_EFFORT.name):
            problems.add(path, "best-effort always exists; put it to change its rates")
        elif change.name not in tree[change.collection]:
            hint = closest(change.name, tree[change.collection])
            problems.add(path, f"there is nothing to delete{hint}")
    return len(problems) > count


def _decode_after(
    tree: Tree,
    deleted: set[tuple[str, str]],
    previous: Intent,
    positions: Positions,
    hosts: frozenset[str] | None,
) -> Intent:
    try:
        return decode_intent(tree, previous, positions, hosts)
    except Invalid as error:
        dangling = [use for use in uses_of(tree) if (use.collection, use.name) in deleted]
        paths = {path_text(use.path) for use in dangling}
        rest = [problem for problem in error.problems if problem.path not in paths]
        raise Invalid((*_still_used(dangling), *rest)) from None


def _still_used(dangling: Iterable[Use]) -> list[Problem]:
    users: dict[tuple[str, str], list[str]] = {}
    for use in dangling:
        users.setdefault((use.collection, use.name), []).append(path_text(use.path))
    return [
        Problem(
            path_text(key), f"is still used by {', '.join(found)}; change or delete those as well"
        )
        for key, found in sorted(users.items())
    ]


def move_instance(
    intent: Intent, instance: str, host: str, hosts: frozenset[str] | None = None
) -> Intent:
    """The intent with one instance on another host; its id, MAC and address stay.

    Raises :class:`errors.NotFound` without such an instance, :class:`errors.Invalid` where it
    cannot be there.
    """
    if instance not in intent.instances:
        raise NotFound(f"there is no instance `{instance}`{closest(instance, intent.instances)}")
    if intent.instances[instance].host == host:
        return intent
    body = {**encode_object("instances", intent.instances[instance]), "host": host}
    return apply_changes(intent, [Change(PUT, "instances", instance, body)], hosts=hosts)


__all__ = ["Change", "Op", "apply_changes", "decode_changes", "move_instance", "move_tenant"]
