"""Deliver: to a receiver here, or to the edge of another host by the class's plane."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from controller.compile.context import PLANES, Context, Touched
from controller.dataplane.cookie import Feature, cookie
from controller.dataplane.pipeline import SHAPES, fabric_mac
from controller.dataplane.shapes import Row
from controller.model.network import Switch


def local_rows(_context: Context, _switch: Switch) -> Iterator[Row]:
    """On an edge: local receivers are judged, and judged packets go out."""
    for name in ("deliver.here", "deliver.judged", "emit.plain", "emit.nested"):
        yield SHAPES[name].row(cookie(Feature.DEFAULT))


def edge_rows(context: Context, switch: Switch, edge: str) -> Iterator[Row]:
    """On an edge: what is for the host of another edge goes into the fabric."""
    for columns in _ways(context, switch, edge):
        mac = fabric_mac(columns["plane"], columns["edge"], columns["lane"])
        yield SHAPES["deliver.away"].row(
            cookie(Feature.DELIVER, columns["edge"]), **columns, mac=mac
        )


def fabric_rows(context: Context, switch: Switch, edge: str) -> Iterator[Row]:
    """In the fabric: one row for each edge, plane and lane; none for an instance."""
    for columns in _ways(context, switch, edge):
        yield SHAPES["deliver.transit"].row(cookie(Feature.DELIVER, columns["edge"]), **columns)


def ways(context: Context, switch: Switch) -> Iterator[str]:
    """The edges that a switch may have ways to."""
    return (edge.name for edge in context.edges.values() if edge.name != switch.name)


def touched_ways(context: Context, touched: Touched, switch: Switch) -> Iterable[str]:
    """Edges that a switch takes another step to; all of them where a link's port is another."""
    if _numbers(touched.before, switch) != _numbers(context, switch):
        return ways(context, switch)
    return touched.ways.get(switch.name, ())


def uplinks(context: Context, switch: Switch) -> tuple[int, ...]:
    """The port numbers of a switch's links that are plugged."""
    return tuple(number for number in _numbers(context, switch) if number is not None)


def _numbers(context: Context, switch: Switch) -> list[int | None]:
    """The port number of each of a switch's links, None where it is not plugged."""
    network, name = context.network, switch.name
    return [network.port_number(name, port) for port in network.topology.link_ports(name)]


def _ways(context: Context, switch: Switch, edge: str) -> Iterator[dict[str, int]]:
    """Every plane and lane by which a switch has a working way to an edge, with its port."""
    number = context.network.topology.switches[edge].number
    for metric, plane in PLANES.items():
        for lane, vrf in context.routes.vrf_of_lane.items():
            hop = context.routes.next_hop(switch.name, edge, metric, vrf)
            port = hop and context.network.port_number(switch.name, hop.port)
            if port:
                yield {"edge": number, "plane": plane, "lane": lane, "port": port}
