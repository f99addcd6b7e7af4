"""How many shared rules meet in one identity or block of ports is bounded, whatever their order."""

from __future__ import annotations

import random
from collections import Counter

from controller.dataplane.idset import MOST_IDS
from controller.model.blocks import blocks
from controller.model.identity import CLASS_MARK, IdentityKey
from controller.model.intent import PortRange, Rule, Selector
from controller.model.opening import MOST_SHARES, Opening, shared_rules

EVERYBODY = Selector()
MANY = 3000


def key(name: str, qos_class: str = "best-effort") -> IdentityKey:
    return "business", ((CLASS_MARK, qos_class), ("app", name))


def keys(prefix: str, *classes: str) -> frozenset[IdentityKey]:
    """Eight identities, the classes in turn."""
    return frozenset(key(f"{prefix}{n}", classes[n % len(classes)]) for n in range(8))


def opening(name: str, sources: str, destinations: str, *classes: str, port: int) -> Opening:
    rule = Rule(name, EVERYBODY, EVERYBODY, (PortRange("tcp", port, port),))
    return Opening(rule, keys(sources, "best-effort"), keys(destinations, *classes))


def fullest(openings: dict[str, Opening], shared: frozenset[str]) -> int:
    """The most ids of any entry: of a source, a destination or a block of ports."""
    found: Counter[object] = Counter()
    for name in shared:
        classes = Counter(dict(k[1])[CLASS_MARK] for k in openings[name].destinations)
        found.update({("from", k): len(classes) for k in openings[name].sources})
        found.update({("to", k): 1 for k in openings[name].destinations})
        (allow,) = openings[name].rule.allow
        found.update(dict.fromkeys(blocks(allow.first, allow.last), len(classes)))
    return max(found.values())


def test_both_what_was_and_what_will_be_fit_an_entry() -> None:
    assert 2 * MOST_SHARES <= MOST_IDS


def test_rules_of_one_identity_are_shared_as_far_as_an_entry_has_room_for() -> None:
    names = [f"r{number}" for number in range(MANY)]
    one = {n: opening(n, "a", "b", "best-effort", port=i) for i, n in enumerate(names)}
    assert len(shared_rules(one)) == MOST_SHARES == fullest(one, shared_rules(one))


def test_a_rule_counts_once_for_every_class_it_leads_into() -> None:
    names = [f"r{number}" for number in range(MANY)]
    two = {n: opening(n, "a", "b", "best-effort", "gold", port=i) for i, n in enumerate(names)}
    shared = shared_rules(two)
    assert len(shared) == MOST_SHARES // 2
    assert fullest(two, shared) == MOST_SHARES


def test_rules_of_one_port_are_shared_as_far_as_its_entry_has_room_for() -> None:
    names = [f"r{number}" for number in range(MANY)]
    one = {n: opening(n, f"a{n}-", f"b{n}-", "best-effort", port=443) for n in names}
    assert len(shared_rules(one)) == MOST_SHARES == fullest(one, shared_rules(one))


def test_rules_that_nowhere_meet_are_all_shared() -> None:
    names = [f"r{number}" for number in range(MANY)]
    apart = {n: opening(n, f"a{n}-", f"b{n}-", "best-effort", port=i) for i, n in enumerate(names)}
    assert shared_rules(apart) == frozenset(names)


def test_which_are_shared_does_not_depend_on_the_order_they_came_in() -> None:
    names = [f"r{number}" for number in range(MANY)]
    every = {n: opening(n, "a", "b", "best-effort", "gold", port=i) for i, n in enumerate(names)}
    mixed = list(every)
    random.Random(7).shuffle(mixed)
    assert shared_rules({name: every[name] for name in mixed}) == shared_rules(every)


def test_rules_of_the_most_pairs_come_first() -> None:
    names = [f"r{number}" for number in range(MOST_SHARES)]
    every = {n: opening(n, "a", "b", "best-effort", port=i) for i, n in enumerate(names)}
    large = opening("zz", "a", "b", "best-effort", port=9999)
    more = frozenset(key(f"c{number}") for number in range(8))
    every["zz"] = Opening(large.rule, large.sources | more, large.destinations)
    shared = shared_rules(every)
    assert "zz" in shared
    assert len(shared) == MOST_SHARES
