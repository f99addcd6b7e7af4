"""Routes between all edges of a large fabric, from nothing and after one link's failure.

128 edges over 372 fabric switches: pods of two leaves and two spines under cores,
everything with two ways up at least, and all of the same cost, so that most choose among several.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Iterable, Iterator, Mapping
from random import Random
from statistics import median
from typing import Final

import networkx as nx

from bench.measure import Figure, Result, say, timed
from bench.targets import ROUTES_ANEW, ROUTES_LONGEST, ROUTES_SETS
from controller.model.intent import Intent, Vrf
from controller.model.network import Endpoint, Facts, Link, Network, Switch, Topology
from controller.topology.graph import graph, weight
from controller.topology.routes import Routes

MOST_EDGES: Final = 128
LEAST_EDGES: Final = 8
SERVICES_AN_EDGE: Final = 78
"""So that sites of 10,000 services have the whole fabric."""

EDGES_A_POD: Final = 2
FABRICS: Final = 372
POD: Final = 4  # two leaves, two spines
TIMES: Final = 3
MOST_FAILURES: Final = 500
"""Links that fail, drawn among all: the largest fabric has 7,936, which took a minute."""

_VRF: Final = "common"


def run(services: int) -> Result:
    """All pairs of 128 edges over 500 switches after one link's failure, to networkx anew."""
    edges = min(MOST_EDGES, max(LEAST_EDGES, services // SERVICES_AN_EDGE))
    site = topology_of(edges)
    say(f"  {edges} edges, {len(site.switches)} switches, {len(site.links)} links")
    before = Routes.of(_network(site))
    gc.collect()
    _, anew_ms = timed(lambda: _all(before, site))
    sets_ms = _with_sets(site)
    took = sorted(_failures(before, site))
    theirs = median(timed(lambda: _by_networkx(site))[1] for _ in range(TIMES))
    networkx = f"networkx, all trees anew: {theirs:.1f} ms"
    figures = (
        Figure(ROUTES_ANEW, anew_ms, "ms", networkx, anew_ms / theirs),
        Figure(ROUTES_SETS, sets_ms, "ms", networkx, sets_ms / theirs),
        Figure(ROUTES_LONGEST, took[-1], "ms", networkx, took[-1] / theirs),
    )
    return Result.of_ms("routes", median(took), "networkx, all trees anew", theirs, figures)


def topology_of(edges: int) -> Topology:
    """Pods of edges, leaves and spines under as many cores as are left of the fabric switches."""
    pods = edges // EDGES_A_POD
    cores = max(2, FABRICS * edges // MOST_EDGES - pods * POD)
    return _site([*_pods(pods), *_uplinks(pods, cores)])


def _pods(pods: int) -> Iterator[tuple[str, str]]:
    for pod in range(pods):
        leaves = [f"leaf-{pod}-{n}" for n in range(2)]
        for leaf in leaves:
            yield from ((f"edge-{pod}-{n}", leaf) for n in range(EDGES_A_POD))
            yield from ((leaf, f"spine-{pod}-{n}") for n in range(2))


def _uplinks(pods: int, cores: int) -> Iterator[tuple[str, str]]:
    """Every spine to half of the cores: those of its number."""
    for pod in range(pods):
        for spine in range(2):
            for core in range(spine, cores, 2):
                yield f"spine-{pod}-{spine}", f"core-{core}"


def _site(pairs: Iterable[tuple[str, str]]) -> Topology:
    pairs = list(pairs)
    names = dict.fromkeys(name for pair in pairs for name in pair)
    switches = {
        name: Switch(name, "edge", number, f"host-{number}")
        if name.startswith("edge")
        else Switch(name, "fabric", number)
        for number, name in enumerate(names, 1)
    }
    links = {
        f"{a} {b}": Link(f"{a} {b}", Endpoint(a, f"p{n}"), Endpoint(b, f"p{n}"))
        for n, (a, b) in enumerate(pairs)
    }
    return Topology(switches, links)


def _network(site: Topology, *down: str) -> Network:
    intent = Intent(vrfs={_VRF: Vrf(_VRF, 100)})
    return Network(intent, site, Facts(down_links=frozenset(down)))


def _edges(site: Topology) -> list[str]:
    return [switch.name for switch in site.switches.values() if switch.role == "edge"]


def _all(routes: Routes, site: Topology) -> None:
    """Have every edge's tree, which has the steps of all switches to it."""
    edges = _edges(site)
    for destination in edges:
        routes.next_hop(edges[0], destination, "cost", _VRF)


def _with_sets(site: Topology) -> float:
    """Time in ms to have every switch's equal ways to every edge, from nothing."""
    began = time.perf_counter()
    routes = Routes.of(_network(site))
    for destination in _edges(site):
        for switch in site.switches:
            routes.next_hops(switch, destination, "cost", _VRF)
    return (time.perf_counter() - began) * 1000


def _failures(before: Routes, site: Topology) -> Iterator[float]:
    """Time in ms for a link to fail, one after another."""
    for link in failing(site):
        failed = _network(site, link)
        yield timed(lambda failed=failed: _all(Routes.of(failed, before), site))[1]  # type: ignore[misc]


def failing(site: Topology) -> list[str]:
    """The links that fail: the same in every run."""
    return Random(0).sample(list(site.links), min(MOST_FAILURES, len(site.links)))


def _by_networkx(site: Topology) -> Mapping[str, Mapping[str, object]]:
    """What a controller would do with networkx's own functions: every tree with its equal steps."""
    links = graph(site, None)
    plain: nx.Graph[str] = nx.Graph()
    for a, b, data in links.edges(data=True):
        plain.add_edge(a, b, weight=weight(data["link"], "cost"))
    return {edge: nx.dijkstra_predecessor_and_distance(plain, edge)[0] for edge in _edges(site)}
