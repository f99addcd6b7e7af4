"""A proof is asked for of all that are connected, once they have confirmed what they hold."""

from __future__ import annotations

import pytest

from controller.compile import compile_network
from controller.reconcile.events import NetworkChanged, Proved
from controller.reconcile.rollout import ABSENCE_S
from tests.reconcile.world import World, prove, world
from tests.sites import two_hosts


@pytest.mark.parametrize("connected", [1, 3])
def test_a_proof_is_asked_for_once_all_have_confirmed(connected: int) -> None:
    network = two_hosts()
    found = world(network)
    found.feed(NetworkChanged(network, 1))
    names = sorted(found.switches)[:connected]
    for name in names:
        found.connect(name)
    found.wait(ABSENCE_S)
    _obey(found)
    assert [sorted(proof.held) for proof in found.proofs] == [names]
    assert dict(found.proofs[0].held) == {n: compile_network(network)[n] for n in names}
    assert found.state.proved == 0
    prove(found)
    assert found.state.proved == found.state.serial


def test_a_switch_that_joins_later_is_proved_with_the_others() -> None:
    """What was proved without it says nothing of it; nor does an answer that was under way."""
    network = two_hosts()
    found = world(network)
    found.feed(NetworkChanged(network, 1))
    for name in ("edge-1", "fabric-1"):
        found.connect(name)
    found.wait(ABSENCE_S)
    _obey(found)
    prove(found)
    assert found.state.proved == found.state.serial
    found.connect("edge-2")
    _obey(found)
    assert [sorted(proof.held) for proof in found.proofs] == [
        ["edge-1", "fabric-1"],
        ["edge-1", "edge-2", "fabric-1"],
    ]
    assert found.state.proved < found.state.serial
    first, second = found.proofs
    found.feed(Proved(first.serial, first.number))
    assert found.state.proved < found.state.serial
    found.feed(Proved(second.serial, second.number))
    assert found.state.proved == found.state.serial


def test_a_switch_that_comes_back_as_it_was_needs_no_proof_again() -> None:
    network = two_hosts()
    found = world(network)
    found.feed(NetworkChanged(network, 1))
    for name in found.switches:
        found.connect(name)
    found.settle()
    prove(found)
    count = len(found.proofs)
    found.lose("edge-2")
    found.connect("edge-2")
    _obey(found)
    assert found.state.in_line("edge-2")
    assert len(found.proofs) == count


def _obey(found: World) -> None:
    for _ in range(60):
        if found.todo:
            found.answer(found.todo.pop(0), "well")
