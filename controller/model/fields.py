"""Reads the fields of one object of a document, reporting what is wrong instead of raising.

A method always returns a value of its type: after a problem it is a placeholder, and ``ok`` is
False, so a decoder reads all fields first (all problems at once) and looks at ``ok`` last.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from ipaddress import IPv4Address
from typing import TypeVar

from controller.model.positions import Path
from controller.model.problems import Problems, closest
from controller.model.references import Use
from controller.model.syntax import parse_address, parse_name

T = TypeVar("T")


def describe(value: object) -> str:
    """What a value of a document is, for messages."""
    match value:
        case None:
            return "nothing"
        case bool():
            return f"`{str(value).lower()}`"
        case int() | float():
            return f"the number {value}"
        case str():
            return f"`{value[:80]}`"
        case Mapping():
            return "a mapping" if value else "an empty mapping"
        case list() | tuple():
            return "a list" if value else "an empty list"
        case _:
            return f"a {type(value).__name__}"


class Fields:
    """One object of a document, at ``path``, with the keys it may have."""

    __slots__ = ("_problems", "_tree", "_unread", "ok", "path", "uses")

    def __init__(self, tree: object, path: Path, problems: Problems, known: Sequence[str]) -> None:
        self.path = path
        self.ok = True
        self.uses: list[Use] = []
        self._problems = problems
        self._tree: Mapping[object, object] = tree if isinstance(tree, Mapping) else {}
        self._unread = not isinstance(tree, Mapping | None)
        if self._unread:
            self.ok = False
            message = f"expected a mapping of {', '.join(known)}, found {describe(tree)}"
            problems.add(path, message)
        for key in self._tree:
            if key not in known:
                hint = closest(str(key), known) or f"; known are {', '.join(known)}"
                self.fail(str(key), f"unknown key{hint}")

    def fail(self, key: str | int | None, message: str, *deeper: str | int) -> None:
        """Records a problem of this object, at one of its keys or below it."""
        self.ok = False
        if self._unread:
            return  # it is no mapping; that its keys are missing would say it again
        where = self.path if key is None else (*self.path, key, *deeper)
        self._problems.add(where, message)

    def given(self, key: str) -> bool:
        """Whether the document says anything for a key."""
        return self._tree.get(key) is not None

    def value(self, key: str) -> object:
        """The raw value of a key, None when it is not given."""
        return self._tree.get(key)

    def text(self, key: str, parse: Callable[[str], T], placeholder: T) -> T:
        """A required text, parsed."""
        if not self.given(key):
            self.fail(None, f"`{key}` is required")
            return placeholder
        return self._parsed(key, parse, placeholder)

    def optional_text(self, key: str, parse: Callable[[str], T], default: T) -> T:
        """A text, parsed, or ``default`` when not given."""
        return self._parsed(key, parse, default) if self.given(key) else default

    def reference(self, key: str, collection: str) -> str:
        """The required name of an object of a collection."""
        name = self.text(key, parse_name, "")
        if name:
            self.use((key,), collection, name)
        return name

    def optional_reference(self, key: str, collection: str, default: T) -> str | T:
        """The name of an object of a collection, or ``default`` when not given."""
        return self.reference(key, collection) if self.given(key) else default

    def use(self, keys: Path, collection: str, name: str) -> None:
        """Notes that the document names an object at some keys below this one."""
        self.uses.append(Use((*self.path, *keys), collection, name))

    def _parsed(self, key: str, parse: Callable[[str], T], placeholder: T) -> T:
        value = self._tree[key]
        if not isinstance(value, str):
            self.fail(key, _no_text(value, parse))
            return placeholder
        return self.attempt(key, parse, value, placeholder)

    def attempt(
        self, key: str, parse: Callable[[str], T], text: str, placeholder: T, *deeper: str | int
    ) -> T:
        """``parse(text)``, its ValueError made a problem at a key or below it."""
        try:
            return parse(text)
        except ValueError as error:
            self.fail(key, str(error), *deeper)
            return placeholder

    def integer(self, key: str, first: int, last: int, default: int | None = None) -> int:
        """A whole number in first..last; required unless there is a default."""
        if not self.given(key) and default is None:
            self.fail(None, f"`{key}` is required")
        found = self.optional_integer(key, first, last)
        return found if found is not None else default if default is not None else first

    def optional_integer(self, key: str, first: int, last: int) -> int | None:
        """A whole number in first..last, or None when not given."""
        value = self._tree.get(key)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int):
            self.fail(key, f"expected a whole number in {first}..{last}, found {describe(value)}")
        elif not first <= value <= last:
            self.fail(key, f"expected a number in {first}..{last}, found {value}")
        else:
            return value
        return None

    def address(self, key: str) -> IPv4Address | None:
        """An IPv4 address, or None when not given."""
        return self.optional_text(key, parse_address, None)

    def mapping(self, key: str) -> Iterator[tuple[str, object]]:
        """The entries of a mapping under a key; none when it is not given."""
        value = self._tree.get(key)
        if value is None:
            return
        if not isinstance(value, Mapping):
            self.fail(key, f"expected a mapping, found {describe(value)}")
            return
        for inner, item in value.items():
            if isinstance(inner, str):
                yield inner, item
            else:
                self.fail(key, f"expected a text as key, found {describe(inner)}; quote it")

    def texts(self, key: str) -> Iterator[tuple[int, str]]:
        """The texts of a required, non-empty list, each with its index."""
        value = self._tree.get(key)
        if not isinstance(value, list | tuple) or not value:
            self.fail(
                key if key in self._tree else None,
                f"`{key}` must be a list with at least one entry, found {describe(value)}",
            )
            return
        for index, item in enumerate(value):
            if isinstance(item, str):
                yield index, item
            else:
                self.fail(key, f"expected text, found {describe(item)}", index)


def _no_text(value: object, parse: Callable[[str], object]) -> str:
    """Why a value that is no text is wrong; quotes are the remedy only where they would help."""
    message = f"expected text, found {describe(value)}"
    if not isinstance(value, bool | int | float):
        return message
    try:
        parse(str(value))
    except ValueError as error:
        return str(error)
    return f"{message}; put it in quotes"
