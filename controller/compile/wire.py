"""Wire: what a frame from the fabric is for, and who sent it."""

from __future__ import annotations

from collections.abc import Iterator

from controller.compile.context import Context
from controller.dataplane.cookie import Feature, cookie
from controller.dataplane.pipeline import SHAPES
from controller.dataplane.shapes import Row
from controller.model.network import Switch


def rows(context: Context, switch: Switch) -> Iterator[Row]:
    """An edge switch's uplinks, segments with receivers here, and senders elsewhere."""
    tags = [(segment, context.tag(segment)) for segment in context.segments(switch)]
    for port in _uplinks(context, switch):
        for s_vid in sorted({tag.s_vid for _, tag in tags}):
            yield SHAPES["admit.fabric"].row(
                cookie(Feature.WIRE, s_vid), port=port, edge=switch.number, s_vid=s_vid
            )
    for segment, tag in tags:
        yield SHAPES["wire.segment"].row(
            cookie(Feature.WIRE, tag.number),
            s_vid=tag.s_vid,
            c_vid=tag.c_vid,
            vrf=context.intent.vrfs[segment.vrf].id,
        )
    yield from _origins(context, switch)


def _uplinks(context: Context, switch: Switch) -> Iterator[int]:
    for link in context.network.topology.links.values():
        for end in (link.a, link.b):
            if end.switch == switch.name:
                port = context.network.port_number(switch.name, end.port)
                if port is not None:
                    yield port


def _origins(context: Context, switch: Switch) -> Iterator[Row]:
    for vrf in context.vrfs(switch):
        for address, instance in context.views[vrf].items():
            if instance.host != switch.host:
                yield SHAPES["origin.address"].row(
                    cookie(Feature.ORIGIN, instance.id),
                    vrf=context.intent.vrfs[vrf].id,
                    ip=int(address),
                    source=context.identity(instance),
                )
