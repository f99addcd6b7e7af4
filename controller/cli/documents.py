"""The operator's files: read with positions, so that the server's problems name file and line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from controller.cli.exits import Exit, Stop
from controller.errors import Invalid, Problem
from controller.model.positions import Place, Positions
from controller.model.problems import path_text
from controller.northbound.documents import load_text, load_yaml
from controller.northbound.origins import origins_of

Origins = dict[str, tuple[str, int]]


@dataclass(frozen=True, slots=True)
class Document:
    """What is submitted: the body of ``apply`` without a message, and the lines of its paths."""

    content: Mapping[str, Any]
    places: Mapping[str, Place]

    def body(self, message: str) -> dict[str, Any]:
        """The body of ``apply`` and ``plan``; without a message the one that the file gives."""
        return {**self.content, "message": message or self.content.get("message", "")}

    def locate(self, problem: Problem) -> Problem:
        """The problem with the line its path has here, or that of the nearest one around it."""
        path = problem.path
        while path:
            if path in self.places:
                return Problem(problem.path, problem.message, *self.places[path])
            path = path[: max(path.rfind("."), path.rfind("["), 0)]
        return problem


def read(path: str) -> Document:
    """Reads a file or a folder: an intent document, or a list of ``changes``. Raises Stop."""
    tree, positions = _read(path)
    if isinstance(tree, dict) and "changes" in tree:
        return _of_changes(tree, positions)
    if tree is None:
        message = "there is nothing in it; to remove everything write {}"
        raise Stop(Exit.INVALID, f"{path}: expected an intent document or `changes`: {message}")
    origins = origins_of(tree, positions)
    return Document({"document": tree, "origins": origins}, _places(tree, positions))


def one(collection: str, name: str, path: str | None, said: Sequence[str]) -> Document:
    """One object that shall be put: a file's body, with what is ``said`` over it. Raises Stop."""
    tree, positions = _read(path) if path else ({}, Positions())
    if not isinstance(tree, dict):
        raise Stop(Exit.INVALID, f"{path}: expected the keys of one object, found no mapping")
    body = tree | dict(pair for text in said for pair in _said(text).items())
    change = {"op": "put", "collection": collection, "name": name, "body": body}
    inside = {("changes", 0, "body", *way): place for way, place in positions.places.items()}
    return _of_changes({"changes": [change]}, Positions(inside))


def none(collection: str, name: str) -> Document:
    """One object that shall be deleted."""
    return Document({"changes": [{"op": "delete", "collection": collection, "name": name}]}, {})


def _said(text: str) -> Mapping[str, object]:
    """``KEY=VALUE``, or all keys as JSON; a value is read as it would be in a document."""
    if text.lstrip().startswith("{"):
        tree = _value(text, text)
        return tree if isinstance(tree, dict) else {}
    key, equals, value = text.partition("=")
    if not (key and equals):
        raise Stop(Exit.INVALID, f"expected KEY=VALUE or a JSON object, found {text}")
    return {key: _value(value, text)}


def _value(value: str, text: str) -> object:
    try:
        tree, positions = load_text(value, text)
    except Invalid as error:
        raise Stop(Exit.INVALID, str(error)) from None
    if positions.problems:
        raise Stop(Exit.INVALID, "\n".join(map(str, positions.problems)))
    return tree


def _read(path: str) -> tuple[object, Positions]:
    try:
        tree, positions = load_yaml(Path(path))
    except OSError as error:
        raise Stop(Exit.INVALID, f"{path}: {error.strerror}") from None
    except Invalid as error:
        raise Stop(Exit.INVALID, str(error)) from None
    if positions.problems:
        raise Stop(Exit.INVALID, "\n".join(map(str, positions.problems)))
    return tree, positions


def _of_changes(tree: Mapping[str, Any], positions: Positions) -> Document:
    """A list of changes, with the place of each that says what an object shall be."""
    listed = tree["changes"] if isinstance(tree["changes"], list) else []
    subjects = {n: _subject(change) for n, change in enumerate(listed)}
    origins: Origins = {}
    places: dict[str, Place] = {}
    for way, place in positions.places.items():
        places[path_text(way)] = place
        index = way[1] if way[:1] == ("changes",) and len(way) > 1 else None
        subject = subjects.get(index) if isinstance(index, int) else None
        if subject is not None and way[2:3] == ("body",):
            places[path_text((*subject, *way[3:]))] = place
            origins.setdefault("/".join(subject), (place.file, place.line))
    return Document({**tree, "origins": origins}, places)


def _subject(change: object) -> tuple[str, str] | None:
    """The collection and name that a change puts."""
    match change:
        case {"op": "put", "collection": str(collection), "name": str(name)}:
            return collection, name
        case _:
            return None


def _places(tree: object, positions: Positions) -> dict[str, Place]:
    """Lines by the path the server writes: rules by name, though they stand in a list."""
    rules = tree.get("rules") if isinstance(tree, dict) else None
    listed = rules if isinstance(rules, list) else []
    names = {i: rule.get("name") for i, rule in enumerate(listed) if isinstance(rule, dict)}
    found: dict[str, Place] = {}
    for path, place in positions.places.items():
        if path[:1] == ("rules",) and len(path) > 1:
            name = names.get(path[1]) if isinstance(path[1], int) else None
            path = ("rules", name if isinstance(name, str) else path[1], *path[2:])
        found[path_text(path)] = place
    return found
