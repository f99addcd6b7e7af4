"""The parser that python-ovs uses: any split of any message, and what is no message."""

from __future__ import annotations

import json
from typing import Any

import ovs.json
import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.southbound.ovsdb_json import Parser, use_faster_parser

_TEXTS = st.text(st.sampled_from(list('a"\\{}[],: \n\u00fc\u20ac\U0001f600')), max_size=12)
_VALUES: Any = st.recursive(
    st.none() | st.booleans() | st.integers() | _TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_TEXTS, inner, max_size=4),
    max_leaves=12,
)
_MESSAGES = st.lists(_VALUES, max_size=4) | st.dictionaries(_TEXTS, _VALUES, max_size=4)


def _read(text: str, sizes: list[int]) -> list[Any]:
    """The messages of a text that comes in pieces, read as python-ovs does."""
    found, parser, held = [], Parser(), ""
    cuts = iter(sizes)
    while text or held:
        if not held:
            size = next(cuts, len(text))
            held, text = text[:size], text[size:]
        held = held[parser.feed(held) :]
        if parser.is_done():
            found.append(parser.finish())
            parser = Parser()
    return found


@given(
    st.lists(_MESSAGES, max_size=4),
    st.booleans(),
    st.sampled_from(["", " ", "\n"]),
    st.lists(st.integers(1, 9), max_size=400),
)
def test_messages_are_found_however_they_are_cut(
    messages: list[Any], ascii_only: bool, between: str, sizes: list[int]
) -> None:
    text = between.join(json.dumps(message, ensure_ascii=ascii_only) for message in messages)
    assert _read(text, sizes) == messages


@pytest.mark.parametrize("text", ["nonsense", '"text"', "[}", "}", "[1,]", '{"a" 1}'])
def test_what_is_no_message_is_an_error(text: str) -> None:
    parser = Parser()
    parser.feed(text)
    assert parser.is_done()
    assert isinstance(parser.finish(), str)


def test_an_unfinished_message_is_waited_for() -> None:
    parser = Parser()
    assert parser.feed('{"a": "}\\') == 9
    assert not parser.is_done()
    assert parser.feed('""}[') == 3
    assert parser.finish() == {"a": '}"'}


def test_what_follows_the_value_of_a_whole_text_is_an_error() -> None:
    parser = Parser(check_trailer=True)
    assert parser.feed("[1] x") == 5
    assert isinstance(parser.finish(), str)


def test_python_ovs_uses_it_unless_it_has_its_own_fast_one() -> None:
    use_faster_parser()
    assert (ovs.json.Parser is Parser) == (ovs.json.PARSER == ovs.json.PARSER_PY)
