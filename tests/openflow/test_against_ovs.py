"""Every shape goes to a real Open vSwitch and comes back as the same value and text."""

from __future__ import annotations

import dataclasses
import itertools
import random

import pytest

from controller.dataplane.actions import Conjoin, Hole
from controller.dataplane.idset import id_set
from controller.dataplane.pipeline import SHAPES
from controller.dataplane.program import row_of
from controller.dataplane.shapes import Entry, Row, Shape
from controller.dataplane.text import format_entry
from controller.southbound.openflow.decode import Foreign
from controller.southbound.openflow.encode import (
    ADD,
    DELETE_STRICT,
    delete_cookie,
    encode_entry,
)
from controller.southbound.openflow.members import encode_rows
from labkit.ovs import PrivateOvs
from tests.openflow.session import BRIDGE, Session

ROWS_EACH = 6


def columns(shape: Shape, draw: random.Random) -> dict[str, int]:
    """Numbers for every column, such as a compiler may give."""
    found: dict[str, int] = {}
    for key in shape.keys:
        if isinstance(key.mask, Hole) and isinstance(key.value, Hole):
            ones = (1 << key.bits.width) - 1
            some = draw.choice([0, ones, ones ^ 15, 1 << key.bits.width - 1, 4])
            mask = found.setdefault(key.mask.name, some)
            found[key.value.name] = draw.getrandbits(key.bits.width) & mask
        elif isinstance(key.value, Hole):
            found[key.value.name] = draw.getrandbits(key.bits.width)
    for action in shape.actions:
        for item in dataclasses.fields(action):
            operand = getattr(action, item.name)
            if isinstance(action, Conjoin):
                size = draw.choice([1, 2, 5, 300])
                found["shares"] = id_set(draw.getrandbits(32) for _ in range(size))
            elif isinstance(operand, Hole):
                bits = getattr(action, "bits", None) or getattr(action, "field", None)
                width = getattr(bits, "width", None) or getattr(bits, "bits", 15)
                found.setdefault(operand.name, draw.getrandbits(width))
    if "port" in found and "port_mask" not in found:
        found["port"] = found["port"] % 0xFE00 + 1
    return found


def rows() -> list[Row]:
    draw = random.Random(7)
    made = (
        shape.row(draw.getrandbits(64), **columns(shape, draw))
        for shape in SHAPES.values()
        for _ in range(ROWS_EACH)
    )
    return list({row.key: row for row in made}.values())


def test_a_template_says_what_the_entry_says() -> None:
    for row in rows():
        (short,) = encode_rows([row], ADD, iter([99]))
        assert short == encode_entry(SHAPES[row.shape].entry(row), ADD, 99)


def test_every_shape_is_taken_and_comes_back_equal(session: Session, ovs: PrivateOvs) -> None:
    sent = rows()
    session.commit(list(encode_rows(sent, ADD, itertools.count(1000))))
    held = session.held()
    assert not [entry for entry in held if isinstance(entry, Foreign)]
    assert {row_of(entry) for entry in held if isinstance(entry, Entry)} == set(sent)
    theirs = ovs.ofctl("dump-flows --no-stats --no-names", BRIDGE).splitlines()
    ours = [format_entry(SHAPES[row.shape].entry(row)) for row in sent]
    assert sorted(line.strip() for line in theirs) == sorted(ours)


def test_rows_are_removed_one_by_one_and_by_cookie(session: Session) -> None:
    sent = rows()
    session.commit(list(encode_rows(sent, ADD, itertools.count(1000))))
    gone, rest = sent[::2], sent[1::2]
    session.commit(list(encode_rows(gone, DELETE_STRICT, itertools.count(1000))))
    assert {row_of(e) for e in session.held() if isinstance(e, Entry)} == set(rest)
    session.commit([delete_cookie(row.cookie, 1) for row in rest])
    assert session.held() == []


@pytest.mark.parametrize(
    "flow",
    [
        "table=0,ipv6,actions=drop",
        "table=3,priority=9,actions=NORMAL",
        "table=0,idle_timeout=60,ip,actions=drop",
        "table=7,tcp,actions=ct(commit,nat(src=10.0.0.1)),output:1",
        "table=2,priority=1000,ip,nw_src=10.0.0.1,actions=learn(table=9),output:2",
        "table=4,priority=1000,ip,actions=dec_ttl,goto_table:5",
    ],
)
def test_what_is_not_ours_is_told_apart(session: Session, ovs: PrivateOvs, flow: str) -> None:
    ovs.ofctl("add-flow", BRIDGE, f"cookie=0x77,{flow}")
    (entry,) = session.held()
    assert entry.cookie == 0x77
    assert isinstance(entry, Foreign) or row_of(entry) is None
