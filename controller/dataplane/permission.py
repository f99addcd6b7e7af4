"""Whom an entry of the allow-list lets pass, by its numbers."""

from __future__ import annotations

from typing import Final, NamedTuple

from controller.dataplane.cookie import Feature, cookie, parse
from controller.dataplane.pipeline import SHAPES
from controller.dataplane.shapes import Row


class Permission(NamedTuple):
    """Numbers of a rule and of two identities. A shared rule's entry is about any two that it
    opens to each other: both are 0."""

    rule: int
    source: int = 0
    destination: int = 0


_FEATURE_MASK: Final = ~0xFFFFFFFF
_PERMITS: Final = cookie(Feature.PERMIT)


def permits(mark: int) -> bool:
    """Whether an entry with this cookie lets packets pass for a rule."""
    return mark & _FEATURE_MASK == _PERMITS


def permission_of(row: Row) -> Permission:
    """What a row permits; its cookie says that it does."""
    columns = SHAPES[row.shape].columns(row)
    ends = columns.get("source", 0), columns.get("destination", 0)
    return Permission(parse(row.cookie).object, *ends)
