"""Entries read by a learned layout are what they are when read field by field."""

from __future__ import annotations

import random
from collections import defaultdict
from itertools import count

from hypothesis import given, settings
from hypothesis import strategies as st

from controller.dataplane.cookie import Feature, cookie
from controller.dataplane.permission import Permission
from controller.dataplane.pipeline import SHAPES
from controller.dataplane.program import row_of
from controller.dataplane.shapes import Entry, Row, varies
from controller.errors import RemoteError
from controller.southbound.openflow.decode import Foreign, decode_flow_stats
from controller.southbound.openflow.encode import ADD
from controller.southbound.openflow.members import encode_rows
from controller.southbound.openflow.reading import MOST_ALIKE, MOST_KEPT, Passed, StatsReader
from labkit.ovs import PrivateOvs
from tests.chance import often
from tests.openflow.session import Session
from tests.openflow.test_against_ovs import columns, rows
from tests.openflow.test_damage import HEAD, statistics


def slowly(reply: bytes) -> list[Row | Entry | Foreign]:
    found: list[Row | Entry | Foreign] = []
    for entry in decode_flow_stats(reply):
        row = row_of(entry) if isinstance(entry, Entry) else None
        found.append(entry if row is None else row)
    return found


def read(reader: StatsReader, reply: bytes) -> list[Row | Entry | Foreign]:
    return list(reader.read(reply))


def reply_of(some: list[Row]) -> bytes:
    return bytes(HEAD) + b"".join(statistics(SHAPES[row.shape].entry(row)) for row in some)


def drawn(seed: int) -> list[Row]:
    draw = random.Random(seed)
    return [
        shape.row(draw.getrandbits(64), **columns(shape, draw))
        for shape in draw.choices(list(SHAPES.values()), k=40)
    ]


READER = StatsReader()


@given(st.integers(0, 1 << 32))
@settings(max_examples=often(30), deadline=None)
def test_every_row_is_read_whatever_was_learned_before(seed: int) -> None:
    some = drawn(seed)
    assert read(READER, reply_of(some)) == slowly(reply_of(some)) == some


ALL = reply_of(rows())


@given(st.integers(HEAD, len(ALL) - 1), st.binary(min_size=1, max_size=3))
@settings(max_examples=often(100), deadline=None)
def test_altered_bytes_are_read_the_same(place: int, new: bytes) -> None:
    read(READER, ALL)
    damaged = (ALL[:place] + new + ALL[place + len(new) :])[: len(ALL)]
    try:
        expected = slowly(damaged)
    except RemoteError:
        return
    assert read(READER, damaged) == expected


def test_what_rules_have_let_pass_is_counted_and_nothing_else() -> None:
    draw = random.Random(1)
    rule = cookie(Feature.PERMIT, 7)
    own = SHAPES["permit.tcp"]
    columns_of = {**columns(own, draw), "source": 3, "destination": 4}
    pair = own.row(rule, **columns_of)
    other_port = own.row(rule, **{**columns_of, "port": 8080, "port_mask": 0xFFFF})
    shared = SHAPES["permit.shared_any"].row(rule, **columns(SHAPES["permit.shared_any"], draw))
    clause = SHAPES["permit.from_any"]
    silent = clause.row(cookie(Feature.SHARE, 7), **columns(clause, draw))
    passed: Passed = defaultdict(int)
    reply = reply_of([pair, other_port, shared, silent])
    for _ in range(2):  # by layouts too
        passed.clear()
        assert len(list(READER.read(reply, passed))) == 4
        assert passed == {Permission(7, 3, 4): 10, Permission(7): 5}  # 5 packets an entry


def test_the_second_of_a_kind_is_read_by_its_layout() -> None:
    reader = StatsReader()
    read(reader, ALL)
    learned = reader.by_field
    assert learned
    read(reader, ALL)
    assert reader.by_field == learned
    assert reader._kept.keys() and len(reader._kept) <= sum(varies(SHAPES[r.shape]) for r in rows())
    assert all(len(alike) <= MOST_ALIKE for alike in reader._layouts.values())


def test_what_is_known_again_is_bounded() -> None:
    reader, shape = StatsReader(), next(s for s in SHAPES.values() if varies(s))
    draw = random.Random(1)
    some = [shape.row(number, **columns(shape, draw)) for number in range(MOST_KEPT + 10)]
    assert read(reader, reply_of(some)) == some
    assert len(reader._kept) == 10
    assert read(reader, reply_of(some[-10:])) == some[-10:]
    assert reader.by_field == len(some)


def test_what_open_vswitch_reports_is_read_by_layouts(session: Session, ovs: PrivateOvs) -> None:
    sent = rows()
    session.commit(list(encode_rows(sent, ADD, count(1000))))
    ovs.ofctl("add-flow", "b", "cookie=0x77,table=3,priority=9,actions=NORMAL")
    reader = StatsReader()
    for _ in range(2):
        learned = reader.by_field
        found = [found for reply in session.replies() for found in reader.read(reply)]
        assert {f for f in found if isinstance(f, Row)} == set(sent)
        (other,) = (f for f in found if not isinstance(f, Row))
        assert isinstance(other, Entry) and other.cookie == 0x77
    assert reader.by_field == learned
