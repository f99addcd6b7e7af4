"""Topology and link state as a networkx multigraph: nodes are switches, edge keys are links."""

from __future__ import annotations

from typing import Final, TypeAlias

import networkx as nx

from controller.model.intent import Metric
from controller.model.network import Link, Network, Topology

NO_LANE: Final = 0
"""The lane of VRFs that have no links of their own."""

Graph: TypeAlias = "nx.MultiGraph[str]"


def lanes(network: Network) -> dict[str, int]:
    """VRF name to lane number: its id where some link names the VRF, else the common lane 0."""
    named = {vrf for link in network.topology.links.values() for vrf in link.vrfs}
    return {
        vrf.name: vrf.id if vrf.name in named else NO_LANE for vrf in network.intent.vrfs.values()
    }


def carries(link: Link, vrf: str | None) -> bool:
    """Whether a link may carry a VRF; None stands for all VRFs that have no link of their own."""
    return not link.vrfs or vrf in link.vrfs


def graph(topology: Topology, vrf: str | None, down: frozenset[str] = frozenset()) -> Graph:
    """The switches and the working links that may carry a VRF."""
    result: Graph = nx.MultiGraph()
    for switch in topology.switches.values():
        result.add_node(switch.name, role=switch.role)
    for link in topology.links.values():
        if link.name not in down and carries(link, vrf):
            result.add_edge(link.a.switch, link.b.switch, key=link.name, link=link)
    return result


def weight(link: Link, metric: Metric) -> int:
    """What a link costs a path: at least 1, so that no path has a free loop."""
    return max(1, link.latency_us if metric == "latency" else link.cost)
