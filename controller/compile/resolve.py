"""Resolve: VRF and destination address to the receiver, and a receiver here to its port."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from controller.compile.people import KEPT_ROWS, Placed, mac_number
from controller.dataplane.cookie import Feature, cookie
from controller.dataplane.pipeline import SHAPES
from controller.dataplane.shapes import Row
from controller.model.network import Switch


def peer_rows(switch: Switch, vrf_id: int, placed: Placed) -> Iterator[Row]:
    """Somebody whom instances of a VRF on an edge switch may meet."""
    instance = placed.instance
    ends = (instance.id, vrf_id, int(instance.ip), placed.tag, placed.identity)
    if placed.edge == switch.name:
        yield _here(*ends)
    elif placed.edge:
        yield _away(*ends, placed.number, placed.lane)


def _here(number: int, vrf: int, ip: int, target: int, destination: int) -> Row:
    return SHAPES["resolve.receiver:here"].row(
        cookie(Feature.RESOLVE, number), vrf=vrf, ip=ip, target=target, destination=destination
    )


@lru_cache(KEPT_ROWS)
def _away(
    number: int, vrf: int, ip: int, target: int, destination: int, edge: int, lane: int
) -> Row:
    """The same row on every edge but one."""
    return SHAPES["resolve.receiver:away"].row(
        cookie(Feature.RESOLVE, number),
        vrf=vrf,
        ip=ip,
        target=target,
        destination=destination,
        edge=edge,
        lane=lane,
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
