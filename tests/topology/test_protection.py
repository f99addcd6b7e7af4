"""What a route answers about a failure is what the controller works out once it has happened."""

from __future__ import annotations

from dataclasses import replace

import networkx as nx
from hypothesis import given, settings
from hypothesis import strategies as st

from controller.model.intent import Intent, Metric, Vrf, frozen
from controller.model.network import Endpoint, Facts, Link, Network, Switch, Topology
from controller.topology.graph import graph
from controller.topology.protection import Failures, Protection
from controller.topology.routes import Routes
from tests.chance import often

METRICS: tuple[Metric, ...] = ("cost", "latency")


def network(links: list[tuple[str, str]], down: frozenset[str] = frozenset()) -> Network:
    """Hosts a and b, and whatever else is named, as fabric; links are called ``x-y``."""
    names = sorted({name for link in links for name in link})
    switches = {
        name: Switch(name, "edge" if name in "ab" else "fabric", number, name * (name in "ab"))
        for number, name in enumerate(names, 1)
    }
    made = {
        f"{x}-{y}": Link(f"{x}-{y}", Endpoint(x, y), Endpoint(y, x), latency_us=10 + number)
        for number, (x, y) in enumerate(links)
    }
    intent = Intent(vrfs=frozen({"v": Vrf("v", 1)}))
    return Network(intent, Topology(switches, made), Facts({}, down))


def protection(found: Network, metric: Metric = "cost") -> Protection:
    routes = Routes.of(found)
    path = routes.path(metric, "a", "b", "v")
    assert path is not None
    return Failures(found, routes).protection(path, metric, "v")


def test_a_ring_has_another_way_round_each_part() -> None:
    found = protection(network([("a", "x"), ("x", "b"), ("a", "y"), ("y", "b")]))
    assert found.single_points == ()
    assert len(found.links) == 2
    (passed,) = found.switches
    assert passed.then is not None
    assert passed.name not in passed.then.switches


def test_what_has_no_other_way_is_a_single_point() -> None:
    found = protection(network([("a", "x"), ("x", "y"), ("x", "z"), ("z", "y"), ("y", "b")]))
    assert found.single_points == ("x", "y", "a-x", "y-b")
    (between,) = [detour for detour in found.links if detour.name == "x-y"]
    assert between.then is not None
    assert between.then.switches == ("a", "x", "z", "y", "b")


def test_what_is_down_already_protects_nothing() -> None:
    ring = network([("a", "x"), ("x", "b"), ("a", "y"), ("y", "b")], frozenset({"a-y"}))
    assert protection(ring).single_points == ("x", "a-x", "x-b")


def test_a_host_to_itself_passes_nothing() -> None:
    ring = network([("a", "x"), ("x", "b")])
    routes = Routes.of(ring)
    path = routes.path("cost", "a", "a", "v")
    assert path is not None
    assert Failures(ring, routes).protection(path, "cost", "v") == Protection((), ())


FABRIC = "cdefg"
PAIRS = [(x, y) for x in "ab" for y in FABRIC] + [
    (x, y) for n, x in enumerate(FABRIC) for y in FABRIC[n + 1 :]
]


@settings(max_examples=often(50), deadline=None)
@given(st.sets(st.sampled_from(PAIRS), min_size=4), st.sampled_from(METRICS), st.data())
def test_it_is_what_comes_true(
    pairs: set[tuple[str, str]], metric: Metric, data: st.DataObject
) -> None:
    """Routes from nothing after the failure are the same, and there is a way where a graph has."""
    links = sorted(pairs | {("a", "c"), ("b", "d")})
    down = data.draw(st.sets(st.sampled_from([f"{x}-{y}" for x, y in links]), max_size=2))
    found = network(links, frozenset(down))
    routes = Routes.of(found)
    path = routes.path(metric, "a", "b", "v")
    if path is None:
        return
    told = Failures(found, routes).protection(path, metric, "v")
    for detour in (*told.links, *told.switches):
        failed = {
            name
            for name, link in found.topology.links.items()
            if detour.name in (name, link.a.switch, link.b.switch)
        }
        facts = replace(found.facts, down_links=found.facts.down_links | failed)
        after = replace(found, facts=facts)
        assert detour.then == Routes.of(after).path(metric, "a", "b", "v")
        left = graph(after.topology, None, facts.down_links)
        assert (detour.then is not None) == nx.has_path(left, "a", "b")
