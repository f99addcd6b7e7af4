"""A graph as shortest paths want it: switches as numbers, and each one's ways out, weighed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from itertools import chain
from typing import NamedTuple

from controller.model.intent import Metric
from controller.model.network import Link
from controller.topology.graph import Graph, weight


class Hop(NamedTuple):
    """The next step towards a destination: the link, and the port of this switch it hangs on."""

    link: Link
    port: str
    neighbour: str


class Arc(NamedTuple):
    """A link as one of its two switches sees it.

    ``towards`` is the number of the switch at the other end, ``lot`` what this way out draws with
    where it is one of several equal ones: a hash of the switch and the link, by their names.
    """

    towards: int
    weight: int
    lot: int
    hop: Hop


@dataclass(frozen=True)
class Arcs:
    """The ways out of every switch, for one lane and metric.

    ``numbers`` is each switch's place in the sequences; ``transit`` whether it passes on what is
    not its own; ``every`` its ways out, ``working`` those of them over links that are not down.
    Both are in the order of the links' names, so that nothing depends on how they were declared.
    """

    numbers: dict[str, int]
    transit: Sequence[bool]
    every: Sequence[tuple[Arc, ...]]
    working: Sequence[tuple[Arc, ...]]

    @staticmethod
    def of(links: Graph, metric: Metric, down: frozenset[str]) -> Arcs:
        """The ways out over a graph."""
        numbers = {name: number for number, name in enumerate(links.nodes)}
        every = [
            tuple(
                _arc(near, far, numbers[far], data["link"], metric)
                for _, far, _, data in sorted(
                    links.edges(near, keys=True, data=True), key=lambda edge: edge[2]
                )
            )
            for near in links.nodes
        ]
        transit = [links.nodes[name]["role"] == "fabric" for name in links.nodes]
        return Arcs(numbers, transit, every, [_working(arcs, down) for arcs in every])

    def other(self, touched: Iterable[Link], down: frozenset[str]) -> Arcs:
        """The same with other links down; ``touched`` are those that went down or came back."""
        working = list(self.working)
        for name in set(chain.from_iterable((link.a.switch, link.b.switch) for link in touched)):
            number = self.numbers[name]
            working[number] = _working(self.every[number], down)
        return Arcs(self.numbers, self.transit, self.every, working)


def lot(*names: str) -> int:
    """What these names, in this order, draw with: 64 bits, the same on every machine."""
    return int.from_bytes(blake2b("\0".join(names).encode(), digest_size=8).digest())


def _arc(near: str, far: str, towards: int, link: Link, metric: Metric) -> Arc:
    port = link.a.port if link.a.switch == near else link.b.port
    return Arc(towards, weight(link, metric), lot(near, link.name), Hop(link, port, far))


def _working(arcs: tuple[Arc, ...], down: frozenset[str]) -> tuple[Arc, ...]:
    return tuple(arc for arc in arcs if arc.hop.link.name not in down)
