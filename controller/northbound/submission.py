"""What a client submits: a whole document or a list of changes, with origins and a message."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, NoReturn

from controller.errors import Invalid, Problem
from controller.model.change import Change, apply_changes, decode_changes
from controller.model.decode import decode_intent
from controller.model.fields import describe
from controller.model.intent import Intent
from controller.model.kept import kept_objects
from controller.model.network import Network
from controller.model.positions import NO_POSITIONS, Positions
from controller.model.problems import closest
from controller.northbound.origins import kept, origins_of, positions_of, without
from controller.northbound.ports import Origins
from controller.northbound.texts import checked_text, shown
from controller.northbound.views import DERIVED, Body, object_view

_KEYS: Final = ("document", "changes", "origins", "message")
_VLAN_ID_MIN: Final = 4096


@dataclass(frozen=True, slots=True)
class Submission:
    """A whole ``document``, or ``changes``; exactly one of them is not None."""

    document: object | None
    changes: tuple[Change, ...] | None
    origins: Origins
    positions: Positions
    message: str = ""

    def applied_to(self, network: Network) -> Intent:
        """The intent that this makes of a network's. Raises :class:`errors.Invalid`."""
        hosts = hosts_of(network)
        if self.changes is None:
            decoded = decode_intent(self.document, network.intent, self.positions, hosts)
            return kept_objects(network.intent, decoded)
        bare = [bare_change(change) for change in self.changes]
        result = apply_changes(network.intent, bare, self.positions, hosts)
        after = Network(result, network.topology, network.facts)
        problems = [p for change in self.changes for p in derived_problems(change, after)]
        if problems:
            raise Invalid(tuple(problems))
        return result

    def origins_after(self, before: Origins, after: Intent) -> Origins:
        """Where the resulting intent's objects are written down."""
        if self.changes is None:
            return kept(self.origins, after)
        touched = {f"{change.collection}/{change.name}" for change in self.changes}
        if not self.origins and touched.isdisjoint(before):
            return before
        return {**without(before, touched), **kept(self.origins, after)}


def decode_submission(tree: object, positions: Positions = NO_POSITIONS) -> Submission:
    """The body of ``apply`` and ``plan``. Raises :class:`errors.Invalid`.

    Either ``{"document": ...}`` or ``{"changes": [...]}``, each with optional ``origins`` and
    ``message``, or the intent document itself.
    """
    if not isinstance(tree, Mapping) or not tree:
        _refuse(
            "body",
            'expected an intent document, {"document": ...} or {"changes": [...]}, found '
            f"{describe(tree) if tree else 'nothing'}; "
            'to remove everything send {"document": {}}',
        )
    if not {"document", "changes"} & set(tree):
        return Submission(tree, None, origins_of(tree, positions), positions)
    _check_keys(tree)
    message = tree.get("message", "")
    if not isinstance(message, str):
        _refuse("message", f"expected a text, found {describe(message)}")
    checked_text(message, "message")
    given = _decode_origins(tree.get("origins"))
    if "changes" in tree:
        changes = decode_changes(tree["changes"], positions)
        return Submission(None, changes, given, positions_of(None, given), message)
    document = tree["document"]
    if not isinstance(document, Mapping):
        _refuse(
            "document",
            f"expected an intent document, found {describe(document)}; "
            'to remove everything send {"document": {}}',
        )
    if given:
        return Submission(document, None, given, positions_of(document, given), message)
    inner = _inside(positions, "document")
    return Submission(document, None, origins_of(document, inner), inner, message)


def single(change: Change) -> Submission:
    """One change as a submission."""
    return Submission(None, (change,), {}, NO_POSITIONS)


def hosts_of(network: Network) -> frozenset[str] | None:
    """The hosts an instance may be on, None while no topology is known."""
    switches = network.topology.switches.values()
    return frozenset(s.host for s in switches if s.role == "edge") if switches else None


def bare_change(change: Change) -> Change:
    """A change whose body is a document's: without the API's read-only keys."""
    if not isinstance(change.body, Mapping):
        return change
    derived = _claims(change)
    body = {k: v for k, v in change.body.items() if k not in derived and k != "nested_vlan"}
    nested = change.body.get("nested_vlan")
    if nested is not None:
        if change.collection != "instances":
            body["nested_vlan"] = nested
        else:
            body["vlan"] = nested
    return Change(change.op, change.collection, change.name, body)


def derived_problems(change: Change, after: Network) -> list[Problem]:
    """A read-only key may be sent back as it was read, but says nothing else than what is."""
    if change.op != "put":
        return []
    view = object_view(after, change.collection, change.name)
    path = f"{change.collection}.{change.name}"
    return [
        Problem(f"{path}.{key}", f"is read-only: expected {view[key]} or nothing, found {value}")
        for key, value in _claims(change).items()
        if view[key] != value
    ]


def _claims(change: Change) -> Body:
    """The read-only keys of a body. A small ``vlan`` of an instance is a document's: nested."""
    body: Mapping[str, Any] = change.body if isinstance(change.body, Mapping) else {}
    known = DERIVED.get(change.collection, frozenset()) | {"name"}
    found = {key: value for key, value in body.items() if key in known}
    vlan = found.get("vlan")
    if change.collection == "instances" and isinstance(vlan, int) and vlan < _VLAN_ID_MIN:
        del found["vlan"]
    return found


def _check_keys(tree: Mapping[Any, object]) -> None:
    problems = [
        Problem(str(key), f"unknown key{closest(str(key), _KEYS)}; known are {', '.join(_KEYS)}")
        for key in tree
        if key not in _KEYS
    ]
    if {"document", "changes"} <= set(tree):
        problems.append(Problem("changes", "give either `document` or `changes`, not both"))
    if problems:
        raise Invalid(tuple(problems))


def _decode_origins(value: object) -> Origins:
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        _refuse("origins", f"expected a mapping, found {describe(value)}")
    found: dict[str, tuple[str, int]] = {}
    for key, place in value.items():
        match place:
            case [str(file), int(line)] if line > 0 and not isinstance(line, bool):
                found[str(key)] = (checked_text(file, f"origins.{key}"), line)
            case _:
                _refuse(f"origins.{key}", f"expected [file, line], found {shown(place)}")
    return found


def _inside(positions: Positions, key: str) -> Positions:
    """The positions of one key's value, as if it were the whole document."""
    places = {path[1:]: place for path, place in positions.places.items() if path[:1] == (key,)}
    return Positions(places, positions.problems)


def _refuse(path: str, message: str) -> NoReturn:
    raise Invalid((Problem(path, message),))
