"""Deliver: to a receiver here, or to the edge of another host by the class's plane."""

from __future__ import annotations

from collections.abc import Iterator

from controller.compile.context import PLANES, Context
from controller.dataplane.cookie import Feature, cookie
from controller.dataplane.pipeline import SHAPES, fabric_mac
from controller.dataplane.shapes import Row
from controller.model.network import Switch


def local_rows(_context: Context, _switch: Switch) -> Iterator[Row]:
    """On an edge: local receivers are judged, and judged packets go out."""
    for name in ("deliver.here", "deliver.judged", "emit.plain", "emit.nested"):
        yield SHAPES[name].row(cookie(Feature.DEFAULT))


def edge_rows(context: Context, switch: Switch) -> Iterator[Row]:
    """On an edge: what is for other hosts goes into the fabric."""
    for columns in _ways(context, switch):
        mac = fabric_mac(columns["plane"], columns["edge"], columns["lane"])
        yield SHAPES["deliver.away"].row(
            cookie(Feature.DELIVER, columns["edge"]), **columns, mac=mac
        )


def fabric_rows(context: Context, switch: Switch) -> Iterator[Row]:
    """In the fabric: one row for each edge, plane and lane; none for an instance."""
    for columns in _ways(context, switch):
        yield SHAPES["deliver.transit"].row(cookie(Feature.DELIVER, columns["edge"]), **columns)


def _ways(context: Context, switch: Switch) -> Iterator[dict[str, int]]:
    """Every (edge, plane, lane) that this switch has a working way to, with the port to take."""
    vrf_of_lane = {lane: vrf for vrf, lane in sorted(context.routes.lanes.items(), reverse=True)}
    for edge in context.network.topology.switches.values():
        if edge.role == "fabric" or edge.name == switch.name:
            continue
        for metric, plane in PLANES.items():
            for lane, vrf in sorted(vrf_of_lane.items()):
                hop = context.routes.next_hop(switch.name, edge.name, metric, vrf)
                port = hop and context.network.port_number(switch.name, hop.port)
                if port:
                    yield {"edge": edge.number, "plane": plane, "lane": lane, "port": port}
