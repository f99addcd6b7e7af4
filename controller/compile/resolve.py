"""Resolve: VRF and destination address to the receiver, and a receiver here to its port."""

from __future__ import annotations

from collections.abc import Iterator

from controller.compile.people import Placed, mac_number
from controller.dataplane.cookie import Feature, cookie
from controller.dataplane.pipeline import SHAPES
from controller.dataplane.shapes import Row
from controller.model.network import Switch


def peer_rows(switch: Switch, vrf_id: int, placed: Placed) -> Iterator[Row]:
    """Somebody whom instances of a VRF on an edge switch may meet."""
    mark = cookie(Feature.RESOLVE, placed.instance.id)
    columns = {
        "vrf": vrf_id,
        "ip": int(placed.instance.ip),
        "target": placed.tag,
        "destination": placed.identity,
    }
    if placed.edge == switch.name:
        yield SHAPES["resolve.receiver:here"].row(mark, **columns)
    elif placed.edge:
        yield SHAPES["resolve.receiver:away"].row(
            mark, **columns, edge=placed.number, lane=placed.lane
        )


def instance_rows(placed: Placed) -> Iterator[Row]:
    """A receiver of an edge switch's host, once it is plugged."""
    if placed.port is None:
        return
    instance = placed.instance
    yield SHAPES["arrive.instance"].row(
        cookie(Feature.RESOLVE, instance.id),
        target=placed.tag,
        ip=int(instance.ip),
        mac=mac_number(instance.mac),
        destination=placed.identity,
        port=placed.port,
        nested=instance.nested_vlan,
        zone=instance.id,
    )
