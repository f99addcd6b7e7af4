"""YAML and JSON texts: to plain trees with the line of every node, and back.

Only the plain core of YAML 1.2 is read: mappings, lists, texts, numbers, true, false, null. So
`no` and `12:30` are texts, as JSON (which is read by the same reader) has them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import yaml

from controller.errors import Invalid, Problem
from controller.model import positions
from controller.model.positions import Place, Positions
from controller.model.problems import path_text

NODES_MAX: Final = 1_000_000  # nodes of a document with its aliases expanded
DEPTH_MAX: Final = 32
_SUFFIXES: Final = (".yaml", ".yml", ".json")
_INT: Final = re.compile(r"[-+]?(0|[1-9][0-9]*)")
_FLOAT: Final = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_WORDS: Final[Mapping[str, bool | None]] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_TEXT_TAG: Final = "tag:yaml.org,2002:str"
_Base: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the C one where PyYAML has it


class _Loader(_Base):  # type: ignore[misc]
    """Composes nodes; plain scalars keep their text, for this module to tell what they are."""

    yaml_implicit_resolvers: Mapping[str, object] = {}


def load_text(text: str, name: str) -> tuple[object, Positions]:
    """The tree of a text and its positions; ``name`` is what messages call the file.

    Raises :class:`errors.Invalid` for a text that is no document. A key given twice or a tag is
    among the problems of the positions, for who decodes the tree to report with the rest.
    """
    reader = _Reader(name)
    try:
        node = yaml.compose(text, Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else None
        message = f"not YAML: {error.problem or error.context}; check the indent and the quotes"
        raise Invalid((Problem("document", message, name, line),)) from None
    except (yaml.YAMLError, RecursionError) as error:
        reason = " ".join(str(error).split())
        raise Invalid((Problem("document", f"not YAML: {reason}", name),)) from None
    tree = None if node is None else reader.read(node, ())
    return tree, Positions(reader.places, tuple(reader.problems))


def load_yaml(source: Path | str, name: str | None = None) -> tuple[object, Positions]:
    """The tree and positions of a path (a file, or a directory of them) or of a text.

    A text needs a ``name`` for messages; without one ``source`` is a path. The files of a
    directory (``*.yaml``, ``*.yml``, ``*.json``, by name) make one document. Raises
    :class:`errors.Invalid`, and OSError where a file cannot be read.
    """
    if name is not None:
        return load_text(str(source), name)
    path = Path(source)
    if not path.is_dir():
        return load_text(_text(path), str(path))
    files = sorted(f for f in path.iterdir() if f.suffix in _SUFFIXES and f.is_file())
    if not files:
        message = f"the directory has no file that ends in {', '.join(_SUFFIXES)}"
        raise Invalid((Problem("document", message, str(path)),))
    return load_files(files)


def load_files(files: Iterable[Path]) -> tuple[object, Positions]:
    """Several files as one document. What two files both say is a problem naming both places."""
    merge = _Merge()
    problems: list[Problem] = []
    for file in files:
        try:
            tree, places = load_text(_text(file), str(file))
        except Invalid as error:
            problems += error.problems
            continue
        merge.add(tree, places, str(file))
    if problems:
        raise Invalid((*problems, *merge.problems))
    return merge.tree, Positions(merge.places, tuple(merge.problems))


def dump_yaml(tree: object) -> str:
    """The YAML text of a tree, in the order of its keys as given."""
    text: str = yaml.safe_dump(
        tree, sort_keys=False, default_flow_style=None, width=100, allow_unicode=True
    )
    return text


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise Invalid((Problem("document", "not UTF-8 text", str(path)),)) from None


class _Reader:
    """Turns composed nodes into plain values, noting places and problems."""

    def __init__(self, file: str) -> None:
        self._file = file
        self._left = NODES_MAX
        self.places: dict[positions.Path, Place] = {}
        self.problems: list[Problem] = []

    def read(self, node: yaml.Node, path: positions.Path) -> object:
        self._left -= 1
        self.places.setdefault(path, Place(self._file, node.start_mark.line + 1))
        if self._left < 0 or len(path) > DEPTH_MAX:
            message = "the document is too deep or, with its aliases expanded, too large"
            line = node.start_mark.line + 1
            raise Invalid((Problem("document", message, self._file, line),))
        match node:
            case yaml.MappingNode():
                return dict(self._entries(node, path))
            case yaml.SequenceNode():
                return [self.read(item, (*path, i)) for i, item in enumerate(node.value)]
            case _:
                return self._scalar(node, path)

    def _entries(
        self, node: yaml.MappingNode, path: positions.Path
    ) -> Iterator[tuple[object, object]]:
        lines: dict[object, int] = {}
        for key_node, value_node in node.value:
            if not isinstance(key_node, yaml.ScalarNode):
                self._fail(key_node, path, "expected a text as key, found a list or a mapping")
                continue
            key = self._scalar(key_node, path)
            line = key_node.start_mark.line + 1
            inner = (*path, key if isinstance(key, str) else str(key))
            if key in lines:
                self._fail(key_node, inner, f"given twice; the first is in line {lines[key]}")
                continue
            lines[key] = line
            self.places[inner] = Place(self._file, line)
            yield key, self.read(value_node, inner)

    def _scalar(self, node: yaml.Node, path: positions.Path) -> object:
        if node.tag != _TEXT_TAG:
            self._fail(node, path, f"the tag {node.tag} is not used here; remove it")
            return None
        text: str = node.value
        return _plain(text) if isinstance(node, yaml.ScalarNode) and not node.style else text

    def _fail(self, node: yaml.Node, path: positions.Path, message: str) -> None:
        line = node.start_mark.line + 1
        self.problems.append(Problem(path_text(path), message, self._file, line))


def _plain(text: str) -> object:
    if text in _WORDS:
        return _WORDS[text]
    if _INT.fullmatch(text) and len(text) <= 20:
        return int(text)
    return float(text) if _FLOAT.fullmatch(text) and not _INT.fullmatch(text) else text


_Objects = Mapping[positions.Path, Mapping[positions.Path, Place]]
"""The places in one file, by the path of the object (collection and name or index)."""


@dataclass(slots=True)
class _Merge:
    """One document out of several: collections are joined, objects are not."""

    tree: dict[object, Any] = field(default_factory=dict)
    places: dict[positions.Path, Place] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def add(self, tree: object, places: Positions, file: str) -> None:
        self.problems += places.problems
        if tree is None:
            return
        if not isinstance(tree, Mapping):
            message = "expected a mapping of collections"
            self.problems.append(Problem("document", message, file, 1))
            return
        objects: dict[positions.Path, dict[positions.Path, Place]] = {}
        for path, place in places.places.items():
            objects.setdefault(path[:2], {})[path] = place
        for collection, items in tree.items():
            self._join(collection, items, objects)

    def _join(self, collection: object, items: object, objects: _Objects) -> None:
        path = (str(collection),)
        self.places = {**objects.get(path, {}), **self.places}
        have = self.tree.get(collection)
        if have is None:
            empty: object = (
                {} if isinstance(items, dict) else [] if isinstance(items, list) else items
            )
            have = self.tree[collection] = empty
            if not isinstance(items, dict | list):
                return  # whatever it is, the decoder says that it is no collection
        if isinstance(have, dict) and isinstance(items, dict):
            for name, body in items.items():
                inner = (*path, str(name))
                if name in have:
                    self._twice(inner, objects)
                else:
                    have[name] = body
                    self.places.update(objects.get(inner, {}))
        elif isinstance(have, list) and isinstance(items, list):
            for index, item in enumerate(items):
                moved = (*path, len(have))
                for old, place in objects.get((*path, index), {}).items():
                    self.places[moved + old[2:]] = place
                have.append(item)
        elif items is not None:
            self._twice(path, objects)

    def _twice(self, path: positions.Path, objects: _Objects) -> None:
        there, here = self.places.get(path), objects.get(path, {}).get(path)
        first = f"{there.file}:{there.line}" if there else "another file"
        file, line = here or (None, None)
        self.problems.append(
            Problem(path_text(path), f"given twice; the first is in {first}", file, line)
        )
