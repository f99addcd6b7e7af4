"""The loop converges, whatever the order of events and whatever switches answer."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.strategies import DataObject

from controller.dataplane.program import Program, program
from controller.model.network import Network
from controller.reconcile.events import NetworkChanged, ReadBack, ReadBackDone, SendBundle, Tick
from controller.reconcile.rollout import ABSENCE_S
from tests.chance import often
from tests.reconcile.world import World, assert_holds, world
from tests.sites import two_hosts
from tests.strategies import intents, moved, plugged, site


@settings(max_examples=often(25))
@given(st.data())
def test_it_converges_whatever_happens(data: DataObject) -> None:
    first = data.draw(intents(max_instances=5))
    second = data.draw(moved(first))
    topology = site()
    networks = [Network(i, topology, plugged(i, topology)) for i in (first, second)]
    found = world(networks[0])
    found.late = data.draw(st.booleans())
    for name in found.switches:
        found.connect(name)
    revision, current = 0, networks[0]
    fates = ("well", "well", "refused", "lost before", "lost after")
    for _ in range(data.draw(st.integers(5, 40))):
        what = data.draw(st.sampled_from(("answer", "answer", "change", "lose", "time")))
        if what == "answer" and found.todo:
            index = data.draw(st.integers(0, len(found.todo) - 1))
            found.answer(found.todo.pop(index), data.draw(st.sampled_from(fates)))
        elif what == "change":
            revision += 1
            current = data.draw(st.sampled_from(networks))
            found.feed(NetworkChanged(current, revision))
        elif what == "lose":
            name = data.draw(st.sampled_from(sorted(found.switches)))
            found.lose(name)
            found.connect(name)
        else:
            found.now += data.draw(st.sampled_from((0.01, 0.1, 1.0, 40.0)))
            found.feed(Tick())
    found.feed(NetworkChanged(current, revision + 1))
    found.settle()
    assert_holds(found, current)


def converged() -> tuple[World, Network]:
    network = two_hosts()
    found = world(network)
    found.feed(NetworkChanged(network, 1))
    for name in found.switches:
        found.connect(name)
    found.settle()
    return found, network


def test_a_restart_sends_nothing() -> None:
    found, network = converged()
    again = World(found.switches)
    again.feed(NetworkChanged(network, 1))
    for name in again.switches:
        again.connect(name)
    again.settle()
    assert again.bundles == 0
    assert_holds(again, network)


def test_a_switch_that_refuses_keeps_its_old_program_and_is_tried_again() -> None:
    network = two_hosts()
    found = world(network)
    found.feed(NetworkChanged(network, 1))
    found.connect("fabric-1")
    found.answer(found.todo.pop(0), "well")  # the read-back
    assert not found.todo, "others may come yet"
    found.wait(ABSENCE_S)
    found.answer(found.todo.pop(0), "refused")
    assert found.switches["fabric-1"] == {}
    assert found.state.switch("fabric-1").problem == "the table is full"
    for name in ("edge-1", "edge-2"):
        found.connect(name)
    found.settle()
    assert_holds(found, network)
    assert found.state.switch("fabric-1").problem is None


def test_nobody_waits_for_a_switch_whose_ports_are_not_known() -> None:
    network = two_hosts()
    network = replace(network, facts=replace(network.facts, unseen=frozenset({"edge-2"})))
    found = world(network)
    found.feed(NetworkChanged(network, 1))
    for name in ("fabric-1", "edge-1"):
        found.connect(name)
    while isinstance(found.todo[0], ReadBack):
        found.answer(found.todo.pop(0), "well")
    assert {e.switch for e in found.todo if isinstance(e, SendBundle)} == {"fabric-1", "edge-1"}
    assert found.now == 0.0


def test_drift_is_noticed_and_repaired() -> None:
    found, network = converged()
    rows = found.switches["edge-1"]
    key, row = next(item for item in rows.items() if item[1].shape == "permit.tcp")
    del rows[key]
    found.now += 60
    found.feed(Tick())
    found.settle()
    while found.todo:
        found.answer(found.todo.pop(0), "well")
    assert [drift.switch for drift in found.drifts] == ["edge-1"]
    assert rows[key] == row
    assert_holds(found, network)


def test_entries_that_are_not_ours_are_removed_by_cookie() -> None:
    found, network = converged()
    found.now += 60
    found.feed(Tick())
    effect = next(e for e in found.todo if isinstance(e, ReadBack) and e.switch == "edge-1")
    found.todo.remove(effect)
    held: Program = program(found.switches["edge-1"].values())
    found.feed(ReadBackDone("edge-1", effect.session, effect.asked, held, frozenset({0x77})))
    sent = next(e for e in found.todo if isinstance(e, SendBundle))
    assert sent.purge == (0x77,)
    found.settle()
    assert_holds(found, network)
