"""Frames come out of a stream as they went in, however it is cut."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.southbound.frames import (
    HEADER,
    MAX_PAYLOAD,
    Frame,
    FrameError,
    FrameReader,
    Kind,
    encode,
)

frames = st.builds(
    Frame,
    st.sampled_from(Kind),
    st.integers(0, 2**64 - 1),
    st.integers(0, 2**32 - 1),
    st.binary(max_size=200),
)


@given(st.lists(frames, max_size=8), st.lists(st.integers(1, 60), max_size=40))
def test_any_cut_gives_the_same_frames(sent: list[Frame], lengths: list[int]) -> None:
    data = b"".join(map(encode, sent))
    reader = FrameReader()
    found: list[Frame] = []
    for length in [*lengths, len(data)]:
        found += reader.feed(data[:length])
        data = data[length:]
    assert found == sent


@given(frames, st.integers(0, 400))
def test_a_part_of_a_frame_is_none(frame: Frame, length: int) -> None:
    data = encode(frame)
    assert list(FrameReader().feed(data[: min(length, len(data) - 1)])) == []


@pytest.mark.parametrize(
    "header",
    [
        HEADER.pack(MAX_PAYLOAD + 1, Kind.SEND, 1, 1),
        HEADER.pack(0, 0, 1, 1),
        HEADER.pack(0, 99, 1, 1),
    ],
)
def test_what_is_no_frame_is_refused(header: bytes) -> None:
    with pytest.raises(FrameError, match="no frame"):
        list(FrameReader().feed(header))
