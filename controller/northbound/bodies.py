"""Request bodies: bytes and a content type to a tree, whatever the client called it.

`curl -d` says ``application/x-www-form-urlencoded`` for any text, so a content type that is neither
JSON nor YAML is not believed: the text itself decides.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, Final, NoReturn

from controller.errors import BulkheadError, Invalid, Problem
from controller.model.positions import NO_POSITIONS, Positions
from controller.northbound.documents import DEPTH_MAX, load_text
from controller.northbound.texts import shown, tree_problems

POSTED: Final = "posted document"
"""What a document that came without a file name is called in messages and origins."""

_DIGITS_MAX: Final = 19
"""Of a whole number: what 64 bits hold. YAML's reader has the same."""


class Malformed(Invalid):
    """A body that cannot be read at all: neither JSON nor YAML."""


class TooLarge(Malformed):
    """A body of more bytes than are taken."""


class TooSlow(Malformed):
    """A body that did not come to its end in time."""


class UnknownMedia(Malformed):
    """A body that is a form with files, which nothing here is."""


class BadParameters(Malformed):
    """Parameters or headers of a request that are not what they may be."""


class KeyReused(BulkheadError):
    """An idempotency key that named another request before."""

    def __init__(self, key: str) -> None:
        super().__init__(
            f"the key `{key}` named another request (method, path, parameters and body must be the "
            "same); give each write a key of its own"
        )


def read_document(data: bytes, content_type: str = "") -> tuple[object, Positions]:
    """The tree of a body, None for an empty one. Raises :class:`Malformed`."""
    tree, positions = _read(data, content_type.partition(";")[0].strip().lower())
    problems = tree_problems(tree, DEPTH_MAX)
    if problems:
        raise Malformed(problems)
    return tree, positions


def _read(data: bytes, media: str) -> tuple[object, Positions]:
    if media.startswith("multipart/"):
        message = f"expected JSON or YAML, found {media}; send it with --data-binary"
        raise UnknownMedia((Problem("body", message),))
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        _refuse(f"expected UTF-8 text, found byte {error.start} to be none", None)
    if not text.strip():
        return None, NO_POSITIONS
    if media.endswith(("/json", "+json")):
        return _json(text), NO_POSITIONS
    if media.endswith("yaml"):
        return _yaml(text)
    return _either(text)


def _either(text: str) -> tuple[object, Positions]:
    if not text.lstrip().startswith(("{", "[")):
        return _yaml(text)
    try:
        return _json(text), NO_POSITIONS
    except Malformed as error:
        try:
            return _yaml(text)  # YAML's flow style looks like JSON too
        except Malformed:
            raise error from None


def _yaml(text: str) -> tuple[object, Positions]:
    try:
        return load_text(text, POSTED)
    except Invalid as error:
        raise Malformed(error.problems) from None


def _json(text: str) -> object:
    if text.startswith("\ufeff"):
        _refuse("not JSON: it begins with a byte order mark (RFC 8259 section 8.1)", 1)
    try:
        return _DECODER.decode(text)
    except json.JSONDecodeError as error:
        _refuse(f"not JSON: {error.msg} (column {error.colno})", error.lineno)
    except RecursionError:
        _refuse("not JSON that can be read: nested too deep", None)


def _once(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            _refuse(f"the key {shown(key)} is given twice in one object", None)
        found[key] = value
    return found


def _integer(text: str) -> int:
    if len(text) > _DIGITS_MAX:
        _refuse(f"not JSON that can be read: a number of {len(text)} digits ({text[:20]}...)", None)
    return int(text)


def _no_constant(text: str) -> NoReturn:
    _refuse(f"not JSON: {text} is no number (RFC 8259 section 6)", None)


_DECODER: Final = json.JSONDecoder(
    object_pairs_hook=_once, parse_constant=_no_constant, parse_int=_integer
)


def _refuse(message: str, line: int | None) -> NoReturn:
    raise Malformed((Problem("body", message, POSTED if line else None, line),))
