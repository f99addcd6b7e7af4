"""Answer: ARP and gateway echo are answered in the switch; DHCP is handed up to us."""

from __future__ import annotations

from collections.abc import Iterator

from controller.compile.context import Context
from controller.compile.people import Placed
from controller.dataplane.cookie import Feature, cookie
from controller.dataplane.pipeline import SHAPES
from controller.dataplane.shapes import Row
from controller.model.intent import Segment
from controller.model.network import Switch


def rows(_context: Context, _switch: Switch) -> Iterator[Row]:
    """What need not be answered goes on; who has no address is heard."""
    yield SHAPES["answer.pass"].row(cookie(Feature.DEFAULT))
    for shape in ("admit.dhcp", "admit.nested_dhcp"):
        yield SHAPES[shape].row(cookie(Feature.DHCP))


def segment_rows(context: Context, segment: Segment) -> Iterator[Row]:
    """Answers for a segment with instances here."""
    tag = context.tag(segment).number
    mark = cookie(Feature.ANSWER, tag)
    yield SHAPES["answer.arp"].row(mark, segment=tag)
    yield SHAPES["answer.echo"].row(mark, segment=tag, gateway=int(segment.gateway))
    yield SHAPES["answer.dhcp"].row(
        cookie(Feature.DHCP, tag), segment=tag, gateway=int(segment.gateway)
    )


def instance_rows(placed: Placed) -> Iterator[Row]:
    """An instance that announces or tests its own address gets no answer."""
    yield SHAPES["answer.announce"].row(
        cookie(Feature.ANSWER, placed.instance.id),
        segment=placed.tag,
        ip=int(placed.instance.ip),
    )
