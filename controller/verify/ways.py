"""Ways from edge to edge as fabric switches carry them, followed frame by frame."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final, NamedTuple

from controller.dataplane.pipeline import MAC_EDGE, MAC_LANE, MAC_PLANE, MAC_PREFIX
from controller.model.intent import Metric, QosClass
from controller.model.network import Link, Network
from controller.topology.graph import carries, weight
from controller.topology.routes import Routes
from controller.verify.tables import Tables

MAX_HOPS: Final = 32


class Wire(NamedTuple):
    """What is behind a port: the link, and the port of the switch at its other end."""

    link: Link
    switch: str
    port: int


class Way(NamedTuple):
    """What a frame needs to find its way: to which edge, by which number and lane, in which tag."""

    source: str
    destination: str
    number: int
    lane: int
    s_vid: int
    vrf: str


@dataclass
class Ways:
    """Ways over one network, each followed once."""

    network: Network
    tables: Mapping[str, Tables]
    _known: dict[tuple[Way, int], bool] = field(default_factory=dict)

    def holds(self, way: Way, dscp: int) -> bool:
        """Whether packets of a class get there: in the right queues, and by a best way."""
        memo = way, dscp
        if memo not in self._known:
            self._known[memo] = self._holds(way, dscp)
        return self._known[memo]

    def _holds(self, way: Way, dscp: int) -> bool:
        qos = self._classes.get(dscp)
        if qos is None:
            return False
        marks = [
            self.tables[name].cell("class.mark", dscp) for name in (way.source, way.destination)
        ]
        if marks[0] is None or marks[1] is None:
            return False
        if way.source == way.destination:
            return True
        best = self._best(way, qos.metric)
        if best is None:
            return True  # there is no way at all: no switch is to blame
        return marks[0][0] == qos.queue and self._follow(way, marks[0][1], qos) in (best, -1)

    def _best(self, way: Way, metric: Metric) -> int | None:
        path = self._routes.path(metric, way.source, way.destination, way.vrf)
        links = self.network.topology.links
        return sum(weight(links[name], metric) for name in path.links) if path else None

    def _follow(self, way: Way, plane: int, qos: QosClass) -> int | None:
        """The length of the way that frames take, None where they are lost, -1 where unknown."""
        out = self.tables[way.source].cell("deliver.away", way.number, plane, way.lane)
        if out is None:
            return None
        mac, port, switch, length = out[0], out[1], way.source, 0
        for _ in range(MAX_HOPS):
            wire = self._wires.get((switch, port))
            if wire is None or not self._usable(wire.link, way.vrf):
                return None
            length += weight(wire.link, qos.metric)
            switch, into = wire.switch, wire.port
            tables = self.tables.get(switch)
            if tables is None:
                return -1
            if self.network.topology.switches[switch].role == "edge":
                taken = switch == way.destination and _taken(tables, into, mac, way.s_vid)
                return length if taken else None
            onward = _onward(tables, mac, qos)
            if onward is None:
                return None
            port = onward
        return None

    def _usable(self, link: Link, vrf: str) -> bool:
        return link.name not in self.network.facts.down_links and carries(link, vrf)

    @cached_property
    def _routes(self) -> Routes:
        return Routes.of(self.network)

    @cached_property
    def _classes(self) -> Mapping[int, QosClass]:
        return {qos.dscp: qos for qos in self.network.intent.classes.values()}

    @cached_property
    def _wires(self) -> Mapping[tuple[str, int], Wire]:
        found = {}
        for link in self.network.topology.links.values():
            for near, far in ((link.a, link.b), (link.b, link.a)):
                out = self.network.port_number(near.switch, near.port)
                into = self.network.port_number(far.switch, far.port)
                if out is not None and into is not None:
                    found[near.switch, out] = Wire(link, far.switch, into)
        return found


def _taken(tables: Tables, port: int, mac: int, s_vid: int) -> bool:
    edge = (mac & MAC_EDGE.mask) >> MAC_EDGE.offset
    return _ours(mac) and tables.has("admit.fabric", port, edge, s_vid)


def _onward(tables: Tables, mac: int, qos: QosClass) -> int | None:
    if not (_ours(mac) and tables.has("admit.transit")):
        return None
    if tables.cell("class.transit", qos.dscp) != (qos.queue,):
        return None
    parts = ((mac & bits.mask) >> bits.offset for bits in (MAC_PLANE, MAC_EDGE, MAC_LANE))
    found = tables.cell("deliver.transit", *parts)
    return found[0] if found else None


def _ours(mac: int) -> bool:
    return mac >> 40 == MAC_PREFIX >> 40
