"""Answer: ARP and gateway echo are answered in the switch."""

from __future__ import annotations

from collections.abc import Iterator

from controller.compile.context import Context
from controller.dataplane.cookie import Feature, cookie
from controller.dataplane.pipeline import SHAPES
from controller.dataplane.shapes import Row
from controller.model.network import Switch


def rows(context: Context, switch: Switch) -> Iterator[Row]:
    """Answers for every segment with instances here."""
    yield SHAPES["answer.pass"].row(cookie(Feature.DEFAULT))
    for segment in context.segments(switch):
        tag = context.tag(segment).number
        mark = cookie(Feature.ANSWER, tag)
        yield SHAPES["answer.arp"].row(mark, segment=tag)
        yield SHAPES["answer.echo"].row(mark, segment=tag, gateway=int(segment.gateway))
    for instance in context.local[switch.name]:
        yield SHAPES["answer.announce"].row(
            cookie(Feature.ANSWER, instance.id),
            segment=context.tag(context.segment(instance)).number,
            ip=int(instance.ip),
        )
