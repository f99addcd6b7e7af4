"""Answer: ARP and gateway echo are answered in the switch; DHCP is handed up to us."""

from __future__ import annotations

from collections.abc import Iterator

from controller.compile.context import Context
from controller.dataplane.cookie import Feature, cookie
from controller.dataplane.fields import ARP_SPA
from controller.dataplane.pipeline import SHAPES
from controller.dataplane.shapes import Row
from controller.model.intent import Segment
from controller.model.network import Switch


def rows(_context: Context, _switch: Switch) -> Iterator[Row]:
    """What need not be answered goes on; who asks for another's address, or has none, is heard."""
    yield SHAPES["answer.pass"].row(cookie(Feature.DEFAULT))
    for bit in (1 << number for number in range(ARP_SPA.bits)):
        for own, asked in ((0, bit), (bit, 0)):
            yield SHAPES["answer.arp"].row(cookie(Feature.ANSWER), own=own, asked=asked, bit=bit)
    for shape in ("admit.dhcp", "admit.nested_dhcp"):
        yield SHAPES[shape].row(cookie(Feature.DHCP))


def segment_rows(context: Context, segment: Segment) -> Iterator[Row]:
    """Answers for a segment with instances here."""
    tag = context.tag(segment).number
    yield SHAPES["answer.echo"].row(
        cookie(Feature.ANSWER, tag), segment=tag, gateway=int(segment.gateway)
    )
    yield SHAPES["answer.dhcp"].row(
        cookie(Feature.DHCP, tag), segment=tag, gateway=int(segment.gateway)
    )
