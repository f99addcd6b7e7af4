"""Rows packed many at a time are the bytes of the same rows, one by one."""

from __future__ import annotations

import random
import struct
from itertools import islice

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controller.dataplane.pipeline import SHAPES
from controller.dataplane.shapes import Row
from controller.southbound.openflow.encode import ADD, DELETE_STRICT, encode_entry
from controller.southbound.openflow.members import Encoder, bundled, packed
from controller.southbound.openflow.messages import HEADER, bundle_add
from tests.chance import often
from tests.openflow.test_against_ovs import columns, rows


def drawn(seed: int, count: int) -> list[Row]:
    draw = random.Random(seed)
    shapes = draw.choices(list(SHAPES.values()), k=count)
    return [shape.row(draw.getrandbits(64), **columns(shape, draw)) for shape in shapes]


def one_by_one(some: list[Row], command: int) -> list[bytes]:
    return [encode_entry(SHAPES[row.shape].entry(row), command, 0)[HEADER.size :] for row in some]


@given(st.integers(0, 1 << 32), st.integers(0, 60), st.sampled_from([ADD, DELETE_STRICT]))
@settings(max_examples=often(30), deadline=None)
def test_packed_rows_say_what_their_entries_say(seed: int, count: int, command: int) -> None:
    some = drawn(seed, count)
    assert packed(some, command) == one_by_one(some, command)


@given(st.integers(0, 1 << 32), st.integers(1, 40))
@settings(max_examples=often(15), deadline=None)
def test_what_is_kept_is_what_would_be_made(seed: int, most: int) -> None:
    encoder, draw = Encoder(most), random.Random(seed)
    known = drawn(seed, 60)
    for _ in range(6):
        some = draw.choices(known, k=draw.randrange(60))
        command = draw.choice([ADD, DELETE_STRICT])
        assert encoder.bodies(some, command) == packed(some, command)
        assert encoder.kept() <= 2 * most


def test_equal_rows_are_encoded_once() -> None:
    encoder = Encoder()
    first = encoder.bodies(rows(), ADD)
    again = encoder.bodies(rows(), ADD)
    assert all(one is other for one, other in zip(first, again, strict=True))


def test_members_are_bundled_as_one_by_one() -> None:
    some = rows()
    xids = range(1 << 31, (1 << 31) + len(some))
    whole = b"".join(
        bundle_add(9, encode_entry(SHAPES[row.shape].entry(row), ADD, xid))
        for row, xid in zip(some, xids, strict=True)
    )
    assert bundled(9, islice(iter(xids), len(some)), packed(some, ADD)) == whole


def test_a_number_too_big_for_its_place_is_no_message() -> None:
    row = SHAPES["answer.echo"].row(1, segment=1 << 40, gateway=1)
    with pytest.raises(struct.error):
        packed([row], ADD)
