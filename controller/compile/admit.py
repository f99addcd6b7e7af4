"""Admit: who sent this. Port, tag, MAC and address must all be the instance's own."""

from __future__ import annotations

from collections.abc import Iterator

from controller.compile.context import Context, mac_number
from controller.dataplane.cookie import Feature, cookie
from controller.dataplane.pipeline import SHAPES
from controller.dataplane.shapes import Row
from controller.model.intent import Instance
from controller.model.network import Switch


def rows(context: Context, switch: Switch) -> Iterator[Row]:
    """An edge switch's instances."""
    for instance in context.local[switch.name]:
        port = context.port(switch, instance)
        if port is not None:
            yield from _instance_rows(context, instance, port)


def transit_rows(_context: Context, _switch: Switch) -> Iterator[Row]:
    """A fabric switch takes any frame between edges."""
    yield SHAPES["admit.transit"].row(cookie(Feature.ADMIT))


def _instance_rows(context: Context, instance: Instance, port: int) -> Iterator[Row]:
    segment = context.segment(instance)
    mark = cookie(Feature.ADMIT, instance.id)
    prefix = "admit.nested_" if instance.nested_vlan else "admit."
    sender = {"port": port, "mac": mac_number(instance.mac), "ip": int(instance.ip)}
    if instance.nested_vlan:
        sender["nested"] = instance.nested_vlan
    tag = context.tag(segment).number
    yield SHAPES[f"{prefix}arp"].row(mark, **sender, segment=tag)
    yield SHAPES[f"{prefix}ipv4"].row(
        mark,
        **sender,
        vrf=context.intent.vrfs[segment.vrf].id,
        segment=tag,
        source=context.identity(instance),
        zone=instance.id,
    )
