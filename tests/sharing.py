"""Networks of a few services whose rules are compiled as those of many would be."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Final

from hypothesis import strategies as st
from pytest import MonkeyPatch

from controller.compile import compile_network, sharing
from controller.dataplane.program import Program
from controller.model.network import Network
from controller.verify import advance, classes

NEVER: Final = 1 << 30

thresholds = st.sampled_from([NEVER, 1, 2, 3])
"""From how many pairs on rules are shared: at none, at all, and in between."""


Compiler = Callable[[Network], Mapping[str, Program]]


@contextmanager
def shared_from(pairs: int) -> Iterator[None]:
    """Rules of so many pairs of identities are shared in here."""
    with MonkeyPatch.context() as patch:
        patch.setattr(sharing, "LEAST_PAIRS", pairs)
        yield


@contextmanager
def many_from(pairs: int) -> Iterator[None]:
    """Rules of so many pairs of identities are proved by classes in here."""
    with MonkeyPatch.context() as patch:
        patch.setattr(classes, "MANY", pairs)
        patch.setattr(advance, "MOST_GROUPS", advance.MOST_GROUPS if pairs == NEVER else 0)
        patch.setattr(advance, "MOST_PAIRS", advance.MOST_PAIRS if pairs == NEVER else 0)
        yield


def compiler(pairs: int) -> Compiler:
    """The compiler, with rules of so many pairs of identities shared."""

    def compiled(network: Network) -> Mapping[str, Program]:
        with shared_from(pairs):
            return compile_network(network)

    return compiled


compilers = thresholds.map(compiler)
"""The compiler with rules shared from various numbers of pairs on."""
