"""Equal-cost ways against networkx, and routes after a change against routes from nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from functools import lru_cache

import networkx as nx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controller.model.intent import Metric
from controller.model.network import Network, Topology
from controller.topology.graph import graph, weight
from controller.topology.routes import Routes
from tests.chance import often
from tests.topology.sites import fat_tree, network, real, site

REAL = ("topozoo/Abilene", "topozoo/Geant2012", "sndlib/germany50", "topozoo/Uninett2010")
SITES = ("fat-tree 4", *REAL)
METRICS: tuple[Metric, ...] = ("cost", "latency")


@lru_cache
def topology_of(name: str) -> Topology:
    return fat_tree(int(name.split()[1])) if name.startswith("fat-tree") else real(name)


def edges_of(topology: Topology) -> list[str]:
    return [switch.name for switch in topology.switches.values() if switch.role == "edge"]


def questions(topology: Topology) -> Iterator[tuple[str, str, Metric, str]]:
    """Every switch, destination, metric and VRF."""
    vrfs = ["common", "own"] if any(link.vrfs for link in topology.links.values()) else ["common"]
    for destination in edges_of(topology):
        for metric in METRICS:
            for vrf in vrfs:
                for switch in topology.switches:
                    yield switch, destination, metric, vrf


def ask_all(routes: Routes, topology: Topology) -> list[object]:
    return [
        (routes.next_hop(*question), routes.next_hops(*question))
        for question in questions(topology)
    ]


def lengths_by_networkx(
    wanted: Network, metric: Metric, destination: str
) -> tuple[dict[str, int], nx.Graph[str]]:
    """Distances over a simple graph without the edges that are neither end."""
    links = graph(wanted.topology, None, wanted.facts.down_links)
    plain: nx.Graph[str] = nx.Graph()
    plain.add_nodes_from(links.nodes)
    for a, b, data in links.edges(data=True):
        length = weight(data["link"], metric)
        known = plain.get_edge_data(a, b, {"weight": length})["weight"]
        plain.add_edge(a, b, weight=min(length, known))
    return nx.single_source_dijkstra_path_length(plain, destination), plain


@pytest.mark.parametrize("name", ["fat-tree 4", "topozoo/Abilene"])
@pytest.mark.parametrize("metric", METRICS)
def test_next_hops_are_those_of_every_shortest_path(name: str, metric: Metric) -> None:
    topology = topology_of(name)
    wanted = network(topology)
    routes = Routes.of(wanted)
    edges = edges_of(topology)
    for destination in edges:
        _, plain = lengths_by_networkx(wanted, metric, destination)
        for switch in topology.switches.keys() - {destination}:
            plain_without = plain.subgraph(plain.nodes - (set(edges) - {destination, switch}))
            paths = nx.all_shortest_paths(plain_without, switch, destination, weight="weight")
            expected = {path[1] for path in paths}
            found = routes.next_hops(switch, destination, metric, "common")
            assert {hop.neighbour for hop in found} == expected
            assert routes.next_hop(switch, destination, metric, "common") in found


@settings(max_examples=often(7), deadline=None)
@given(data=st.data(), name=st.sampled_from(SITES))
def test_after_any_changes_routes_equal_those_from_nothing(data: st.DataObject, name: str) -> None:
    topology = topology_of(name)
    names = sorted(topology.links)
    routes = Routes.of(network(topology))
    ask_all(routes, topology)
    down: set[str] = set()
    for _ in range(data.draw(st.integers(1, 3), label="changes")):
        down ^= set(data.draw(st.lists(st.sampled_from(names), max_size=4, unique=True)))
        wanted = network(topology, down)
        before, routes = routes, Routes.of(wanted, routes)
        assert routes is before or routes.work.grown == 0
        assert ask_all(routes, topology) == ask_all(Routes.of(wanted), topology)


@settings(max_examples=often(8), deadline=None)
@given(data=st.data(), name=st.sampled_from(SITES))
def test_no_way_loops_or_leads_through_an_edge(data: st.DataObject, name: str) -> None:
    topology = topology_of(name)
    down = data.draw(st.sets(st.sampled_from(sorted(topology.links)), max_size=8))
    routes = Routes.of(network(topology, down))
    edges = edges_of(topology)
    for destination in edges:
        for metric in METRICS:
            for source in edges:
                path = routes.path(metric, source, destination, "own")
                if path is not None:
                    assert len(set(path.switches)) == len(path.switches)
                    assert not set(path.switches[1:-1]) & set(edges)
                    assert not set(path.links) & down


def test_a_failure_leaves_alone_the_trees_that_did_not_use_the_link() -> None:
    topology = topology_of("sndlib/germany50")
    before = Routes.of(network(topology))
    ask_all(before, topology)
    for link in topology.links.values():
        after = Routes.of(network(topology, [link.name]), before)
        for key, tree in before._trees.items():
            used = any(hop is not None and hop.link is link for hop in tree.steps)
            assert used or after._trees[key].steps == tree.steps
        mended = [key for key, tree in before._trees.items() if after._trees[key] is not tree]
        assert len(mended) == after.work.mended


def test_a_failure_moves_only_the_switches_that_used_the_link_where_another_is_as_short() -> None:
    topology = topology_of("fat-tree 4")
    before = Routes.of(network(topology))
    ask_all(before, topology)
    uplink = next(link for link in topology.links.values() if link.b.switch.startswith("spine"))
    after = Routes.of(network(topology, [uplink.name]), before)
    for switch, destination, metric, vrf in questions(topology):
        was = before.next_hop(switch, destination, metric, vrf)
        same_pod = destination.startswith(f"edge-{uplink.a.switch[5]}-")
        if was is not None and was.link is not uplink and not same_pod:
            assert after.next_hop(switch, destination, metric, vrf) == was


def test_a_link_that_comes_back_brings_back_what_was() -> None:
    topology = topology_of("topozoo/Geant2012")
    first = Routes.of(network(topology))
    ask_all(first, topology)
    for name in sorted(topology.links)[::9]:
        down = Routes.of(network(topology, [name]), first)
        again = Routes.of(network(topology), down)
        assert ask_all(again, topology) == ask_all(first, topology)


def test_work_grows_with_what_used_the_link_and_not_with_the_site() -> None:
    looked = []
    for arity in (4, 8):
        topology = topology_of(f"fat-tree {arity}")
        before = Routes.of(network(topology))
        edges = edges_of(topology)
        for destination in edges:
            before.next_hop(edges[0], destination, "cost", "common")
        uplink = next(link for link in topology.links.values() if link.b.switch.startswith("core"))
        after = Routes.of(network(topology, [uplink.name]), before)
        assert after.work.grown == 0
        looked.append(after.work.looked / len(edges))
    assert looked[1] <= 2 * looked[0]


def test_nothing_is_worked_out_where_nothing_changed() -> None:
    topology = topology_of("topozoo/Abilene")
    before = Routes.of(network(topology))
    ask_all(before, topology)
    assert Routes.of(network(topology), before) is before
    other = fat_tree(4)
    anew = Routes.of(network(other), before)
    assert anew == Routes.of(network(other))
    assert not anew._trees


def test_destinations_spread_over_equal_links() -> None:
    topology = fat_tree(8)
    routes = Routes.of(network(topology))
    for source in ("leaf-0-0", "leaf-3-2", "spine-1-1"):
        taken = Counter(
            hop.link.name
            for destination in edges_of(topology)
            if len(routes.next_hops(source, destination, "cost", "common")) == 4
            if (hop := routes.next_hop(source, destination, "cost", "common"))
        )
        share = sum(taken.values()) / 4
        assert len(taken) == 4
        assert all(0.5 * share < count < 1.6 * share for count in taken.values()), taken


def test_which_way_is_taken_does_not_depend_on_the_order_of_declaration() -> None:
    one = fat_tree(4)
    other = Topology(
        dict(reversed(list(one.switches.items()))), dict(reversed(list(one.links.items())))
    )
    assert ask_all(Routes.of(network(one)), one) == ask_all(Routes.of(network(other)), one)


def test_where_there_is_no_way_there_is_no_step() -> None:
    topology = site([("edge-1", "fabric-1"), ("edge-1", "edge-2"), ("edge-2", "edge-3")])
    routes = Routes.of(network(topology))
    assert routes.next_hop("fabric-1", "edge-3", "cost", "common") is None
    assert routes.path("cost", "edge-1", "edge-3", "common") is None  # edge-2 passes nothing on
    assert routes.next_hops("edge-1", "edge-3", "cost", "common") == ()
    assert routes.path("cost", "edge-2", "edge-3", "common") is not None
