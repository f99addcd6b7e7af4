"""Shortest paths to every edge switch, for each metric and lane."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import networkx as nx

from controller.model.intent import Metric
from controller.model.network import Link, Network
from controller.topology.graph import Graph, graph, lanes, weight


class Hop(NamedTuple):
    """The next step towards a destination: the link, and the port of this switch it hangs on."""

    link: Link
    port: str
    neighbour: str


@dataclass(frozen=True, slots=True)
class Path:
    """A path between two switches. ``cost`` and ``latency_us`` are sums over its links."""

    switches: tuple[str, ...]
    links: tuple[str, ...]
    cost: int
    latency_us: int


@dataclass(frozen=True)
class Routes:
    """Next hops over one network. A tree is computed when it is first asked for."""

    network: Network
    lanes: Mapping[str, int]
    _graphs: dict[str | None, Graph] = field(default_factory=dict, compare=False, repr=False)
    _trees: dict[tuple[str, Metric, str | None], Mapping[str, Hop]] = field(
        default_factory=dict, compare=False, repr=False
    )

    @staticmethod
    def of(network: Network) -> Routes:
        """Routes of a network."""
        return Routes(network, lanes(network))

    def next_hop(self, switch: str, destination: str, metric: Metric, vrf: str) -> Hop | None:
        """The next step from a switch to a destination edge, None where there is no way."""
        return self._tree(destination, metric, vrf).get(switch)

    def path(self, metric: Metric, source: str, destination: str, vrf: str) -> Path | None:
        """The way that frames of a VRF take between two switches, None where there is none."""
        tree = self._tree(destination, metric, vrf)
        switches, links = [source], []
        while switches[-1] != destination:
            hop = tree.get(switches[-1])
            if hop is None:
                return None
            switches.append(hop.neighbour)
            links.append(hop.link)
        return Path(
            tuple(switches),
            tuple(link.name for link in links),
            sum(link.cost for link in links),
            sum(link.latency_us for link in links),
        )

    def _tree(self, destination: str, metric: Metric, vrf: str) -> Mapping[str, Hop]:
        lane_vrf = vrf if self.lanes.get(vrf) else None
        key = (destination, metric, lane_vrf)
        if key not in self._trees:
            links = self._graphs.setdefault(lane_vrf, self._graph(lane_vrf))
            self._trees[key] = shortest_path_tree(links, destination, metric)
        return self._trees[key]

    def _graph(self, vrf: str | None) -> Graph:
        return graph(self.network.topology, vrf, self.network.facts.down_links)


def shortest_path_tree(links: Graph, destination: str, metric: Metric) -> Mapping[str, Hop]:
    """The next hop of every switch towards a destination.

    Edge switches are never passed through. Between ways of equal length the link whose name sorts
    first is taken, so that the result depends on the network alone.
    """

    def cost(near: str, _far: str, between: Mapping[str, Any]) -> int | None:
        if near != destination and links.nodes[near]["role"] == "edge":
            return None
        return min(weight(data["link"], metric) for data in between.values())

    distances = nx.single_source_dijkstra_path_length(links, destination, weight=cost)
    return {
        switch: _next_hop(links, switch, destination, distances, metric)
        for switch in distances
        if switch != destination
    }


def _next_hop(
    links: Graph, switch: str, destination: str, distances: Mapping[str, float], metric: Metric
) -> Hop:
    steps = (
        (data["link"], neighbour)
        for _, neighbour, data in links.edges(switch, data=True)
        if neighbour == destination or links.nodes[neighbour]["role"] == "fabric"
        if distances.get(neighbour, -1) + weight(data["link"], metric) == distances[switch]
    )
    link, neighbour = min(steps, key=lambda step: step[0].name)
    port = link.a.port if link.a.switch == switch else link.b.port
    return Hop(link, port, neighbour)
