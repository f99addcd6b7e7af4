"""What a change gains and loses as groups: exact, and few."""

from __future__ import annotations

from itertools import product

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.strategies import DataObject

from controller.model.intent import Intent
from controller.model.meaning import verdict
from controller.model.reach import gained_lost
from controller.model.reach_difference import ReachGroup, reach_difference
from tests.chance import often
from tests.model.slow_reach import gained_lost as slowly
from tests.sites import INTENT, intent
from tests.strategies import intents
from tests.verify.test_plan_safety import changed


@settings(max_examples=often(40), deadline=None)
@given(st.data())
def test_groups_are_the_pairs(data: DataObject) -> None:
    before = data.draw(intents(max_instances=4))
    after = data.draw(st.one_of(changed(before), intents(max_instances=4)))
    assert gained_lost(before, after) == slowly(before, after)


@settings(max_examples=often(20), deadline=None)
@given(st.data())
def test_a_changed_class_is_one_of_packets_that_both_allow(data: DataObject) -> None:
    before = data.draw(intents(max_instances=6))
    after = data.draw(changed(before))
    for group in reach_difference(before, after).changed:
        for one, other in product(group.sources, group.destinations):
            _carried_otherwise(before, after, group, one, other)


def _carried_otherwise(
    before: Intent, after: Intent, group: ReachGroup, source: str, destination: str
) -> None:
    ends = [
        [i for i in intent.instances.values() if i.service == name][:2]
        for intent in (before, after)
        for name in (source, destination)
    ]
    numbers = {"tcp": 6, "udp": 17, "icmp": 1, "any": 132}
    for one, other, then_one, then_other in product(*ends):
        if one.name == other.name or then_one.name == then_other.name:
            continue
        for ports in group.allow:
            packet = numbers[ports.protocol], ports.first, 7 if group.dscp is None else group.dscp
            old, new = (
                verdict(before, one, other, *packet),
                verdict(after, then_one, then_other, *packet),
            )
            assert old is not None
            assert new is not None
            assert (old.qos_class, new.qos_class) == (group.qos_class_before, group.qos_class)


def test_a_rule_between_kinds_is_one_group() -> None:
    services = {f"w{n}": {"tenant": "shop", "labels": {"tier": "web"}} for n in range(30)}
    document = {**INTENT, "services": {**INTENT["services"], **services}}
    rule = {"name": "new", "from": {"tier": "web"}, "to": {"tier": "api"}, "allow": ["tcp/9"]}
    before, after = intent(document), intent({**document, "rules": [*INTENT["rules"], rule]})
    (group,) = reach_difference(before, after).gained
    assert (group.pairs, group.destinations, group.rule) == (31, ("api",), "new")
    assert not reach_difference(before, after).lost


def test_another_class_is_neither_gained_nor_lost() -> None:
    rules = [{**rule, "class": "best-effort"} for rule in INTENT["rules"]]
    found = reach_difference(intent(INTENT), intent({**INTENT, "rules": rules}))
    assert not found.gained
    assert not found.lost
    assert {(g.rule, g.qos_class_before, g.qos_class) for g in found.changed} == {
        ("ping", "realtime", "best-effort"),
        ("web-to-api", "realtime", "best-effort"),
    }


@settings(max_examples=often(20), deadline=None)
@given(st.data())
def test_no_packet_that_travels_otherwise_is_left_out(data: DataObject) -> None:
    before = data.draw(intents(max_instances=5))
    after = data.draw(changed(before))
    found = reach_difference(before, after).changed
    told = {
        (source, destination, group.rule)
        for group in found
        for source in group.sources
        for destination in group.destinations
    }
    both = [name for name in before.instances if name in after.instances]
    for one, other in product(both, both):
        pairs = [(i.instances[one], i.instances[other]) for i in (before, after)]
        if [p.service for p in pairs[0]] != [p.service for p in pairs[1]]:
            continue
        for packet in product((6, 17, 1, 132), _ports(before, after), (7, 10, 46)):
            was, now = verdict(before, *pairs[0], *packet), verdict(after, *pairs[1], *packet)
            if was and now and was.qos_class != now.qos_class:
                assert (pairs[1][0].service, pairs[1][1].service, now.rule) in told


def _ports(*intents: Intent) -> list[int]:
    rules = [rule for intent in intents for rule in intent.rules.values()]
    return sorted({end for rule in rules for p in rule.allow for end in (p.first, p.last)})
