"""The specification, by examples and against slower ways of saying the same."""

from __future__ import annotations

from itertools import product
from typing import Any

from hypothesis import assume, given
from hypothesis import strategies as st

from controller.model.change import Change, apply_changes, tree_of
from controller.model.decode import decode_intent
from controller.model.identity import identities, identity_key, identity_labels, identity_text
from controller.model.intent import Instance, Intent
from controller.model.meaning import Decision, class_of, selects, verdict, view
from controller.model.reach import Reach, gained_lost, reachability
from tests.strategies import intents, questions

SHOP: dict[str, Any] = {
    "vrfs": {"business": {"id": 100}, "monitoring": {"id": 200}},
    "classes": {"realtime": {"dscp": 46, "queue": 1}, "bulk": {"dscp": 10, "queue": 2}},
    "segments": {
        "orders": {"vrf": "business", "subnet": "10.20.1.0/24"},
        "metrics": {"vrf": "monitoring", "subnet": "10.20.1.0/24"},
    },
    "tenants": {"shop": {"segment": "orders"}, "ops": {"segment": "metrics"}},
    "services": {
        "web": {"tenant": "shop", "labels": {"tier": "web"}},
        "api": {"tenant": "shop", "labels": {"tier": "api"}, "class": "bulk"},
        "prom": {"tenant": "ops"},
        "grafana": {"tenant": "ops"},
    },
    "instances": {
        "web-1": {"service": "web", "host": "host-1"},
        "api-1": {"service": "api", "host": "host-2"},
        "prom-1": {"service": "prom", "host": "host-1"},
        "grafana-1": {"service": "grafana", "host": "host-1"},
    },
}
TCP, UDP, ICMP, GRE = 6, 17, 1, 47


def shop(*rules: dict[str, Any]) -> Intent:
    """The shop with rules, each named by its position unless it names itself."""
    named = [{"name": f"r{n}", "from": {}, "to": {}, **rule} for n, rule in enumerate(rules)]
    return decode_intent({**SHOP, "rules": named})


def ask(intent: Intent, protocol: int, port: int = 0, dscp: int = 0) -> Decision | None:
    web, api = intent.instances["web-1"], intent.instances["api-1"]
    return verdict(intent, web, api, protocol, port, dscp)


def test_the_default_is_deny() -> None:
    assert ask(shop(), TCP, 80) is None
    assert ask(shop({"allow": ["udp", "icmp"], "to": {"tier": "web"}}), UDP, 1) is None


def test_the_class_is_the_rules_or_the_destination_services() -> None:
    assert ask(shop({"allow": ["tcp/80"]}), TCP, 80) == Decision("r0", "bulk")
    rule = {"allow": ["tcp/80"], "class": "realtime"}
    assert ask(shop(rule), TCP, 80) == Decision("r0", "realtime")


def test_a_rule_with_a_dscp_wins_and_is_for_that_marking_only() -> None:
    intent = shop({"allow": ["tcp/80"]}, {"allow": ["any"], "dscp": 46, "class": "realtime"})
    assert ask(intent, TCP, 80, 46) == Decision("r1", "realtime")
    assert ask(intent, TCP, 80, 0) == Decision("r0", "bulk")


def test_the_fewest_ports_win_then_the_smallest_name() -> None:
    intent = shop(
        {"allow": ["any"]},
        {"allow": ["tcp"]},
        {"allow": ["tcp/80-90", "tcp/85"]},
        {"allow": ["tcp/80-81"]},
        {"allow": ["tcp/80-81"]},
        {"allow": ["icmp"]},
    )
    winners = {port: ask(intent, TCP, port) for port in (80, 84, 85, 91)}
    assert [d and d.rule for d in winners.values()] == ["r3", "r2", "r2", "r1"]
    assert [d and d.rule for d in (ask(intent, ICMP), ask(intent, GRE))] == ["r5", "r0"]


def test_an_instance_to_itself_is_denied() -> None:
    intent = shop({"allow": ["any"]})
    web = intent.instances["web-1"]
    assert verdict(intent, web, web, TCP, 80, 0) is None


def test_only_a_rule_across_vrfs_leaks_addresses_and_both_ways() -> None:
    inside = shop({"from": {"vrf": "business"}, "to": {"vrf": "business"}, "allow": ["any"]})
    assert names(inside, "business") == {"web-1", "api-1"}
    across = shop({"from": {"service": "prom"}, "to": {"tier": "api"}, "allow": ["tcp/9100"]})
    assert names(across, "business") == {"web-1", "api-1", "prom-1"}
    assert names(across, "monitoring") == {"prom-1", "grafana-1", "api-1"}


def names(intent: Intent, vrf: str) -> set[str]:
    return {instance.name for instance in view(intent)[vrf].values()}


def test_the_allocator_keeps_addresses_that_share_a_view_apart() -> None:
    across = shop({"from": {"service": "prom"}, "to": {"tier": "api"}, "allow": ["tcp/9100"]})
    api, prom = across.instances["api-1"], across.instances["prom-1"]
    grafana, web = across.instances["grafana-1"], across.instances["web-1"]
    assert (str(api.ip), str(prom.ip)) == ("10.20.1.2", "10.20.1.4")
    assert (str(grafana.ip), str(web.ip)) == ("10.20.1.3", "10.20.1.3")


def rules_that_match(intent: Intent, source: Instance, destination: Instance) -> set[str]:
    from_labels = intent.effective_labels(source.service)
    to_labels = intent.effective_labels(destination.service)
    return {
        rule.name
        for rule in intent.rules.values()
        if selects(rule.source, from_labels) and selects(rule.destination, to_labels)
    }


@given(intents())
def test_a_view_is_the_vrfs_own_and_whom_a_rule_pairs_with_them(intent: Intent) -> None:
    everyone = intent.instances.values()
    for vrf, addresses in view(intent).items():
        own = [i for i in everyone if intent.vrf_of(i).name == vrf]
        paired = {
            other.name
            for other in everyone
            for one in own
            if rules_that_match(intent, one, other) | rules_that_match(intent, other, one)
        }
        assert {i.name for i in addresses.values()} == paired | {i.name for i in own}


@given(intents())
def test_identities_are_told_apart_by_vrf_labels_and_class_only(intent: Intent) -> None:
    found = identities(intent)
    for service, key in found.items():
        assert key == identity_key(intent, service)
        labels, ours = identity_labels(key), intent.effective_labels(service)
        assert key[0] == ours["vrf"]
        for rule in intent.rules.values():
            assert selects(rule.source, labels) == selects(rule.source, ours)
            assert selects(rule.destination, labels) == selects(rule.destination, ours)
    assert len({identity_text(key) for key in found.values()}) == len(set(found.values()))
    for rule in intent.rules.values():
        classes = {(key, class_of(intent, rule, service)) for service, key in found.items()}
        assert len(classes) == len(set(found.values()))


@given(intents(), st.data())
def test_verdict_and_reachability_agree(intent: Intent, data: st.DataObject) -> None:
    assume(intent.instances)
    question = data.draw(questions(intent))
    decision = verdict(
        intent,
        question.source,
        question.destination,
        question.protocol,
        question.port,
        question.dscp,
    )
    opened = [r for r in reachability(intent) if opens(r, question.source, question.destination)]
    matching = {
        reach.rule
        for reach in opened
        if reach.dscp in (None, question.dscp) and covers(reach, question.protocol, question.port)
    }
    if question.source == question.destination:
        assert decision is None
    elif decision is None:
        assert not matching
    else:
        assert decision.rule in matching
        assert decision.qos_class in {r.qos_class for r in opened if r.rule == decision.rule}


def opens(reach: Reach, source: Instance, destination: Instance) -> bool:
    return (reach.source, reach.destination) == (source.service, destination.service)


def covers(reach: Reach, protocol: int, port: int) -> bool:
    numbers = {"icmp": ICMP, "tcp": TCP, "udp": UDP}
    return any(
        ports.protocol == "any"
        or (
            numbers[ports.protocol] == protocol
            and (protocol == ICMP or ports.first <= port <= ports.last)
        )
        for ports in reach.allow
    )


@given(intents(max_instances=2), st.data())
def test_gained_and_lost_are_the_difference_of_reachability(
    intent: Intent, data: st.DataObject
) -> None:
    before = without_rules(intent, data)
    after = without_rules(intent, data)
    gained, lost = gained_lost(before, after)
    assert (gained, lost) == gained_lost(after, before)[::-1]
    assert gained_lost(after, after) == ((), ())
    old, new = reachability(before), reachability(after)
    # Part of `any` or of all markings counts as all of it: then more is named than is new.
    exact = all(r.dscp is None and all(p.protocol != "any" for p in r.allow) for r in old + new)
    for pair in product(intent.services, repeat=2):
        for protocol, port in ((TCP, 80), (TCP, 86), (UDP, 53), (ICMP, 0)):
            was, now = reaches(old, pair, protocol, port), reaches(new, pair, protocol, port)
            more, less = reaches(gained, pair, protocol, port), reaches(lost, pair, protocol, port)
            assert now - was <= more <= now and was - now <= less <= was
            assert not exact or (more, less) == (now - was, was - now)


def reaches(found: tuple[Reach, ...], pair: tuple[str, str], protocol: int, port: int) -> set[int]:
    """The DSCPs (of those that the generated rules know, and 63 for any other) that may pass."""
    return {
        dscp
        for reach in found
        if (reach.source, reach.destination) == pair and covers(reach, protocol, port)
        for dscp in ({0, 10, 46, 63} if reach.dscp is None else {reach.dscp})
    }


def without_rules(intent: Intent, data: st.DataObject) -> Intent:
    gone = data.draw(st.sets(st.sampled_from(sorted(tree_of(intent)["rules"]) or ["none"])))
    deletes = [Change("delete", "rules", name) for name in sorted(gone & set(intent.rules))]
    return apply_changes(intent, deletes)
