"""Track: every packet is looked up in the zone of the instance it is judged for."""

from __future__ import annotations

from collections.abc import Iterator

from controller.compile.context import Context
from controller.dataplane.cookie import Feature, cookie
from controller.dataplane.pipeline import SHAPES
from controller.dataplane.shapes import Row
from controller.model.network import Switch


def rows(_context: Context, _switch: Switch) -> Iterator[Row]:
    """The look-ups, and what lets replies of permitted connections pass."""
    for name in ("track.near", "track.far", "permit.reply", "permit.related"):
        yield SHAPES[name].row(cookie(Feature.DEFAULT))
