"""Class: the class's DSCP on the packet, its queue and its plane.

A connection remembers its class by the DSCP. Where a class is no more, or has another DSCP, what
answers on it goes on as best effort until the client's next packet is judged anew.
"""

from __future__ import annotations

from collections.abc import Iterator

from controller.compile.context import PLANES, Context
from controller.dataplane.cookie import Feature, cookie
from controller.dataplane.pipeline import SHAPES
from controller.dataplane.shapes import Row
from controller.model.intent import BEST_EFFORT
from controller.model.network import Switch


def edge_rows(context: Context, _switch: Switch) -> Iterator[Row]:
    """On an edge: the permitted class is written into the packet."""
    for qos in context.intent.classes.values():
        yield SHAPES["class.mark"].row(
            cookie(Feature.CLASS, qos.dscp),
            **{"class": qos.dscp, "queue": qos.queue, "plane": PLANES[qos.metric]},
        )
    least = context.intent.classes[BEST_EFFORT.name]
    yield SHAPES["class.forgotten"].row(
        cookie(Feature.CLASS, BEST_EFFORT.dscp), plane=PLANES[least.metric]
    )


def fabric_rows(context: Context, _switch: Switch) -> Iterator[Row]:
    """In the fabric: the DSCP that an edge wrote is believed."""
    for qos in context.intent.classes.values():
        yield SHAPES["class.transit"].row(
            cookie(Feature.CLASS, qos.dscp), **{"class": qos.dscp, "queue": qos.queue}
        )
    yield SHAPES["class.stray"].row(cookie(Feature.CLASS, BEST_EFFORT.dscp))
