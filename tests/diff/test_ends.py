"""What is known of a program's ends from another's is what is found in it itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from hypothesis.strategies import DataObject

from controller.dataplane.program import Program
from controller.diff import ends
from controller.diff.ends import Ends, ends_of
from tests.diff.test_alone import changed, crowds, some_rules, switch
from tests.diff.test_cuts import W1, here, of


def _sets(groups: Mapping[Any, Any]) -> dict[Any, Any]:
    assert all(len(set(some)) == len(some) for some in groups.values())
    return {key: set(some) for key, some in groups.items()}


def _plain(found: Ends) -> object:
    """Without the order of instances and addresses that are alike."""
    return (
        dict(found.places),
        _sets(found.alike),
        {vrf: dict(some) for vrf, some in found.peers.items() if some},
        {vrf: _sets(some) for vrf, some in found.addresses.items() if some},
    )


def _anew(program: Program) -> Ends:
    return ends_of(Program()).of(program)


@given(st.data())
def test_from_change_to_change(data: DataObject) -> None:
    everybody, rules = data.draw(crowds()), data.draw(some_rules)
    program = switch(everybody, rules)
    found = ends_of(program)
    for _ in range(3):
        everybody = data.draw(changed(everybody))
        before, program = program, switch(everybody, rules)
        shared = before.changed(
            program, (row.key for row in before if program.get(row.key) is None)
        )
        found = found.of(shared)
        assert _plain(found) == _plain(_anew(program))


def test_who_is_there_twice_is_there_until_both_are_gone() -> None:
    old, new = here(1, W1, 11, port=1), here(1, W1, 11, port=2)
    both = of(site=(old, new))
    found = ends_of(both)
    one = found.of(both.changed((), (old.key,)))
    assert one.places == found.places and one.alike == found.alike
    assert not one.of(Program()).places and not one.of(Program()).alike


def test_the_oldest_are_forgotten() -> None:
    programs = [of(site=(here(1, W1, 11),)) for _ in range(ends._MOST_KNOWN + 3)]
    first = ends_of(programs[0])
    assert ends_of(programs[0]) is first
    for program in programs[1:]:
        ends_of(program)
    assert ends_of(programs[0]) is not first
