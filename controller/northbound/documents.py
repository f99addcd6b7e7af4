"""YAML and JSON texts: to plain trees with the line of every node, and back.

Only the plain core of YAML 1.2 is read: mappings, lists, texts, numbers, true, false, null. So
`no` and `12:30` are texts, as JSON (which is read by the same reader) has them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, NoReturn

import yaml

from controller.errors import Invalid, Problem
from controller.model import positions
from controller.model.positions import Place, Positions
from controller.model.problems import path_text

NODES_MAX: Final = 1_000_000  # nodes of a document with its aliases expanded
DEPTH_MAX: Final = 32
_SUFFIXES: Final = (".yaml", ".yml", ".json")
_INT: Final = re.compile(r"-?(0|[1-9][0-9]{0,18})")
_FLOAT: Final = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?")
_WORDS: Final[Mapping[str, bool | None]] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_Event = Any  # a yaml.Event; its type stubs leave most attributes out
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the C one where PyYAML has it


class _Dumper(getattr(yaml, "CSafeDumper", yaml.SafeDumper)):  # type: ignore[misc]
    """PyYAML's safe dumper, with our idea of which texts need quotes."""

    def ignore_aliases(self, data: object) -> bool:
        """Always: an alias saves little and nobody likes to read one."""
        return True


def load_text(text: str, name: str) -> tuple[object, Positions]:
    """The tree of a text and its positions; ``name`` is what messages call the file.

    Raises :class:`errors.Invalid` for a text that is no document. A key given twice or a tag is
    among the problems of the positions, for who decodes the tree to report with the rest.
    """
    reader = _Reader(yaml.parse(text, Loader=_Loader), name)
    try:
        tree = reader.document()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else None
        message = f"not YAML: {error.problem or error.context}; check the indent and the quotes"
        raise Invalid((Problem("document", message, name, line),)) from None
    except yaml.YAMLError as error:
        reason = " ".join(str(error).split())
        raise Invalid((Problem("document", f"not YAML: {reason}", name),)) from None
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
    """The YAML text of a tree, in the order of its keys as given; reading it gives the tree."""
    text: str = yaml.dump(
        tree,
        Dumper=_Dumper,
        sort_keys=False,
        default_flow_style=None,
        width=100,
        allow_unicode=True,
    )
    return text


def _quoted_where_needed(dumper: Any, text: str) -> Any:
    """PyYAML quotes what YAML 1.1 would misread; texts like `1e3` need it by our rules too."""
    style = None if isinstance(_plain(text), str) else "'"
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style)


_Dumper.add_representer(str, _quoted_where_needed)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise Invalid((Problem("document", "not UTF-8 text", str(path)),)) from None


class _Reader:
    """Turns a parser's events into plain values, noting places and problems.

    Not PyYAML's composer: its C one recurses without a limit and ends the process on a text of
    some ten thousand brackets.
    """

    def __init__(self, events: Iterator[_Event], file: str) -> None:
        self._events = events
        self._file = file
        self._nodes = 0
        self._anchors: dict[str, tuple[object, int]] = {}  # value and its number of nodes
        self.places: dict[positions.Path, Place] = {}
        self.problems: list[Problem] = []

    def document(self) -> object:
        """The one document of the text, None when there is none."""
        tree: object = None
        count = 0
        for event in self._events:
            if isinstance(event, yaml.DocumentStartEvent):
                count += 1
                if count > 1:
                    self._stop(event, "a second document begins; a file has one")
                tree = self._read(next(self._events), ())
        return tree

    def _read(self, event: _Event, path: positions.Path) -> object:
        before = self._nodes
        self._count(event, 1)
        self.places.setdefault(path, Place(self._file, _line(event)))
        if len(path) > DEPTH_MAX:
            self._stop(event, f"more than {DEPTH_MAX} levels deep")
        if isinstance(event, yaml.AliasEvent):
            return self._alias(event)
        if event.tag is not None:
            self._fail(event, path, f"the tag {event.tag} is not used here; remove it")
        value = self._value(event, path)
        if event.anchor is not None:
            self._anchors[event.anchor] = value, self._nodes - before
        return value

    def _value(self, event: _Event, path: positions.Path) -> object:
        if isinstance(event, yaml.MappingStartEvent):
            return dict(self._entries(path))
        if isinstance(event, yaml.SequenceStartEvent):
            return [self._read(item, (*path, i)) for i, item in enumerate(self._items())]
        return _scalar(event)

    def _items(self) -> Iterator[_Event]:
        for event in self._events:
            if isinstance(event, yaml.SequenceEndEvent | yaml.MappingEndEvent):
                return
            yield event

    def _entries(self, path: positions.Path) -> Iterator[tuple[object, object]]:
        lines: dict[object, int] = {}
        for event in self._items():
            if not isinstance(event, yaml.ScalarEvent):
                self._stop(event, "expected a text as key, found a list, a mapping or an alias")
            key, line = _scalar(event), _line(event)
            inner = (*path, key if isinstance(key, str) else str(key))
            if key in lines:
                self._fail(event, inner, f"given twice; the first is in line {lines[key]}")
                self._read(next(self._events), inner)
                continue
            lines[key] = line
            self.places[inner] = Place(self._file, line)
            yield key, self._read(next(self._events), inner)

    def _alias(self, event: _Event) -> object:
        if event.anchor not in self._anchors:
            self._stop(event, f"nothing before it is marked `&{event.anchor}`")
        value, nodes = self._anchors[event.anchor]
        self._count(event, nodes)
        return value

    def _count(self, event: _Event, nodes: int) -> None:
        self._nodes += nodes
        if self._nodes > NODES_MAX:
            self._stop(event, f"too large: more than {NODES_MAX} values, aliases expanded")

    def _fail(self, event: _Event, path: positions.Path, message: str) -> None:
        line = _line(event)
        self.problems.append(Problem(path_text(path), message, self._file, line))

    def _stop(self, event: _Event, message: str) -> NoReturn:
        line = _line(event)
        raise Invalid((Problem("document", message, self._file, line),))


def _line(event: _Event) -> int:
    line: int = event.start_mark.line
    return line + 1


def _scalar(event: _Event) -> object:
    text: str = event.value
    return text if event.style else _plain(text)


def _plain(text: str) -> object:
    if text in _WORDS:
        return _WORDS[text]
    if _INT.fullmatch(text):
        return int(text)
    return float(text) if _FLOAT.fullmatch(text) else text


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
