"""Replies cut or altered on the way are the switch's mistake: never a crash, never a hang."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controller.dataplane.pipeline import SHAPES
from controller.dataplane.program import row_of
from controller.dataplane.shapes import Entry
from controller.errors import RemoteError
from controller.southbound.openflow.decode import Foreign, decode_flow_stats
from controller.southbound.openflow.encode import ADD, encode_entry
from controller.southbound.openflow.messages import Failure, describe, failure
from controller.southbound.openflow.names import failure_name
from tests.chance import often

HEAD = 16  # message header and multipart header
ROW = SHAPES["permit.tcp"].row(
    7, source=1, destination=2, port=8080, port_mask=0xFFFF, **{"class": 46}
)


def statistics(entry: Entry) -> bytes:
    """An entry as a switch reports it: what a flow-mod has behind byte 48, behind statistics."""
    rest = encode_entry(entry, ADD, 0)[48:]
    place = (48 + len(rest), entry.table, 0, 0, entry.priority, 0, 0, 0, 0)
    return struct.pack("!HBxIIHHHHH2xQQQ", *place, entry.cookie, 5, 500) + rest


REPLY = bytes(HEAD) + statistics(SHAPES[ROW.shape].entry(ROW)) * 2


def test_an_undamaged_reply() -> None:
    entries = list(decode_flow_stats(REPLY))
    assert [row_of(entry) for entry in entries if isinstance(entry, Entry)] == [ROW, ROW]


@given(st.integers(HEAD, len(REPLY) - 1), st.binary(min_size=1, max_size=4))
@settings(max_examples=often(100))
def test_altered_bytes(place: int, new: bytes) -> None:
    damaged = (REPLY[:place] + new + REPLY[place + len(new) :])[: len(REPLY)]
    try:
        entries = list(decode_flow_stats(damaged))
    except RemoteError as error:
        assert "flow statistics: expected an entry of" in str(error)
        return
    for entry in entries:
        assert isinstance(entry, Foreign) or row_of(entry) is None or entry.table == 7


@pytest.mark.parametrize("size", range(HEAD + 1, len(REPLY)))
def test_a_reply_cut_short(size: int) -> None:
    whole = HEAD + (len(REPLY) - HEAD) // 2
    if size == whole:
        assert len(list(decode_flow_stats(REPLY[:size]))) == 1
        return
    with pytest.raises(RemoteError, match="read back again"):
        list(decode_flow_stats(REPLY[:size]))


@pytest.mark.parametrize("length", [0, 4, 0xFFF0])
def test_an_action_of_an_impossible_length_is_foreign(length: int) -> None:
    entry = SHAPES["class.transit"].entry(SHAPES["class.transit"].row(9, queue=1, **{"class": 46}))
    data = statistics(entry)
    action = data.index(struct.pack("!HHI", 21, 8, 1))
    damaged = data[: action + 2] + struct.pack("!H", length) + data[action + 4 :]
    (found,) = decode_flow_stats(bytes(HEAD) + damaged)
    assert found == Foreign(8, 9, f"an instruction or action of {length} bytes")


@pytest.mark.parametrize(
    ("kind", "code", "words"),
    [
        (2, 4, "bad action: bad output port"),
        (2, 10, "bad action: contradicts the match"),
        (4, 9, "bad match: a prerequisite is missing"),
        (5, 1, "flow refused: the table is full"),
        (17, 9, "bundle refused: a member of another xid"),
        (17, 13, "bundle refused: a member failed at commit"),
        (17, 14, "bundle refused: timed out"),
        (17, 99, "bundle refused: code 99"),
        (77, 3, "error type 77: code 3"),
    ],
)
def test_errors_in_words(kind: int, code: int, words: str) -> None:
    assert failure_name(kind, code) == words
    message = struct.pack("!BBHIHH", 5, 1, 16, 9, kind, code) + b"what"
    assert failure(message) == Failure(kind, code, b"what")
    assert describe(failure(message)) == f"{words} ({kind}, {code})"
