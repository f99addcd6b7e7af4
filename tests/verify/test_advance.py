"""What is proved change by change is what is proved of the whole."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.strategies import DataObject

from bench import workload
from controller.compile import compilation
from controller.dataplane.program import Program
from controller.model.intent import Intent, frozen
from controller.model.network import Network
from controller.verify.advance import advance
from controller.verify.groups import Chain
from controller.verify.index import Index
from controller.verify.proof import Ground, conclude, survey
from tests.chance import often
from tests.sharing import NEVER, Compiler, compiler, compilers, many_from, thresholds
from tests.strategies import intents, site
from tests.verify.changes import busy, changed
from tests.verify.mutants import mutants
from tests.verify.test_plan_safety import plugged_for


def state(ground: Ground) -> dict[str, Any]:
    """Everything an index concluded, without the order in which it did."""
    index = ground.index
    return {
        "sources": {group: set(names.items()) for group, names in index.sources.members.items()},
        "targets": {group: set(names.items()) for group, names in index.targets.members.items()},
        "chains": set(index.doubts.chains),
        "senders": set(index.doubts.senders),
        "places": set(index.doubts.places),
        "origins": set(index.doubts.origins),
        "switches": set(index.doubts.switches),
        "pairs": dict(index.doubts.pairs),
        "ways": set(index.doubts.ways),
    }


def held(network: Network, compiled: Compiler, data: DataObject) -> dict[str, Program]:
    """What switches hold: what they should, or one row otherwise."""
    programs = dict(compiled(network))
    if data.draw(st.booleans(), label="edited"):
        (found,) = mutants(programs, data.draw(st.integers(0, 1 << 16)), 1)
        programs[found.switch] = found.rows
    return programs


@settings(max_examples=often(30))
@given(st.data())
def test_change_by_change_is_the_whole(data: DataObject) -> None:
    steps: list[Intent] = [data.draw(st.just(busy()) | intents(max_instances=6), label="first")]
    for _ in range(data.draw(st.integers(1, 4), label="changes")):
        steps.append(data.draw(changed(steps[-1], most=2)))
    facts = plugged_for(*steps)
    networks = [Network(intent, site(), facts) for intent in steps]
    compiled = data.draw(compilers)
    with many_from(data.draw(thresholds, label="many from")):
        ground = survey(networks[0], held(networks[0], compiled, data))
    by_classes = data.draw(st.booleans(), label="by classes")
    for network in networks[1:]:
        programs = held(network, compiled, data)
        with many_from(1 if by_classes else NEVER):
            ground = advance(ground, network, programs)
        with many_from(NEVER):  # every pair on its own
            whole = survey(network, programs)
        assert state(ground) == state(whole)
        one, two = conclude(ground), conclude(whole)
        assert one.holds == two.holds, (
            [str(f) for f in one.faults],
            [str(f) for f in two.faults],
            ground.index.doubts,
        )


@pytest.mark.parametrize("pairs", [NEVER, 1], ids=["rules apart", "rules shared"])
def test_any_row_that_goes_is_as_in_the_whole(pairs: int) -> None:
    """None is of a kind that only a proof of the whole looks at."""
    network = Network(busy(), site(), plugged_for(busy()))
    programs = dict(compiler(pairs)(network))
    for switch, held in programs.items():
        for row in held:
            without = programs | {switch: held.changed((), [row.key])}
            found = state(advance(survey(network, programs), network, without))
            assert found == state(survey(network, without)), row


def looked_at(services: int, monkeypatch: pytest.MonkeyPatch) -> int:
    """How many addresses are looked at when the first of a kind comes where its peers are known."""
    base = workload.network(services)
    before = compilation(base)
    ground = survey(base, before.programs)
    like = base.intent.instances["i-3"]
    assert like.host != "host-0"
    where = {"host": "host-0", "port": "new", "ip": like.ip + 200}
    new = replace(like, name="new", id=65000, mac="02:b0:00:00:fd:e8", **where)
    intent = replace(base.intent, instances=frozen({**base.intent.instances, "new": new}))
    facts = replace(base.facts, ports=frozen({**base.facts.ports, ("edge-0", "new"): 9999}))
    after = Network(intent, base.topology, facts)
    seen: list[Chain] = []
    check = Index.check_chain
    with monkeypatch.context() as patch:
        patch.setattr(Index, "check_chain", lambda i, chain: (seen.append(chain), check(i, chain)))
        found = advance(ground, after, compilation(after, before).programs)
    assert conclude(found).holds
    return len(seen)


def test_who_meets_those_whom_others_meet_costs_nothing_of_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert 0 < looked_at(200, monkeypatch) == looked_at(2000, monkeypatch) < 10
