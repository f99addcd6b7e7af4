"""The shortest ways to one destination: worked out whole, or mended where links changed.

Between equal ways out a switch takes the one with the highest lot for this destination (rendezvous
hashing, Thaler and Ravishankar 1998): destinations spread over equal links, and a link that goes
or comes moves only what it carried or will carry.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from heapq import heapify, heappop, heappush
from typing import Final

from controller.topology.arcs import Arc, Arcs, Hop

FAR: Final = 1 << 62
"""The distance from where there is no way. A number, so that FAR plus a weight is not FAR."""

_ODD: Final = 0x9E3779B97F4A7C15  # 2**64 divided by the golden ratio (Knuth, TAOCP 3, 6.4)
_WORD: Final = (1 << 64) - 1

Queue = list[tuple[int, int]]
"""A heap of (distance, switch)."""


@dataclass(frozen=True, slots=True)
class Tree:
    """Every switch's distance to a destination and the step it takes, None where there is none."""

    destination: int
    lot: int
    distances: Sequence[int]
    steps: Sequence[Hop | None]


@dataclass(frozen=True, slots=True)
class Wire:
    """A link that went down or came back, as both of its switches see it."""

    near: int
    far: int
    weight: int
    works: bool


def grow(arcs: Arcs, destination: int, lot: int) -> Tree:
    """The tree of a destination, from nothing."""
    distances = [FAR] * len(arcs.working)
    distances[destination] = 0
    _spread(arcs, destination, distances, [(0, destination)])
    tree = Tree(destination, lot, distances, ())
    switches = range(len(distances))
    return Tree(destination, lot, distances, [choose(arcs, tree, near) for near in switches])


def mend(tree: Tree, arcs: Arcs, wires: Iterable[Wire]) -> tuple[Tree, int]:
    """The tree after links changed, and the number of switches that were looked at for it.

    ``arcs`` are those after the change. What comes is equal to what ``grow`` would give, and is
    the given tree itself where neither a distance nor a step is another.
    """
    used = [wire for wire in wires if _matters(tree, arcs, wire)]
    if not used:
        return tree, 0
    distances = list(tree.distances)
    changed = _cut(arcs, tree, distances, used)
    heap = _ways_back(arcs, tree.destination, distances, changed)
    heap += _ways_opened(arcs, tree.destination, distances, used)
    heapify(heap)
    changed |= _spread(arcs, tree.destination, distances, heap)
    looked = {end for wire in used for end in (wire.near, wire.far)} | changed
    looked |= {arc.towards for switch in changed for arc in arcs.working[switch]}
    steps = list(tree.steps)
    mended = Tree(tree.destination, tree.lot, distances, steps)
    for switch in looked:
        steps[switch] = choose(arcs, mended, switch)
    stays = all(
        steps[switch] is tree.steps[switch] and distances[switch] == tree.distances[switch]
        for switch in looked
    )
    return tree if stays else mended, len(looked)


def choose(arcs: Arcs, tree: Tree, switch: int) -> Hop | None:
    """The way out that a switch takes."""
    equal = equal_arcs(arcs, tree, switch)
    if len(equal) < 2:
        return equal[0].hop if equal else None
    lot = tree.lot
    return max(equal, key=lambda arc: ((arc.lot ^ lot) * _ODD) & _WORD).hop


def equal_arcs(arcs: Arcs, tree: Tree, switch: int) -> list[Arc]:
    """All ways out of a switch that are shortest, by the names of their links."""
    distances, transit, destination = tree.distances, arcs.transit, tree.destination
    length = distances[switch]
    return [
        arc
        for arc in arcs.working[switch]
        if distances[arc[0]] + arc[1] == length
        if transit[arc[0]] or arc[0] == destination
    ]


def _spread(arcs: Arcs, destination: int, distances: list[int], heap: Queue) -> set[int]:
    """Dijkstra from what is on the heap. The switches whose distances it lowered.

    Entries of switches that are not nearer than known before are passed over, so that it also
    goes on from distances that are right but for what the heap would improve.
    """
    working, transit = arcs.working, arcs.transit
    lowered = set()
    while heap:
        distance, near = heappop(heap)
        if distance > distances[near]:
            continue
        lowered.add(near)
        if not transit[near] and near != destination:
            continue
        for far, weight, _, _ in working[near]:
            if (longer := distance + weight) < distances[far]:
                distances[far] = longer
                heappush(heap, (longer, far))
    return lowered


def _matters(tree: Tree, arcs: Arcs, wire: Wire) -> bool:
    """Whether a wire was on a shortest way, or may be on one now."""
    return any(
        tree.distances[near] >= tree.distances[far] + wire.weight
        for near, far in _directions(arcs, tree.destination, wire)
    )


def _cut(arcs: Arcs, tree: Tree, distances: list[int], wires: Iterable[Wire]) -> set[int]:
    """Sets to FAR the distances of the switches that lost every shortest way. Those switches."""
    before, destination = tree.distances, tree.destination
    heap = [
        (before[near], near)
        for wire in wires
        if not wire.works
        for near, far in _directions(arcs, destination, wire)
        if before[near] == before[far] + wire.weight
    ]
    heapify(heap)
    lost: set[int] = set()
    while heap:  # by distance: whoever a switch may lean on is judged before it
        _, near = heappop(heap)
        if near in lost or equal_arcs(arcs, Tree(destination, 0, distances, ()), near):
            continue
        lost.add(near)
        distances[near] = FAR
        if arcs.transit[near]:
            for far, weight, _, _ in arcs.working[near]:
                if before[far] == before[near] + weight:
                    heappush(heap, (before[far], far))
    return lost


def _ways_back(arcs: Arcs, destination: int, distances: list[int], lost: set[int]) -> Queue:
    """The lost switches that another way leads on from, with its length."""
    found = []
    for near in lost:
        lengths = (
            distances[far] + weight
            for far, weight, _, _ in arcs.working[near]
            if arcs.transit[far] or far == destination
        )
        length = min(lengths, default=FAR)
        if length < FAR:
            distances[near] = length
            found.append((length, near))
    return found


def _ways_opened(
    arcs: Arcs, destination: int, distances: list[int], wires: Iterable[Wire]
) -> Queue:
    """The switches that a link which came back brings nearer, with their new distances."""
    found = []
    for wire in wires:
        if wire.works:
            for near, far in _directions(arcs, destination, wire):
                if (length := distances[far] + wire.weight) < distances[near]:
                    distances[near] = length
                    found.append((length, near))
    return found


def _directions(arcs: Arcs, destination: int, wire: Wire) -> list[tuple[int, int]]:
    """Both ways over a wire, but for those into an edge switch that is not the destination."""
    ways = ((wire.near, wire.far), (wire.far, wire.near))
    return [way for way in ways if arcs.transit[way[1]] or way[1] == destination]
