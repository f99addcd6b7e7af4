"""Topologies to route over: fat-trees, and real networks from topohub."""

from __future__ import annotations

from collections.abc import Iterable

import topohub

from controller.model.intent import Intent, Vrf
from controller.model.network import Endpoint, Facts, Link, Network, Switch, Topology

INTENT = Intent(vrfs={"common": Vrf("common", 100), "own": Vrf("own", 200)})
"""Two VRFs; where a site has links for `own` alone, that one has a lane."""


def network(topology: Topology, down: Iterable[str] = ()) -> Network:
    """A network with these links down."""
    return Network(INTENT, topology, Facts(down_links=frozenset(down)))


def fat_tree(arity: int) -> Topology:
    """A fat-tree of switches with so many ports each (Al-Fares 2008): arity^3/4 edges below it."""
    half = arity // 2
    pairs = [
        (f"edge-{pod}-{leaf}-{host}", f"leaf-{pod}-{leaf}")
        for pod in range(arity)
        for leaf in range(half)
        for host in range(half)
    ]
    for pod in range(arity):
        for spine in range(half):
            pairs += [(f"leaf-{pod}-{leaf}", f"spine-{pod}-{spine}") for leaf in range(half)]
            pairs += [(f"spine-{pod}-{spine}", f"core-{spine}-{n}") for n in range(half)]
    return site(pairs)


def real(name: str) -> Topology:
    """A network of topohub, with an edge switch on every node, some of them with two uplinks.

    Latencies are those of the distances; every seventh link is doubled, every fifth of them is
    for the VRF `own` alone.
    """
    found = topohub.get(name)
    edges = sorted({(link["source"], link["target"]) for link in found["edges"]})
    latency = {
        f"node-{link['source']} node-{link['target']}": max(1, round(link.get("dist", 1) * 5))
        for link in found["edges"]
    }
    nodes = [node["id"] for node in found["nodes"]]
    pairs = [(f"node-{a}", f"node-{b}") for a, b in edges]
    pairs += pairs[::7]
    pairs += [(f"edge-{node}", f"node-{node}") for node in nodes]
    pairs += [(f"edge-{near}", f"node-{far}") for near, far in edges[::3]]
    return site(pairs, latency)


def site(pairs: Iterable[tuple[str, str]], latency_us: dict[str, int] | None = None) -> Topology:
    """The switches that these pairs name, and a link for every pair."""
    pairs = list(pairs)
    names = sorted({name for pair in pairs for name in pair})
    switches = {
        name: Switch(name, "edge", number, f"host-{number}")
        if name.startswith("edge")
        else Switch(name, "fabric", number)
        for number, name in enumerate(names, 1)
    }
    links = [
        Link(
            f"link-{number}",
            Endpoint(near, f"p{number}"),
            Endpoint(far, f"p{number}"),
            latency_us=(latency_us or {}).get(f"{near} {far}", 10),
            vrfs=("own",) if latency_us and number % 35 == 34 else (),
        )
        for number, (near, far) in enumerate(pairs)
    ]
    return Topology(switches, {link.name: link for link in links})
