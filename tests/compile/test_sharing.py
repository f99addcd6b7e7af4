"""Rules of many identities cost the sum of what they name, and decide as rules of few do."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.strategies import DataObject

from bench.workload import all_different, of_units, with_rule
from controller.compile import Compilation, compilation
from controller.compile.grants import Grantable
from controller.compile.sharing import own_rules
from controller.diff.plan import Phase, plan
from controller.model import pairwise
from controller.model.identity import identities
from controller.model.intent import PortRange, Rule, Selector, Service, frozen
from controller.model.network import Network
from controller.model.pairwise import check_pairs, is_too_much
from controller.model.problems import Problems
from tests.chance import often
from tests.sharing import room_for, rooms, shared_from
from tests.strategies import intents, site
from tests.verify.test_plan_safety import plugged_for

EVERYBODY = Selector()
HTTPS = PortRange("tcp", 443, 443)


def with_services(base: Network, services: Mapping[str, Service]) -> Network:
    return replace(base, intent=replace(base.intent, services=frozen(services)))


def halves(services: int) -> Network:
    """One half of the services may open HTTPS to each of the other half."""
    half = services // 2
    lists = of_units(range(half)), of_units(range(half, services))
    return with_rule(all_different(services), Rule("lists", *lists, (HTTPS,)))


def permits(found: Compilation) -> Counter[str]:
    """How many permit rows the first edge has, by shape; those of every pipeline are left out."""
    shapes = (row.shape for row in found.programs["edge-0"])
    kinds = Counter(shape for shape in shapes if shape.startswith("permit."))
    return kinds - Counter(["permit.reply", "permit.related", "permit.drop"])


@pytest.mark.parametrize("services", [40, 80])
def test_two_lists_of_labels_cost_their_sum(services: int) -> None:
    assert permits(compilation(halves(services))) == {
        **{"permit.from_some": services // 2, "permit.to_some": services // 2},
        **{"permit.at_tcp": 1, "permit.shared_some": 1},
    }


def test_a_thousand_labels_to_a_thousand_others_cost_two_thousand_and_two() -> None:
    assert permits(compilation(halves(2000))) == {
        **{"permit.from_some": 1000, "permit.to_some": 1000},
        **{"permit.at_tcp": 1, "permit.shared_some": 1},
    }


def test_two_such_rules_with_destinations_in_common_cost_their_sum() -> None:
    """Half of the sources and three quarters of the destinations are those of both."""
    lists = of_units(range(500, 1500)), of_units(range(750, 1750))
    both = with_rule(halves(2000), Rule("ranges", *lists, (PortRange("tcp", 8080, 8083), HTTPS)))
    assert permits(compilation(both)) == {
        **{"permit.from_some": 1500, "permit.to_some": 1250},
        **{"permit.at_tcp": 2, "permit.shared_some": 2},
    }


def test_everybody_to_everybody_costs_everybody_once() -> None:
    base = all_different(40)
    rule = Rule("all", EVERYBODY, EVERYBODY, (PortRange("any"),))
    found = permits(compilation(with_rule(base, rule)))
    assert found == {"permit.from_any": 40, "permit.to_any": 40, "permit.shared_any": 1}


def test_a_popular_rule_adds_no_rows_of_identities_that_are_in_another() -> None:
    base = halves(40)
    rule = Rule("ping", EVERYBODY, EVERYBODY, (PortRange("icmp"),))
    before, after = permits(compilation(base)), permits(compilation(with_rule(base, rule)))
    # The other half of each side, and what the rule itself is.
    assert sum((after - before).values()) == 20 + 20 + 1 + 1


def relabelled(base: Network) -> Network:
    services = dict(base.intent.services)
    services["service-1"] = replace(services["service-1"], labels=frozen({"unit": "u0"}))
    return with_services(base, services)


def test_a_member_that_changes_costs_the_same_in_a_site_of_any_size() -> None:
    costs, works = [], []
    for services in (80, 160):
        base = halves(services)
        before = compilation(base)
        after = compilation(relabelled(base), before)
        found = plan(before.programs, after.programs)
        costs.append(sum(map(len, found.switches.values())))
        works.append(after.work)
    assert costs[0] == costs[1] <= 20
    assert works[0] == works[1]


def test_an_edge_without_anybody_of_a_rule_holds_nothing_of_it() -> None:
    base = halves(40)  # edge-0 has the even services, edge-1 the odd ones
    evens = of_units(range(0, 20, 2)), of_units(range(20, 40, 2))
    rule = Rule("evens", *evens, (PortRange("udp", 53, 53),))
    alone = replace(base, intent=replace(base.intent, rules=frozen({rule.name: rule})))
    assert not any(
        row.shape.startswith(("permit.from", "permit.to", "permit.at", "permit.shared"))
        for row in compilation(alone).programs["edge-1"]
    )
    assert permits(compilation(alone))["permit.from_some"] == 10


def test_a_rule_that_comes_widens_clauses_first_and_one_that_goes_narrows_them_last() -> None:
    base = halves(40)
    lists = of_units(range(20)), of_units(range(20, 40))
    more = with_rule(base, Rule("more", *lists, (PortRange("udp", 53, 53),)))
    before, after = compilation(base), compilation(more)
    there = dict(plan(before.programs, after.programs).phases())
    back = dict(plan(after.programs, before.programs).phases())
    assert list(there) == [Phase.ADD]
    assert list(back) == [Phase.NARROW, Phase.REMOVE]
    assert {row.shape for row in back[Phase.NARROW]["edge-0"]} == {
        *("permit.from_some", "permit.to_some"),
    }


def rule(name: str, *allow: PortRange, dscp: int | None = None) -> Rule:
    return Rule(name, EVERYBODY, EVERYBODY, allow, dscp)


def tcp(first: int, last: int | None = None) -> PortRange:
    return PortRange("tcp", first, first if last is None else last)


@pytest.mark.parametrize(
    ("rules", "own"),
    [
        ({"shared-a": (tcp(80),), "shared-b": (tcp(81),)}, []),
        ({"shared-a": (tcp(80),), "b": (tcp(81),)}, ["b"]),
        # A narrower shared rule would be hidden by the pair's own row.
        ({"shared-a": (tcp(80),), "b": (PortRange("any"),)}, ["b", "shared-a"]),
        ({"shared-a": (tcp(80),), "b": (tcp(1, 1000),)}, ["b", "shared-a"]),
        ({"shared-a": (tcp(1, 1000),), "b": (tcp(80),)}, ["b"]),
        ({"shared-a": (PortRange("icmp"),), "b": (tcp(80),)}, ["b"]),
        # What came in so may hide others in turn.
        (
            {"shared-a": (tcp(1, 99),), "b": (tcp(50, 200),), "shared-c": (tcp(5),)},
            ["b", "shared-a", "shared-c"],
        ),
    ],
)
def test_what_shared_rules_decide_wrongly_is_written_for_the_pair(
    rules: dict[str, tuple[PortRange, ...]], own: list[str]
) -> None:
    granted = [Grantable(rule(name, *allow), 0) for name, allow in sorted(rules.items())]
    shared = frozenset(name for name in rules if name.startswith("shared-"))
    assert [found.rule.name for found in own_rules(granted, shared)] == own


def test_shared_rules_of_two_classes_for_the_same_packets_are_written_for_the_pair() -> None:
    one, other = rule("a", tcp(80)), rule("b", tcp(1, 100))
    shared = frozenset({"a", "b"})
    assert own_rules([Grantable(one, 0), Grantable(other, 0)], shared) == ()
    assert len(own_rules([Grantable(one, 46), Grantable(other, 0)], shared)) == 2


def test_a_rule_that_looks_at_marks_leaves_shared_ones_alone() -> None:
    marked, ping = rule("marked", PortRange("any"), dscp=46), rule("ping", PortRange("icmp"))
    found = own_rules([Grantable(marked, 0), Grantable(ping, 0)], frozenset({"ping"}))
    assert [grantable.rule.name for grantable in found] == ["marked"]


@settings(max_examples=often(20), deadline=None)
@given(st.data())
def test_the_check_of_an_intent_counts_at_least_what_is_written_out(data: DataObject) -> None:
    """The check of an intent and the compiler count alike: it finds something where this does."""
    intent = data.draw(intents(max_instances=8))
    room = data.draw(rooms, label="room for")
    populated = {identities(intent)[i.service] for i in intent.instances.values()}
    with shared_from(1), room_for(room), pytest.MonkeyPatch.context() as patch:
        patch.setattr(pairwise, "MOST_SHARES", room)
        patch.setattr(pairwise, "MOST_PAIRS", -1)  # nothing is plainly little
        problems = Problems()
        check_pairs(intent, populated, problems)
        found = compilation(Network(intent, site(), plugged_for(intent)))
        patch.setattr(pairwise, "MOST_PAIRS", len(found.context.openings.pairs) - 1)
        assert is_too_much(intent, populated) or not found.context.openings.pairs
        assert bool(len(problems)) == bool(found.context.openings.pairs)
