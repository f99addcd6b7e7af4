"""Admit: who sent this. Port, tag, MAC and address must all be the instance's own."""

from __future__ import annotations

from collections.abc import Iterator

from controller.compile.context import Context
from controller.compile.people import Placed, mac_number
from controller.dataplane.cookie import Feature, cookie
from controller.dataplane.pipeline import SHAPES
from controller.dataplane.shapes import Row
from controller.model.network import Switch


def instance_rows(placed: Placed) -> Iterator[Row]:
    """An instance of an edge switch's host, once it is plugged."""
    instance = placed.instance
    if placed.port is None:
        return
    mark = cookie(Feature.ADMIT, instance.id)
    prefix = "admit.nested_" if instance.nested_vlan else "admit."
    sender = {"port": placed.port, "mac": mac_number(instance.mac), "ip": int(instance.ip)}
    if instance.nested_vlan:
        sender["nested"] = instance.nested_vlan
    yield SHAPES[f"{prefix}arp"].row(mark, **sender)
    yield SHAPES[f"{prefix}ipv4"].row(
        mark,
        **sender,
        vrf=placed.vrf_id,
        segment=placed.tag,
        source=placed.identity,
        zone=instance.id,
    )


def transit_rows(_context: Context, _switch: Switch) -> Iterator[Row]:
    """A fabric switch takes any frame between edges."""
    yield SHAPES["admit.transit"].row(cookie(Feature.ADMIT))
