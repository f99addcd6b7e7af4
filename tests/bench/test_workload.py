"""The benchmarks' site is what its page says."""

from __future__ import annotations

from bench import workload
from controller.compile import compilation


def test_no_two_rules_are_between_the_same_kinds() -> None:
    rules = [workload.rule_of(number) for number in range(200)]
    assert len({repr((rule.source, rule.destination)) for rule in rules}) == 200
    assert {label for rule in rules for label in rule.source.labels["vrf"]} == {
        "business",
        "monitoring",
    }


def test_one_rule_more_is_one_that_was_not_there() -> None:
    base = workload.network(100)
    before = compilation(base).programs
    for number in range(10):
        after = compilation(workload.another_rule(base, number)).programs
        gained = {len(after[name]) - len(before[name]) for name in ("edge-0", "edge-1")}
        assert min(gained) > 0
