"""Compiled programs do what the intent means, judged by an interpreter without a compiler."""

from __future__ import annotations

from hypothesis import given, settings

from controller.compile import compile_network
from controller.model.network import Network
from controller.verify.check import check
from tests.chance import often
from tests.strategies import networks


@settings(max_examples=often(16))
@given(networks(max_instances=7))
def test_compiled_program_is_the_meaning(network: Network) -> None:
    verdict = check(network, compile_network(network), limit=1)
    assert not verdict.witnesses, verdict.witnesses[0]
