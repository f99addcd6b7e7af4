"""What is compiled after a change is what the whole network compiles to."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.strategies import DataObject

from controller.compile import compilation, compile_network, compiler
from controller.compile.nodes import Node
from controller.dataplane.program import differences
from controller.model.change import move_instance
from controller.model.intent import Intent, frozen
from controller.model.network import Facts, Network
from tests.chance import often
from tests.sharing import room_for, rooms, shared_from, thresholds
from tests.sites import INTENT, intent, plugged, topology, two_hosts
from tests.strategies import intents, site
from tests.topology.sites import INTENT as ROUTED
from tests.topology.sites import fat_tree
from tests.verify.changes import busy, changed, without_one
from tests.verify.test_plan_safety import plugged_for


@settings(max_examples=often(40), deadline=None)
@given(st.data())
def test_after_every_change_it_is_the_whole(data: DataObject) -> None:
    steps: list[Intent] = [data.draw(st.just(busy()) | intents(max_instances=8), label="first")]
    for _ in range(data.draw(st.integers(1, 6), label="changes")):
        steps.append(data.draw(changed(steps[-1], most=2)))
    ports = plugged_for(*steps).ports
    links = st.frozensets(st.sampled_from(sorted(site().links)), max_size=3)
    down = st.just(frozenset[str]()) | links
    last = None
    pairs, room = data.draw(thresholds, label="shared from"), data.draw(rooms, label="room for")
    with shared_from(pairs), room_for(room):
        for step in steps:
            facts = Facts(without_one(data, ports), data.draw(down, label="down"))
            network = Network(step, site(), facts)
            last = compilation(network, last)
            whole = compile_network(network)
            off = {name: differences(last.programs[name], whole[name]) for name in whole}
            assert not any(off.values()), off


@pytest.mark.parametrize("without", [node.name for node in compiler.EDGE if node.touched])
def test_a_part_that_follows_no_change_is_made_again(
    without: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    network = two_hosts()
    before = compilation(network)
    later = replace(network, intent=move_instance(network.intent, "web-1", "host-2"))
    for part in ("EDGE", "FABRIC"):
        nodes = (_deaf(node, without) for node in getattr(compiler, part))
        monkeypatch.setattr(compiler, part, tuple(nodes))
    after = compilation(later, before)
    assert after.programs == compile_network(later)
    assert f"{without} again" in after.work
    assert f"{without} touched" not in after.work
    assert any(name.endswith(" touched") for name in after.work)


def _deaf(node: Node, name: str) -> Node:
    """The node without its handler, if it is the one of that name."""
    return replace(node, touched=None) if node.name == name else node


def test_a_links_failure_touches_only_the_ways_over_it() -> None:
    counts = []
    for arity in (4, 6):
        topology = fat_tree(arity)
        ports = {
            (end.switch, end.port): number
            for number, link in enumerate(topology.links.values(), 1)
            for end in (link.a, link.b)
        }
        before = compilation(Network(ROUTED, topology, Facts(ports)))
        uplink = next(link for link in topology.links.values() if link.b.switch.startswith("core"))
        failed = Network(ROUTED, topology, Facts(ports, frozenset({uplink.name})))
        after = compilation(failed, before)
        assert after.programs == compile_network(failed)
        others = [
            name for name, program in after.programs.items() if before.programs[name] != program
        ]
        assert uplink.a.switch in others
        counts.append((after.work["ways touched"], before.work["ways made"]))
    (few, _), (more, all_of_them) = counts
    assert more < all_of_them / 50
    assert more <= 6 * few


def test_a_rule_leaves_all_other_buckets_as_they_are() -> None:
    network = two_hosts()
    before = compilation(network)
    rules = {name: rule for name, rule in network.intent.rules.items() if name != "ping"}
    bare = Intent(
        **{
            name: getattr(network.intent, name)
            for name in ("vrfs", "classes", "segments", "tenants", "services", "instances")
        },
        rules=frozen(rules),
    )
    after = compilation(Network(bare, network.topology, network.facts), before)
    for name, program in after.programs.items():
        old = before.programs[name].buckets
        anew = [key for key, rows in program.buckets.items() if old.get(key) is not rows]
        assert {relation for relation, _ in anew} <= {"permit.icmp"}
        gone = differences(before.programs[name], program).removed
        assert {row.shape for row in gone} <= {"permit.icmp"}


def test_equal_networks_share_everything() -> None:
    before = compilation(two_hosts())
    site_again = topology()
    again = intent(INTENT)
    after = compilation(Network(again, site_again, plugged(again, site_again)), before)
    for name, program in after.programs.items():
        assert program is before.programs[name]
