"""Networks of a few services whose rules are compiled as those of many would be."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Final

from hypothesis import strategies as st
from pytest import MonkeyPatch

from controller.compile import compile_network
from controller.dataplane.program import Program
from controller.model import opening
from controller.model.network import Network
from controller.verify import advance, classes

NEVER: Final = 1 << 30

thresholds = st.sampled_from([NEVER, 1, 2, 3])
"""From how many pairs on rules are shared: at none, at all, and in between."""


rooms = st.sampled_from([NEVER, 1, 2])
"""How many shared rules an entry has room for: all, or next to none."""

Compiler = Callable[[Network], Mapping[str, Program]]


@contextmanager
def shared_from(pairs: int) -> Iterator[None]:
    """Rules of so many pairs of identities are shared in here."""
    with MonkeyPatch.context() as patch:
        patch.setattr(opening, "LEAST_PAIRS", pairs)
        yield


@contextmanager
def room_for(shares: int) -> Iterator[None]:
    """An entry has room for so many shared rules in here."""
    with MonkeyPatch.context() as patch:
        patch.setattr(opening, "MOST_SHARES", shares)
        yield


@contextmanager
def many_from(pairs: int) -> Iterator[None]:
    """Rules of so many pairs of identities are proved by classes in here."""
    with MonkeyPatch.context() as patch:
        patch.setattr(classes, "MANY", pairs)
        patch.setattr(advance, "MOST_GROUPS", advance.MOST_GROUPS if pairs == NEVER else 0)
        patch.setattr(advance, "MOST_PAIRS", advance.MOST_PAIRS if pairs == NEVER else 0)
        yield


def compiler(pairs: int, room: int = NEVER) -> Compiler:
    """The compiler, with rules of so many pairs of identities shared where there is room."""

    def compiled(network: Network) -> Mapping[str, Program]:
        with shared_from(pairs), room_for(room):
            return compile_network(network)

    return compiled


compilers = st.builds(compiler, thresholds, rooms)
"""The compiler with rules shared from various numbers of pairs on, where entries have room."""
