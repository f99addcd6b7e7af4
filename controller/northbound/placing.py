"""Placements: where many instances and tenants go, as one revision, with a result for each.

A placement tool says where things shall be in one call. All of it happens, or, where it asks for
that, whatever of it can. What items need (an address, a VLAN id) is allocated for all of them
together, so no two get the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from controller.errors import Invalid, NotFound, Problem
from controller.model.change import Change, apply_changes, move_tenant
from controller.model.encode import encode_object
from controller.model.fields import describe
from controller.model.intent import Instance, Intent
from controller.model.network import Network
from controller.model.problems import closest
from controller.northbound.submission import bare_change, hosts_of
from controller.northbound.texts import kept_problem
from controller.northbound.views import Body, object_view

MOST_ITEMS: Final = 10_000
_INSTANCES: Final = "instances"
_TENANT_KEYS: Final = ("segment", "vrf", "vlan", "readdress")
_KEYS: Final[Mapping[str, tuple[str, ...]]] = {
    "place": ("service", "host", "id", "port", "mac", "ip", "vlan", "nested_vlan"),
    "move": ("host",),
    "remove": (),
}
"""What an item that is about an instance may say besides its ``op`` and its ``instance``."""


@dataclass(frozen=True, slots=True)
class Item:
    """One thing to be done. ``kind`` is tenants or instances; ``wish`` what it says besides."""

    op: str
    kind: str
    name: str
    wish: Mapping[str, Any]

    @property
    def subject(self) -> str:
        """What it is about: ``instances/web-1``."""
        return f"{self.kind}/{self.name}"


@dataclass(slots=True)
class Placement:
    """Items of one call. ``refused`` holds what is wrong with some, by index, once it was tried."""

    items: Sequence[Item]
    atomic: bool = True
    message: str = ""
    refused: dict[int, tuple[Problem, ...]] = field(default_factory=dict)

    def made_of(self, network: Network) -> Intent:
        """The intent that items make of a network's. Raises Invalid: with atomic, for any item."""
        self.refused = {}
        intent = self._tenants(network.intent)
        hosts = hosts_of(network)
        while True:
            changes = self._changes(intent)
            try:
                made = apply_changes(intent, changes.values(), hosts=hosts)
            except Invalid as error:
                self._refuse(changes, error)
            else:
                break
            if self.atomic:
                break
        if self.refused and (self.atomic or len(self.refused) == len(self.items)):
            raise Invalid(tuple(p for index in sorted(self.refused) for p in self.refused[index]))
        return made

    def results(self, after: Network) -> list[Body]:
        """What became of each item: what to plug in now, or why nothing was done."""
        return [self._result(index, item, after) for index, item in enumerate(self.items)]

    def _result(self, index: int, item: Item, after: Network) -> Body:
        shown: Body = {"op": item.op, item.kind[:-1]: item.name, "done": index not in self.refused}
        if index in self.refused:
            shown["errors"] = [{"path": p.path, "message": p.message} for p in self.refused[index]]
        elif item.name in getattr(after.intent, item.kind):
            shown["object"] = object_view(after, item.kind, item.name)
        return shown

    def _tenants(self, intent: Intent) -> Intent:
        for index, item in enumerate(self.items):
            if item.kind != "tenants":
                continue
            try:
                intent = move_tenant(intent, item.name, **item.wish)
            except NotFound as error:
                self.refused[index] = (Problem(f"items[{index}].tenant", str(error)),)
            except Invalid as error:
                self.refused[index] = tuple(_below(index, error.problems, item))
        return intent

    def _changes(self, intent: Intent) -> dict[int, Change]:
        """What is to be done with instances, by the index of the item that says so."""
        found: dict[int, Change] = {}
        for index, item in enumerate(self.items):
            if item.kind != _INSTANCES or index in self.refused:
                continue
            held = intent.instances.get(item.name)
            if held is None and item.op != "place":
                message = (
                    f"there is no instance `{item.name}`{closest(item.name, intent.instances)}"
                )
                self.refused[index] = (Problem(f"items[{index}].instance", message),)
            else:
                found[index] = _change(item, held)
        return found

    def _refuse(self, changes: Mapping[int, Change], error: Invalid) -> None:
        """Find the items that problems are about. Raises the error where there is none."""
        before = len(self.refused)
        left = list(error.problems)
        for index, change in changes.items():
            path = f"{_INSTANCES}.{change.name}"
            own = [p for p in left if p.path == path or p.path.startswith(f"{path}.")]
            if own:
                self.refused[index] = tuple(_below(index, own, self.items[index]))
        if len(self.refused) == before:
            raise error


def decode_placement(tree: object) -> Placement:
    """The body of a call. Raises Invalid with every problem.

    ``{"items": [{"op": "place", "instance": "web-3", "service": "web", "host": "host-2"}, {"op":
    "move", "instance": "web-1", "host": "host-2"}, {"op": "remove", "instance": "web-2"}, {"op":
    "move", "tenant": "shop", "vrf": "monitoring"}], "atomic": true, "message": "..."}``.
    """
    problems: list[Problem] = []
    body = _mapping(tree, "body", ("items", "atomic", "message"), problems)
    trees = body.get("items")
    if not isinstance(trees, Sequence) or isinstance(trees, str) or not trees:
        problems.append(Problem("items", f"expected a list of items, found {describe(trees)}"))
        trees = []
    if len(trees) > MOST_ITEMS:
        problems.append(Problem("items", f"expected at most {MOST_ITEMS}, found {len(trees)}"))
        trees = []
    atomic, message = body.get("atomic", True), body.get("message", "")
    if not isinstance(atomic, bool):
        problems.append(Problem("atomic", f"expected true or false, found {describe(atomic)}"))
    if not isinstance(message, str):
        problems.append(Problem("message", f"expected a text, found {describe(message)}"))
    elif (wrong := kept_problem(message)) is not None:
        problems.append(Problem("message", wrong))
    items = [_item(one, f"items[{index}]", problems) for index, one in enumerate(trees)]
    known = [item for item in items if item is not None]
    problems += _twice(items)
    if problems:
        raise Invalid(tuple(problems))
    return Placement(known, atomic, message)


def _item(tree: object, path: str, problems: list[Problem]) -> Item | None:
    if not isinstance(tree, Mapping):
        problems.append(Problem(path, f"expected an item, found {describe(tree)}"))
        return None
    kind = "tenants" if "tenant" in tree else _INSTANCES
    op = tree.get("op")
    ops = ("move",) if kind == "tenants" else tuple(_KEYS)
    if op not in ops:
        expected = " or ".join(ops)
        problems.append(Problem(f"{path}.op", f"expected {expected}, found {describe(op)}"))
        return None
    name = tree.get(kind[:-1])
    if not isinstance(name, str):
        message = f"expected the name of an instance (or of a tenant), found {describe(name)}"
        problems.append(Problem(f"{path}.{kind[:-1]}", message))
        return None
    keys = _TENANT_KEYS if kind == "tenants" else _KEYS[op]
    count = len(problems)
    wish = _mapping(tree, path, ("op", kind[:-1], *keys), problems)
    wish = {key: value for key, value in wish.items() if key in keys}
    problems += _wrong_types(wish, kind, op, path)
    return Item(op, kind, name, wish) if len(problems) == count else None


def _wrong_types(wish: Mapping[str, Any], kind: str, op: str, path: str) -> Iterable[Problem]:
    """Values that the model would not see as text or number."""
    if kind == _INSTANCES:
        if op == "move" and not isinstance(wish.get("host"), str):
            message = f"expected the name of a host, found {describe(wish.get('host'))}"
            yield Problem(f"{path}.host", message)
        vlan = wish.get("vlan")
        if isinstance(vlan, bool) or not isinstance(vlan, int | None):
            yield Problem(f"{path}.vlan", f"expected a number, found {describe(vlan)}")
        return
    for key in ("segment", "vrf"):
        if not isinstance(wish.get(key), str | None):
            yield Problem(f"{path}.{key}", f"expected a name, found {describe(wish[key])}")
    vlan = wish.get("vlan")
    if isinstance(vlan, bool) or not (vlan in (None, "auto") or isinstance(vlan, int)):
        yield Problem(f"{path}.vlan", f"expected auto or a number, found {describe(vlan)}")
    if not isinstance(wish.get("readdress", False), bool):
        message = f"expected true or false, found {describe(wish['readdress'])}"
        yield Problem(f"{path}.readdress", message)


def _twice(items: Iterable[Item | None]) -> Iterable[Problem]:
    first: dict[str, int] = {}
    for index, item in enumerate(items):
        if item is not None and first.setdefault(item.subject, index) != index:
            message = f"{item.subject} is named by items[{first[item.subject]}] already"
            yield Problem(f"items[{index}]", f"{message}; say in one item what shall become of it")


def _mapping(
    tree: object, path: str, keys: tuple[str, ...], problems: list[Problem]
) -> Mapping[str, Any]:
    if not isinstance(tree, Mapping):
        problems.append(Problem(path, f'expected {{"items": [...]}}, found {describe(tree)}'))
        return {}
    prefix = "" if path == "body" else f"{path}."
    for key in tree:
        if key not in keys:
            known = f"unknown key{closest(str(key), keys)}; known are {', '.join(keys)}"
            problems.append(Problem(f"{prefix}{key}", known))
    return tree


def _change(item: Item, held: Instance | None) -> Change:
    if item.op == "remove":
        return Change("delete", _INSTANCES, item.name)
    if item.op == "move" and held is not None:
        return Change(
            "put", _INSTANCES, item.name, {**encode_object(_INSTANCES, held), **item.wish}
        )
    return bare_change(Change("put", _INSTANCES, item.name, item.wish))


def _below(index: int, problems: Iterable[Problem], item: Item) -> Iterable[Problem]:
    """Problems with their paths in the call instead of in a document."""
    for problem in problems:
        path = problem.path.removeprefix(f"{item.kind}.{item.name}").lstrip(".")
        yield Problem(f"items[{index}]{'.' if path else ''}{path}", problem.message)
