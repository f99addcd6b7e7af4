"""Nodes: what a program is put together of, and what of it a change may alter."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from controller.compile.context import Context, Touched
from controller.dataplane.shapes import Row
from controller.model.network import Switch


@dataclass(frozen=True)
class Node:
    """A kind of thing that a switch has rows for.

    ``items`` are all things that it has rows for, ``rows`` those of one of them. ``touched`` names
    the items whose rows may differ between a context and the one before; ``rows`` of a node with
    that handler are none for an item that is not there. A node without it is made anew whenever one
    of its ``inputs`` is not what it was.
    """

    name: str
    items: Callable[[Context, Switch], Iterable[Any]]
    rows: Callable[[Context, Switch, Any], Iterable[Row]]
    touched: Callable[[Context, Touched, Switch], Iterable[Any]] | None = None
    inputs: Callable[[Context, Switch], tuple[object, ...]] = lambda context, _: (context,)
