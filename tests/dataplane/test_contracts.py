"""A pipeline that contradicts itself does not load, and says where."""

from __future__ import annotations

from dataclasses import replace

import pytest

from controller.dataplane import registers as r
from controller.dataplane.checks import ContractError, check
from controller.dataplane.cookie import GENERATION, OWNER, Feature, cookie, is_ours, parse
from controller.dataplane.pipeline import MISSES, TABLE_SHAPES, Table
from controller.dataplane.registers import Register
from controller.dataplane.shapes import Key, Shape

Tables = dict[int, tuple[Shape, ...]]


def tables() -> Tables:
    return {table: (*TABLE_SHAPES[table], MISSES[table]) for table in Table}


def changed(place: Table, index: int, **parts: object) -> Tables:
    found = tables()
    shapes = list(found[place])
    shapes[index] = replace(shapes[index], **parts)  # type: ignore[arg-type]
    return {**found, place: tuple(shapes)}


def test_the_pipeline_is_sound() -> None:
    check(tables(), r.ALL)


@pytest.mark.parametrize(
    ("broken", "registers", "message"),
    [
        (tables(), (*r.ALL, Register("twin", r.VRF.bits, "")), "vrf and twin share bits"),
        (changed(Table.RESOLVE, 0, goto=Table.ANSWER), r.ALL, "goes to table 3"),
        (changed(Table.RESOLVE, 0, goto=99), r.ALL, "goes to table 99"),
        (changed(Table.TRACK, 0, goto=Table.CLASS), r.ALL, "both recirculates and goes on"),
        (changed(Table.EMIT, 0, table=Table.CLASS), r.ALL, "says 8"),
        (changed(Table.ANSWER, 1, name="answer.arp"), r.ALL, "answer.arp is there twice"),
        (changed(Table.ARRIVE, 0, actions=()), r.ALL, "nothing has written"),
        (tables(), r.ALL[1:], "no register names"),
        (changed(Table.RESOLVE, 0, priority=7), r.ALL, "variants of resolve.receiver"),
        ({t: s for t, s in tables().items() if t != Table.WIRE}, r.ALL, "goes to table 1"),
    ],
)
def test_a_broken_contract_is_named(
    broken: Tables, registers: tuple[Register, ...], message: str
) -> None:
    with pytest.raises(ContractError, match=message):
        check(broken, registers)


def test_a_key_nobody_writes_is_named() -> None:
    shapes = TABLE_SHAPES[Table.ANSWER]
    lost = replace(shapes[0], keys=(*shapes[0].keys, Key(r.PLANE.bits, 1)))
    with pytest.raises(ContractError, match=r"answer\.arp reads bits of reg8"):
        check({**tables(), Table.ANSWER: (lost, *shapes[1:])}, r.ALL)


def test_a_cookie_names_its_parts() -> None:
    value = cookie(Feature.PERMIT, 0xDEADBEEF)
    assert parse(value) == (OWNER, GENERATION, Feature.PERMIT, 0xDEADBEEF)
    assert is_ours(value)
    assert not is_ours(0)
