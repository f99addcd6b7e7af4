"""Nulls of examples, which FastAPI leaves out of its document with all keys that have none."""

from __future__ import annotations

from typing import Any, Final

_NULL: Final = "\0null"


def hidden(value: Any) -> Any:
    """The same value with a mark for each null."""
    return _replaced(value, None, _NULL)


def shown(value: Any) -> Any:
    """The inverse of :func:`hidden`."""
    return _replaced(value, _NULL, None)


def _replaced(value: Any, old: object, new: object) -> Any:
    if isinstance(value, dict):
        return {key: _replaced(inner, old, new) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_replaced(inner, old, new) for inner in value]
    return new if value == old else value
