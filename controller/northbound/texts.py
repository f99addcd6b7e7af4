"""Texts from outside: which are taken at all, and which are kept with a revision.

NUL and lone surrogates are in no text that is taken: the store's JSON has no NUL (ovsdb-server(7)
refuses the whole message), and a lone surrogate cannot be written as UTF-8 (RFC 3629, section 3).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from typing import Final

from controller.errors import Invalid, Problem
from controller.model.positions import Path
from controller.model.problems import path_text

MESSAGE_MAX: Final = 1000
"""Characters of a text that the history keeps: a message, an author, the name of a file."""

NUMBER_MAX: Final = 2**63 - 1
"""The largest number of a revision or an event: the store's integers have 64 bits (RFC 7047,
section 3.1)."""

NUMBER: Final = re.compile(r"[0-9]{1,19}")
"""A number as headers have it. Python reads at most 4,300 digits, and nothing here has more."""

_SHOWN: Final = 80
_UNTAKEN: Final = re.compile("[\0\ud800-\udfff]")
_TOLD: Final = 100


def shown(value: object) -> str:
    """What was found, for messages: short, and written so that it can be shown anywhere."""
    text = ascii(value) if isinstance(value, str) and not value.isprintable() else repr(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."


def kept_problem(text: str) -> str | None:
    """What is wrong with a text that the history shall keep, None for nothing."""
    if len(text) > MESSAGE_MAX:
        return f"expected at most {MESSAGE_MAX} characters, found {len(text)}: shorten it"
    if not text.isprintable():
        return f"expected one line of printable characters, found {shown(text)}"
    return None


def checked_text(text: str, path: str) -> str:
    """A text that the history may keep. Raises :class:`errors.Invalid`."""
    problem = kept_problem(text)
    if problem is not None:
        raise Invalid((Problem(path, problem),))
    return text


def is_taken(text: str) -> bool:
    """Whether a text has neither NUL nor lone surrogates."""
    return _UNTAKEN.search(text) is None


def tree_problems(tree: object, depth_max: int) -> tuple[Problem, ...]:
    """Texts of a tree that are not taken, as keys or values, and what is nested too deep."""
    return tuple(islice(_problems(tree, depth_max), _TOLD))


def _problems(tree: object, depth_max: int) -> Iterator[Problem]:
    left: list[tuple[Path, object]] = [((), tree)]
    while left:
        path, value = left.pop()
        if isinstance(value, str) and not is_taken(value):
            yield Problem(_path(path), f"expected no NUL or lone surrogate, found {shown(value)}")
        if not isinstance(value, dict | list):
            continue
        if len(path) >= depth_max:
            yield Problem(_path(path[:3]), f"more than {depth_max} levels deep")
            continue
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
            if isinstance(key, str) and not is_taken(key):
                yield Problem(
                    _path(path), f"expected no NUL or lone surrogate in a key, found {shown(key)}"
                )
            elif isinstance(inner, str | dict | list):
                left.append(((*path, key if isinstance(key, str | int) else str(key)), inner))


def _path(path: Path) -> str:
    return path_text(path) if path else "body"
