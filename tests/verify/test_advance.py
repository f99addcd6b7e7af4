"""What is proved change by change is what is proved of the whole."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.strategies import DataObject

from bench import workload
from controller.compile import compilation, compile_network
from controller.dataplane.program import Program
from controller.model.decode import decode_intent
from controller.model.intent import Intent, PortRange, Rule, Selector, frozen
from controller.model.network import Facts, Network
from controller.verify.advance import advance
from controller.verify.groups import Chain
from controller.verify.index import Index
from controller.verify.proof import Ground, conclude, survey
from controller.verify.wanted import Wanted
from tests.chance import often
from tests.sharing import NEVER, Compiler, compiler, compilers, many_from, thresholds
from tests.strategies import HOSTS, intents, site
from tests.verify.changes import busy, changed, without_one
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
    ports = plugged_for(*steps).ports
    networks = [Network(intent, site(), Facts(without_one(data, ports))) for intent in steps]
    compiled = data.draw(compilers)
    programs = held(networks[0], compiled, data)
    with many_from(data.draw(thresholds, label="many from")):
        ground = survey(networks[0], programs)
    by_classes = data.draw(st.booleans(), label="by classes")
    for network in networks[1:]:
        if not data.draw(st.booleans(), label="rows stay"):
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


def asking(*, there: bool, allowed: bool) -> Intent:
    """Somebody who answers on the second host, and on the first who asks him, if he is there."""
    names = ("asks", "answers", "idle")
    who = {"id": 9, "ip": "10.128.0.9", "mac": "02:00:00:00:00:09"}
    instances: dict[str, Any] = {
        "idle-1": {"service": "idle", "host": "host-1"},
        "answers-1": {"service": "answers", "host": "host-2"},
    }
    if there:
        instances["asks-1"] = {"service": "asks", "host": "host-1", **who}
    source, destination = ("asks", "answers") if allowed else ("idle", "asks")
    ends = {"from": {"service": source}, "to": {"service": destination}}
    document = {
        "vrfs": {"business": {"id": 100}},
        "segments": {"lan": {"vrf": "business"}},
        "tenants": {"shop": {"segment": "lan"}},
        "services": {name: {"tenant": "shop"} for name in names},
        "instances": instances,
        "rules": [{"name": "rule", "allow": ["tcp/80"], **ends}],
    }
    return decode_intent(document, hosts=frozenset(HOSTS))


HERE, AWAY = {"there": True, "allowed": True}, {"there": False, "allowed": True}
DENIED = {"there": True, "allowed": False}


@pytest.mark.parametrize(
    ("first", "then"), [(AWAY, HERE), (HERE, AWAY), (DENIED, HERE), (HERE, DENIED)]
)
def test_what_has_to_be_resolved_is_followed_though_rows_stay(
    first: dict[str, bool], then: dict[str, bool]
) -> None:
    one, two = asking(**first), asking(**then)
    facts = plugged_for(one, two)
    before, after = Network(one, site(), facts), Network(two, site(), facts)
    rows = compile_network(Network(asking(**AWAY), site(), facts))
    found, whole = advance(survey(before, rows), after, rows), survey(after, rows)
    assert state(found) == state(whole)
    assert state(whole)["chains"] != state(survey(before, rows))["chains"]


def asked(services: int, ports: int, monkeypatch: pytest.MonkeyPatch) -> int:
    """How often it is asked who has to be resolved, when so many ports of a host come at once.

    No two services are alike, and everybody may reach everybody.
    """
    everybody = Selector(frozen({}))
    rule = Rule("all", everybody, everybody, (PortRange("tcp", 80, 80),), None)
    base = workload.with_rule(workload.all_different(services), rule)
    here = [("edge-0", i.port) for i in base.intent.instances.values() if i.host == "host-0"]
    known = {port: n for port, n in base.facts.ports.items() if port not in here[:ports]}
    before = replace(base, facts=Facts(known))
    first = compilation(before)
    ground = survey(before, first.programs)
    questions: Counter[str] = Counter()
    owes, is_owed = Wanted.owes, Index.is_owed

    def counted(name: str, method: Callable[..., bool]) -> Callable[..., bool]:
        def count(*arguments: Any) -> bool:
            questions[name] += 1
            return method(*arguments)

        return count

    with monkeypatch.context() as patch:
        patch.setattr(Wanted, "owes", counted("owes", owes))
        patch.setattr(Index, "is_owed", counted("of links", is_owed))
        found = advance(ground, base, compilation(base, first).programs)
    assert conclude(found).holds
    return questions["owes"] - questions["of links"]


def test_who_has_to_be_resolved_is_asked_once_for_all_that_the_same_rules_name(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A host's ports that come up together bring as many identities, each with all others."""
    few, many = asked(100, 10, monkeypatch), asked(200, 80, monkeypatch)
    assert 0 < few == many < 20
