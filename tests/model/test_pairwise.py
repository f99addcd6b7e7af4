"""What would be held pair by pair is refused where it is too much, by whatever change it comes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from controller.errors import Invalid
from controller.model import opening, pairwise
from controller.model.change import Change, apply_changes
from controller.model.change_objects import change_objects
from controller.model.change_rules import change_rules
from controller.model.decode import decode_intent
from controller.model.intent import Intent
from controller.model.pairwise import MOST_PAIRS

SERVICES = 40


def document(services: int = SERVICES, rules: Sequence[dict[str, Any]] = ()) -> dict[str, Any]:
    """Services that each have a label of their own, half of them gold; and some rules."""
    names = [f"s{number}" for number in range(services)]
    return {
        "vrfs": {"business": {"id": 100}},
        "classes": {"gold": {"dscp": 10, "queue": 1}, "iron": {"dscp": 20, "queue": 2}},
        "segments": {"lan": {"vrf": "business", "subnet": "10.0.0.0/16"}},
        "tenants": {"shop": {"segment": "lan"}},
        "services": {
            name: {
                "tenant": "shop",
                "labels": {"unit": name},
                "class": "gold" if number % 2 else "best-effort",
            }
            for number, name in enumerate(names)
        },
        "instances": {f"{name}-1": {"service": name, "host": "host-1"} for name in names},
        "rules": list(rules),
    }


def rule(name: str, *allow: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "from": {}, "to": {}, "allow": list(allow), **more}


def units(*numbers: int) -> dict[str, list[str]]:
    return {"unit": [f"s{number}" for number in numbers]}


def refusals(services: int, *rules: dict[str, Any]) -> list[tuple[str, str]]:
    with pytest.raises(Invalid) as caught:
        decode_intent(document(services, rules))
    return [(problem.path, problem.message) for problem in caught.value.problems]


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """A limit that forty services can break."""
    monkeypatch.setattr(pairwise, "MOST_PAIRS", 1000)


def test_a_rule_with_dscp_between_all_of_two_thousand_services_is_refused() -> None:
    ((path, message),) = refusals(2000, rule("marked", "any", dscp=46), rule("all", "any"))
    assert path == "rules[marked]"
    assert message == (
        "a rule with `dscp` is held pair by pair (name fewer services, or leave `dscp` out): "
        "4,000,000 pairs of services with different labels; all such rules together have "
        "4,000,000 and may have 40,000"
    )


def test_as_many_pairs_as_there_may_be_are_accepted(monkeypatch: pytest.MonkeyPatch) -> None:
    assert MOST_PAIRS >= SERVICES**2
    marked = rule("marked", "any", dscp=46)
    monkeypatch.setattr(pairwise, "MOST_PAIRS", SERVICES**2)
    decode_intent(document(SERVICES, [marked]))
    monkeypatch.setattr(pairwise, "MOST_PAIRS", SERVICES**2 - 1)
    assert [path for path, _ in refusals(SERVICES, marked)] == ["rules[marked]"]


@pytest.mark.usefixtures("few")
def test_rules_of_two_classes_for_the_same_ports_are_refused() -> None:
    more = {"from": units(*range(30)), "class": "iron"}
    ((path, message),) = refusals(
        SERVICES, rule("web", "tcp/1-1000", **{"class": "gold"}), rule("api", "tcp/80", **more)
    )
    assert path == "rules[api]"
    assert message.startswith("has another class than `web` for the same packets, so what both ")
    assert ": 1,200 pairs of" in message


@pytest.mark.usefixtures("few")
@pytest.mark.parametrize(
    "other",
    [
        rule("b", "tcp/81", **{"class": "iron"}),
        rule("b", "udp/80", **{"class": "iron"}),
        rule("b", "any", **{"class": "iron"}),
        rule("b", "tcp/80", **{"class": "gold"}),
        rule("b", "tcp/80", **{"class": "iron", "to": units(0)}),
    ],
    ids=["other ports", "other protocol", "wider", "same class", "few in common"],
)
def test_rules_that_go_together_are_accepted(other: dict[str, Any]) -> None:
    decode_intent(document(SERVICES, [rule("a", "tcp/80", **{"class": "gold"}), other]))


@pytest.mark.usefixtures("few")
def test_only_destinations_of_another_class_count() -> None:
    """Half of the services are gold, so a rule that leaves the class to them agrees on those."""
    gold, left = rule("a", "tcp/80", **{"class": "gold"}), rule("b", "tcp/80")
    decode_intent(document(SERVICES, [gold, left]))
    iron = rule("a", "tcp/80", **{"class": "iron"})
    assert [path for path, _ in refusals(SERVICES, iron, left)] == ["rules[a]"]


@pytest.mark.usefixtures("few")
def test_a_pair_of_a_rule_counts_once_whatever_the_number_of_its_rivals() -> None:
    wide = [rule(f"a{n}", f"tcp/{n}-100", **{"class": "gold"}) for n in range(1, 6)]
    narrow = rule("b", "tcp/80", **{"class": "iron", "from": units(*range(25))})
    decode_intent(document(SERVICES, [*wide, narrow]))


@pytest.mark.usefixtures("few")
def test_of_rules_that_are_too_much_together_the_largest_are_named() -> None:
    rules = [rule(f"r{n}", "tcp", dscp=n, **{"from": units(*range(10 + n))}) for n in range(3)]
    assert [path for path, _ in refusals(SERVICES, *rules)] == ["rules[r2]"]


@pytest.mark.usefixtures("few")
def test_rules_for_which_entries_have_no_room_are_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rules = [rule(name, f"tcp/{port}", **{"class": "gold"}) for port, name in enumerate("abc", 1)]
    decode_intent(document(SERVICES, rules))
    for module in (opening, pairwise):
        monkeypatch.setattr(module, "MOST_SHARES", 2)
    ((path, message),) = refusals(SERVICES, *rules)
    assert path == "rules[c]"
    assert message.startswith("more than 2 rules of many services meet in one service or port")


@pytest.fixture
def base() -> Intent:
    """Every rule that is added to it or widened has too many pairs."""
    return decode_intent(document(SERVICES, [rule("small", "tcp/22", dscp=1, to=units(0))]))


def put(collection: str, name: str, body: dict[str, Any]) -> Change:
    return Change("put", collection, name, body)


@pytest.mark.usefixtures("few")
@pytest.mark.parametrize("by", [change_rules, change_objects])
def test_a_rule_that_comes_is_refused(base: Intent, by: Any) -> None:
    changes = [put("rules", "more", {"from": {}, "to": {}, "allow": ["tcp/80"], "dscp": 46})]
    assert by(base, changes, None) is None
    with pytest.raises(Invalid, match=r"rules\[more\]: a rule with `dscp`"):
        apply_changes(base, changes)
    unmarked = [put("rules", "more", {"from": {}, "to": {}, "allow": ["tcp/80"]})]
    assert by(base, unmarked, None) is not None


@pytest.mark.usefixtures("few")
def test_a_service_that_makes_rules_too_large_is_refused(base: Intent) -> None:
    marked = {"from": {}, "to": units(*range(24), 99), "allow": ["tcp/80"], "dscp": 46}
    base = apply_changes(base, [put("rules", "more", marked)])
    service = put("services", "s0", {"tenant": "shop", "labels": {"unit": "s99"}})
    assert apply_changes(base, [service]) is not None
    come = [
        put("services", "new", {"tenant": "shop", "labels": {"unit": "s99"}}),
        put("instances", "new-1", {"service": "new", "host": "host-1"}),
    ]
    with pytest.raises(Invalid, match=r"rules\[more\].*1,025 pairs"):
        apply_changes(base, come)
    assert apply_changes(base, come[:1]) is not None  # nobody is there yet
