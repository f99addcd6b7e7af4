"""Shortest ways to every edge switch, for each metric and lane."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from controller.model.intent import Metric
from controller.model.network import Link, Network, Topology
from controller.topology.arcs import Arcs, Hop, lot
from controller.topology.graph import carries, graph, lanes, weight
from controller.topology.tree import Tree, Wire, equal_arcs, grow, mend

Plane = tuple[Metric, str | None]
"""A metric, and the VRF that has links of its own or None for all that have not."""


@dataclass(frozen=True, slots=True)
class Path:
    """A path between two switches. ``cost`` and ``latency_us`` are sums over its links."""

    switches: tuple[str, ...]
    links: tuple[str, ...]
    cost: int
    latency_us: int


@dataclass(slots=True)
class Work:
    """What was done for these routes: trees worked out whole, and those mended after others.

    ``looked`` counts the switches that mending looked at, of all trees together.
    """

    grown: int = 0
    mended: int = 0
    looked: int = 0


@dataclass(frozen=True)
class Routes:
    """Next hops over one topology. A tree is worked out when it is first asked for."""

    topology: Topology
    down_links: frozenset[str]
    lanes: Mapping[str, int]
    work: Work = field(default_factory=Work, compare=False)
    _arcs: dict[Plane, Arcs] = field(default_factory=dict, compare=False, repr=False)
    _trees: dict[tuple[Plane, str], Tree] = field(default_factory=dict, compare=False, repr=False)

    @staticmethod
    def of(network: Network, before: Routes | None = None) -> Routes:
        """Routes of a network.

        Those of the network before are taken over: all of them where no link went down or came
        back, else every tree that no such link matters to, as the same object, and the others
        mended. After another topology nothing is taken over.
        """
        routes = Routes(network.topology, network.facts.down_links, lanes(network))
        if before is None or not _same(before.topology, routes.topology):
            return routes
        if routes.down_links == before.down_links and routes.lanes == before.lanes:
            return before
        return routes._after(before)

    def next_hop(self, switch: str, destination: str, metric: Metric, vrf: str) -> Hop | None:
        """The step that a switch takes towards an edge, None where there is no way."""
        plane = self._plane(metric, vrf)
        return self._tree(plane, destination).steps[self._of(plane).numbers[switch]]

    def next_hops(self, switch: str, destination: str, metric: Metric, vrf: str) -> tuple[Hop, ...]:
        """Every next step that is on a shortest way, by the names of the links."""
        plane = self._plane(metric, vrf)
        arcs, tree = self._of(plane), self._tree(plane, destination)
        return tuple(arc.hop for arc in equal_arcs(arcs, tree, arcs.numbers[switch]))

    def path(self, metric: Metric, source: str, destination: str, vrf: str) -> Path | None:
        """The way that frames of a VRF take between two switches, None where there is none."""
        switches, links = [source], []
        while switches[-1] != destination:
            hop = self.next_hop(switches[-1], destination, metric, vrf)
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

    @cached_property
    def vrf_of_lane(self) -> Mapping[int, str]:
        """A VRF of each lane: one whose ways are those of all VRFs of the lane."""
        return {lane: vrf for vrf, lane in sorted(self.lanes.items(), reverse=True)}

    def moved(self, before: Routes) -> Mapping[str, set[str]]:
        """By switch, the edges that it takes another step to than before, by whatever metric.

        Of the trees that either worked out; ``before`` is of the same topology and lanes.
        """
        found: dict[str, set[str]] = {}
        for plane, destination in self._trees.keys() | before._trees.keys():
            old, new = before._tree(plane, destination), self._tree(plane, destination)
            if old is not new:
                for switch, number in self._of(plane).numbers.items():
                    if old.steps[number] != new.steps[number]:
                        found.setdefault(switch, set()).add(destination)
        return found

    def _plane(self, metric: Metric, vrf: str) -> Plane:
        return metric, vrf if self.lanes.get(vrf) else None

    def _of(self, plane: Plane) -> Arcs:
        if plane not in self._arcs:
            metric, vrf = plane
            self._arcs[plane] = Arcs.of(graph(self.topology, vrf), metric, self.down_links)
        return self._arcs[plane]

    def _tree(self, plane: Plane, destination: str) -> Tree:
        key = plane, destination
        if key not in self._trees:
            metric, vrf = plane
            arcs = self._of(plane)
            drawn = lot(destination, metric, vrf or "")
            self._trees[key] = grow(arcs, arcs.numbers[destination], drawn)
            self.work.grown += 1
        return self._trees[key]

    def _after(self, before: Routes) -> Routes:
        """With all that the routes before know, brought to the links that work now."""
        names = self.down_links ^ before.down_links
        links = self.topology.links
        changed = [links[name] for name in sorted(names) if name in links]
        for plane, arcs in before._arcs.items():
            self._arcs[plane] = arcs.other(changed, self.down_links)
        wires = {plane: self._wires(plane, changed) for plane in self._arcs}
        for (plane, destination), tree in before._trees.items():
            mended, looked = mend(tree, self._arcs[plane], wires[plane])
            self._trees[plane, destination] = mended
            self.work.mended += mended is not tree
            self.work.looked += looked
        return self

    def _wires(self, plane: Plane, changed: Iterable[Link]) -> list[Wire]:
        metric, vrf = plane
        numbers = self._arcs[plane].numbers
        return [
            Wire(
                numbers[link.a.switch],
                numbers[link.b.switch],
                weight(link, metric),
                works=link.name not in self.down_links,
            )
            for link in changed
            if carries(link, vrf)
        ]


def _same(one: object, other: object) -> bool:
    return one is other or one == other
