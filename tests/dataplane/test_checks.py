"""Contracts of the pipeline on pipelines of two tables: what they refuse, and what they allow."""

from __future__ import annotations

from dataclasses import replace

import pytest

from controller.dataplane.actions import Commit, Hole, Load, Move, Output, SetField, Track
from controller.dataplane.checks import ContractError, check
from controller.dataplane.fields import (
    CT_MARK,
    ETH_DST,
    ETH_TYPE,
    IPV4_DST,
    REGS,
    Bits,
    whole,
)
from controller.dataplane.registers import Register
from controller.dataplane.shapes import Key, Shape

NAMES = {0: "first", 1: "second"}
A = Register("a", Bits(REGS[0], 0, 16), "tested")
B = Register("b", Bits(REGS[0], 16, 16), "tested", "nothing")


def shape(name: str, table: int, **changed: object) -> Shape:
    plain = Shape(name, table, 10, (Key(whole(ETH_TYPE), 0x800),), (), None, "tested")
    return replace(plain, **changed)  # type: ignore[arg-type]


WRITES = shape("first.row", 0, actions=(Load(A.bits, 1),), goto=1)
READS = shape("second.row", 1, keys=(Key(A.bits, 1),))


def faults(*shapes: Shape, registers: tuple[Register, ...] = (A, B)) -> str:
    tables = {table: [s for s in shapes if s.name.startswith(NAMES[table])] for table in NAMES}
    with pytest.raises(ContractError) as found:
        check(tables, registers)
    return str(found.value)


def test_a_sound_pipeline_passes() -> None:
    check({0: [WRITES], 1: [READS]}, (A, B))


def test_a_shape_named_after_another_table() -> None:
    lost = replace(READS, name="second.lost", table=0)
    with pytest.raises(ContractError, match=r"table 0: shape second\.lost is not named after"):
        check({0: [WRITES, lost], 1: [READS]}, (A, B))
    with pytest.raises(ContractError, match=r"table 1: shape first\.other is not named after"):
        check({0: [WRITES], 1: [replace(READS, name="first.other")]}, (A, B))


def test_a_look_up_that_goes_on_in_no_table() -> None:
    track = replace(WRITES, goto=None, actions=(Load(A.bits, 1), Track(A.bits, 9)))
    assert "table 0: shape first.row goes to table 9, which does not exist" in faults(track, READS)


def test_actions_after_a_look_up() -> None:
    track = Track(A.bits, 1)
    after = replace(WRITES, actions=(Load(A.bits, 1), track, Output(1)), goto=None)
    assert "does something after it has recirculated" in faults(after, READS)
    both = replace(WRITES, actions=(Load(A.bits, 1), track))
    assert "both recirculates and goes on" in faults(both, READS)


def test_numbers_that_do_not_fit() -> None:
    assert "loads 65536 into 16 bits of reg0" in faults(
        replace(WRITES, actions=(Load(A.bits, 1 << 16),)), READS
    )
    assert "sets eth_dst to" in faults(
        replace(WRITES, actions=(Load(A.bits, 1), SetField(ETH_DST, 1 << 48))), READS
    )
    assert "moves 16 bits to 32" in faults(
        replace(WRITES, actions=(Load(A.bits, 1), Move(A.bits, whole(IPV4_DST)))), READS
    )
    for key in (Key(A.bits, 1 << 16), Key(A.bits, 3, 1), Key(A.bits, 1, 1 << 16 | 1)):
        assert "matches reg0 outside its bits or mask" in faults(
            WRITES, replace(READS, keys=(key,))
        )


def test_a_hole_that_no_row_fills() -> None:
    hidden = Move(Hole("lost"), whole(CT_MARK))  # type: ignore[arg-type]
    commit = Commit(A.bits, hidden)
    assert "table 1: shape second.row: no row fills <lost>" in faults(
        WRITES, replace(READS, actions=(commit,))
    )


def test_two_relations_that_match_the_same_under_other_column_names() -> None:
    one = replace(READS, name="second.one", keys=(Key(A.bits, Hole("x")),))
    two = replace(READS, name="second.two", keys=(Key(A.bits, Hole("y")),))
    assert "shape second.two matches the same as second.one" in faults(WRITES, one, two)
    check({0: [WRITES], 1: [one, replace(two, priority=11)]}, (A, B))


def test_two_relations_are_told_apart_by_a_number() -> None:
    one, two = (
        replace(READS, name=f"second.is_{n}", keys=(Key(A.bits, n), Key(B.bits, Hole("x"))))
        for n in (1, 2)
    )
    also = replace(WRITES, name="first.b", priority=9, actions=(Load(A.bits, 1), Load(B.bits, 1)))
    check({0: [WRITES, also], 1: [one, two]}, (A, B))


def test_a_table_that_is_never_reached() -> None:
    found = faults(replace(WRITES, goto=None), replace(READS, keys=()))
    assert found == "table 1 is never reached"


def test_a_part_that_nothing_has_written() -> None:
    half = replace(WRITES, actions=(Load(Bits(REGS[0], 0, 8), 1),))
    assert "reads bits of reg0 that nothing has written" in faults(half, READS)


def test_bits_unwritten_on_one_way_need_a_documented_zero() -> None:
    silent = shape("first.silent", 0, priority=5, goto=1)
    assert faults(WRITES, silent, READS) == (
        "table 1: shape second.row reads register a, unwritten on some way there"
    )
    documented = replace(A, zero="nobody")
    check({0: [WRITES, silent], 1: [READS]}, (documented, B))


def test_what_a_shape_writes_it_may_read_itself() -> None:
    own = replace(READS, keys=(), actions=(Load(B.bits, 1), Move(B.bits, A.bits)))
    check({0: [WRITES], 1: [own]}, (A, B))
    late = replace(READS, keys=(), actions=(Move(B.bits, A.bits), Load(B.bits, 1)))
    assert "nothing has written" in faults(WRITES, late)
