"""Whether a JSON value is what a type of the client says, key by key."""

from __future__ import annotations

from collections.abc import Iterator
from types import NoneType, UnionType
from typing import (
    Any,
    Literal,
    NotRequired,
    Union,
    get_args,
    get_origin,
    get_type_hints,
    is_typeddict,
)


def misfits(value: Any, wanted: Any, path: str = "answer") -> Iterator[str]:
    """What is missing, too much or of another type; nothing where the value fits."""
    origin, inner = get_origin(wanted), get_args(wanted)
    if origin is NotRequired:
        yield from misfits(value, inner[0], path)
    elif origin in (Union, UnionType):
        found = [list(misfits(value, one, path)) for one in inner]
        if all(found):
            yield from min(found, key=len)
    elif origin is Literal:
        if value not in inner:
            yield f"{path}: expected one of {inner}, found {value!r}"
    elif is_typeddict(wanted):
        yield from _object(value, wanted, path)
    elif origin is list:
        yield from _each(enumerate(value), list, value, inner[0], path)
    elif origin is dict:
        items = value.items() if isinstance(value, dict) else ()
        yield from _each(items, dict, value, inner[1], path)
    elif wanted is not Any:
        yield from _plain(value, wanted, path)


def _plain(value: Any, wanted: type, path: str) -> Iterator[str]:
    numbers = (int, float) if wanted is float else (wanted,)
    kinds = (NoneType,) if wanted is NoneType else numbers
    if not isinstance(value, kinds) or (isinstance(value, bool) and wanted is not bool):
        yield f"{path}: expected {wanted.__name__}, found {value!r}"


def _object(value: Any, wanted: Any, path: str) -> Iterator[str]:
    if not isinstance(value, dict):
        yield f"{path}: expected an object, found {value!r}"
        return
    hints = get_type_hints(wanted, include_extras=True)
    optional = {key for key, hint in hints.items() if get_origin(hint) is NotRequired}
    for key in hints.keys() - optional - value.keys():
        yield f"{path}.{key}: missing"
    for key, inner in value.items():
        if key in hints:
            yield from misfits(inner, hints[key], f"{path}.{key}")
        else:
            yield f"{path}.{key}: unknown"


def _each(items: Any, kind: type, value: Any, wanted: Any, path: str) -> Iterator[str]:
    if not isinstance(value, kind):
        yield f"{path}: expected {kind.__name__}, found {value!r}"
        return
    for key, item in items:
        yield from misfits(item, wanted, f"{path}[{key}]")
