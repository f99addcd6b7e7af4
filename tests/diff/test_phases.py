"""The order of a plan's phases, and where one switch alone needs none."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from controller.dataplane.idset import MOST_IDS, id_set, ids_of
from controller.dataplane.pipeline import SHAPES
from controller.dataplane.program import Program, program
from controller.dataplane.shapes import Row
from controller.diff.plan import Phase, plan
from tests.diff.test_cuts import API, DB, W1, WEB, allow, here, there
from tests.verify.test_plan_safety import apply

OLD, NEW = list(allow(WEB, API, "tcp/80")), list(allow(DB, API, "tcp/80"))


def joined(*shares: int) -> Row:
    """The web instances are sources of some shared rules."""
    return SHAPES["permit.from_any"].row(0, source=WEB, shares=id_set(frozenset(shares)))


def relabelled(*, narrowed: bool = False) -> tuple[Program, Program]:
    """One goes from web to database, and another address is known no more."""
    before = [here(1, W1, WEB), there(W1 + 9, API), *OLD, joined(1, 2)]
    shares = joined(1) if narrowed else joined(1, 2)
    return program(before), program([here(1, W1, DB), *NEW, shares])


def phases(programs: tuple[Program, Program], *switches: str) -> dict[Phase, dict[str, int]]:
    before, after = (dict.fromkeys(switches, program) for program in programs)
    work: Mapping[Phase, Mapping[str, tuple[Row, ...]]] = dict(plan(before, after).phases())
    for name in switches:
        held = before[name]
        for phase, rows in work.items():
            held = apply(held, phase, rows.get(name, ()))
        assert held == after[name]
    return {phase: {name: len(rows) for name, rows in each.items()} for phase, each in work.items()}


def test_two_switches_take_every_phase() -> None:
    both = {"edge-1": 1, "edge-2": 1}
    assert phases(relabelled(), "edge-1", "edge-2") == {
        Phase.ADD: both,
        Phase.SWAP: both,
        Phase.WITHDRAW: both,
        Phase.REMOVE: both,
    }


def test_what_comes_to_a_lone_switch_is_one_bundle_and_what_goes() -> None:
    assert phases(relabelled(), "edge-1") == {
        Phase.SWAP: {"edge-1": 2},
        Phase.REMOVE: {"edge-1": 2},
    }


def test_a_clause_is_narrowed_before_its_rules_go_and_after_whom_it_served() -> None:
    found = phases(relabelled(narrowed=True), "edge-1")
    assert list(found) == [Phase.SWAP, Phase.WITHDRAW, Phase.NARROW, Phase.REMOVE]


@pytest.mark.parametrize("rows", [(), tuple(OLD)])
def test_nothing_is_swapped_or_removed_where_only_something_comes(rows: tuple[Row, ...]) -> None:
    assert phases((program(rows), program([*OLD, *NEW])), "edge-1").keys() == {Phase.ADD}


def test_what_only_comes_is_one_phase_on_all_switches() -> None:
    programs = program(OLD), program([*OLD, *NEW, here(1, W1, WEB)])
    assert phases(programs, "a", "b") == {Phase.ADD: {"a": 2, "b": 2}}


def test_what_judges_marks_comes_first_for_those_who_receive() -> None:
    columns = {"source": WEB, "destination": API, "dscp": 46, "class": 10}
    marked = [SHAPES["permit.marked_any"].row(0, far=far, **columns) for far in (0, 1)]
    found = phases((program(OLD), program([*OLD, *marked])), "a", "b")
    assert list(found) == [Phase.ADD, Phase.SWAP]


def test_of_what_comes_receivers_have_theirs_first_where_anything_goes() -> None:
    old, new = [*OLD, there(W1 + 9, API)], [*OLD, *NEW, here(1, W1, WEB)]
    found = phases((program(old), program(new)), "a", "b")
    assert list(found) == [Phase.ADD, Phase.SWAP, Phase.WITHDRAW]


def test_of_what_comes_receivers_have_theirs_first_where_anything_changes() -> None:
    old, new = [*OLD, here(1, W1, WEB)], [*OLD, *NEW, here(1, W1, DB)]
    found = phases((program(old), program(new)), "a", "b")
    assert list(found) == [Phase.ADD, Phase.SWAP]


def test_a_clause_is_widened_as_far_as_an_entry_has_room_for() -> None:
    """What a change that was given up has left widened says as much already."""
    held, wanted = range(1, MOST_IDS + 1), range(MOST_IDS - 10, MOST_IDS + 90)
    programs = program([joined(*held)]), program([joined(*wanted)])
    work = dict(
        plan(dict.fromkeys(("a", "b"), programs[0]), dict.fromkeys("ab", programs[1])).phases()
    )
    (wide,) = work[Phase.ADD]["a"]
    ids = ids_of(wide.args[0])
    assert len(ids) == MOST_IDS
    assert ids > frozenset(wanted)
    assert ids < frozenset(held) | frozenset(wanted)
    assert work[Phase.NARROW]["a"] == (joined(*wanted),)
