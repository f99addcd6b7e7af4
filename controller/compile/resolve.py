"""Resolve: VRF and destination address to the receiver, and a receiver here to its port."""

from __future__ import annotations

from collections.abc import Iterator

from controller.compile.context import Context, mac_number
from controller.dataplane.cookie import Feature, cookie
from controller.dataplane.pipeline import SHAPES
from controller.dataplane.shapes import Row
from controller.model.intent import Instance
from controller.model.network import Switch
from controller.topology.graph import NO_LANE


def rows(context: Context, switch: Switch) -> Iterator[Row]:
    """What the VRFs of an edge switch's instances can resolve, and its own receivers."""
    for vrf in context.vrfs(switch):
        for instance in context.views[vrf].values():
            yield from _resolve(context, switch, vrf, instance)
    for instance in context.local[switch.name]:
        yield from _arrive(context, switch, instance)


def _resolve(context: Context, switch: Switch, vrf: str, instance: Instance) -> Iterator[Row]:
    mark = cookie(Feature.RESOLVE, instance.id)
    segment = context.segment(instance)
    columns = {
        "vrf": context.intent.vrfs[vrf].id,
        "ip": int(instance.ip),
        "target": context.tag(segment).number,
        "destination": context.identity(instance),
    }
    if instance.host == switch.host:
        yield SHAPES["resolve.receiver:here"].row(mark, **columns)
        return
    edge = context.network.topology.edge_of(instance.host)
    if edge is not None:
        yield SHAPES["resolve.receiver:away"].row(
            mark,
            **columns,
            edge=edge.number,
            lane=context.routes.lanes.get(segment.vrf, NO_LANE),
        )


def _arrive(context: Context, switch: Switch, instance: Instance) -> Iterator[Row]:
    port = context.port(switch, instance)
    if port is not None:
        yield SHAPES["arrive.instance"].row(
            cookie(Feature.RESOLVE, instance.id),
            target=context.tag(context.segment(instance)).number,
            ip=int(instance.ip),
            mac=mac_number(instance.mac),
            destination=context.identity(instance),
            port=port,
            nested=instance.nested_vlan,
            zone=instance.id,
        )
