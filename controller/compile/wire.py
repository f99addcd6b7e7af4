"""Wire: what a frame from the fabric is for, and who sent it."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from controller.compile.context import Context
from controller.compile.people import KEPT_ROWS, Placed
from controller.dataplane.cookie import Feature, cookie
from controller.dataplane.pipeline import SHAPES
from controller.dataplane.shapes import Row
from controller.model.intent import Segment
from controller.model.network import Switch


def uplink_rows(switch: Switch, port: int, s_vid: int) -> Iterator[Row]:
    """Frames for this edge from one of its uplinks, by outer tag."""
    yield SHAPES["admit.fabric"].row(
        cookie(Feature.WIRE, s_vid), port=port, edge=switch.number, s_vid=s_vid
    )


def segment_rows(context: Context, segment: Segment) -> Iterator[Row]:
    """A segment with receivers here."""
    tag = context.tag(segment)
    yield SHAPES["wire.segment"].row(
        cookie(Feature.WIRE, tag.number),
        s_vid=tag.s_vid,
        c_vid=tag.c_vid,
        vrf=context.intent.vrfs[segment.vrf].id,
    )


def peer_rows(switch: Switch, vrf_id: int, placed: Placed) -> Iterator[Row]:
    """Somebody on another host whom receivers of a VRF here may hear."""
    if placed.edge != switch.name:
        instance = placed.instance
        yield _origin(instance.id, vrf_id, int(instance.ip), placed.identity)


@lru_cache(KEPT_ROWS)
def _origin(number: int, vrf: int, ip: int, source: int) -> Row:
    """The same row on every edge but one."""
    return SHAPES["origin.address"].row(
        cookie(Feature.ORIGIN, number), vrf=vrf, ip=ip, source=source
    )
