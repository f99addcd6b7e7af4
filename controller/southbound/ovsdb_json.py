"""A faster parser for the JSON that OVSDB servers send, in the place of python-ovs' own.

python-ovs reads a character at a time unless its C part was built, which pip does only where Open
vSwitch's development files are: a megabyte takes a second. Here a regular expression finds where a
message ends, and the standard library decodes it.
"""

from __future__ import annotations

import json
import re
from typing import Any, Final

import ovs.json

_UP_TO_BRACKET: Final = re.compile(r'(?:[^"\[\]{}]++|"[^"\\]*+(?:\\.[^"\\]*+)*+")*+', re.DOTALL)
"""What holds no bracket: whole strings and all between them."""

_REST_OF_STRING: Final = re.compile(r'[^"\\]*+(?:\\.[^"\\]*+)*+', re.DOTALL)

_OPENING: Final = "[{"


class Parser:
    """Takes text in pieces until a value is whole. As python-ovs' class of this name is used.

    A value is an object or an array, as all messages are; what else comes is an error at once.
    """

    def __init__(self, check_trailer: bool = False) -> None:
        self._pieces: list[str] = []
        self._depth = 0
        self._in_string = False
        self._escaped = False  # a backslash within a string ended a piece
        self._check_trailer = check_trailer
        self._done = False

    def feed(self, text: str) -> int:
        """Take what belongs to the value; how many characters that is."""
        at = len(text) if self._check_trailer else 0
        while at < len(text) and not self._done:
            at = self._within_string(text, at) if self._in_string else self._outside(text, at)
        self._pieces.append(text[:at])
        return at

    def is_done(self) -> bool:
        """Whether the value is whole, or never will be: more text is not taken."""
        return self._done

    def finish(self) -> Any:
        """The value, or a text that says why there is none."""
        try:
            return json.loads("".join(self._pieces))
        except ValueError as error:
            return str(error)

    def _outside(self, text: str, at: int) -> int:
        end = _end(_UP_TO_BRACKET, text, at)
        if not self._depth and text[at:end].strip():
            self._done = True
            return end
        if end == len(text):
            return end
        if text[end] == '"':
            self._in_string = True
        else:
            self._depth += 1 if text[end] in _OPENING else -1
        self._done = self._depth <= 0
        return end + 1

    def _within_string(self, text: str, at: int) -> int:
        if self._escaped:
            self._escaped = False
            return at + 1
        end = _end(_REST_OF_STRING, text, at)
        if end == len(text):
            return end
        self._in_string = text[end] != '"'
        self._escaped = self._in_string
        return end + 1


def _end(pattern: re.Pattern[str], text: str, at: int) -> int:
    found = pattern.match(text, at)
    return found.end() if found else at


def use_faster_parser() -> None:
    """Let python-ovs use :class:`Parser`, unless it has its C part."""
    if ovs.json.PARSER == ovs.json.PARSER_PY:
        ovs.json.Parser = Parser
