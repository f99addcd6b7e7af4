"""Proofs that are made while switches are being changed: taken where they are of what came true."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import pytest

from bench import workload
from controller import proving
from controller.compile import compilation
from controller.dataplane.program import Program
from controller.model.network import Network
from controller.proving import Prover

BEFORE = workload.network(40)
AFTER = workload.another_rule(BEFORE, 0)
HELD = compilation(BEFORE).programs
WANTED = compilation(AFTER).programs


@pytest.fixture
def advanced(monkeypatch: pytest.MonkeyPatch) -> list[Network]:
    """The networks of which one proof was made from the one before."""
    found: list[Network] = []
    advance = proving.advance

    def noted(ground: object, network: Network, held: Mapping[str, Program]) -> object:
        found.append(network)
        return advance(ground, network, held)  # type: ignore[arg-type]

    monkeypatch.setattr(proving, "advance", noted)
    return found


async def _expect(prover: Prover, network: Network, held: Mapping[str, Program]) -> None:
    prover.expect(network, held)
    await asyncio.sleep(0)  # it begins


def test_what_was_expected_and_came_true_is_proved_once(advanced: list[Network]) -> None:
    async def run() -> tuple[str, ...]:
        prover = Prover()
        assert await prover.change(BEFORE, HELD, 1) == ()
        await _expect(prover, AFTER, WANTED)
        found = await prover.change(AFTER, dict(WANTED), 2)
        status = prover.status()
        assert status.whole is not None and status.whole.revision == 1
        assert status.change is not None and status.change.revision == 2
        assert status.change.took_ms > 0
        return found

    assert asyncio.run(run()) == ()
    assert advanced == [AFTER]


def test_what_came_otherwise_than_expected_is_proved_as_it_is(advanced: list[Network]) -> None:
    async def run() -> tuple[str, ...]:
        prover = Prover()
        await prover.change(BEFORE, HELD, 1)
        await _expect(prover, AFTER, WANTED)
        return await prover.change(AFTER, HELD, 2)  # the switches did not take it

    faults = asyncio.run(run())
    assert faults, "what is wanted is not held, and that was found"
    assert advanced == [AFTER, AFTER]


def test_a_proof_that_cannot_be_made_early_is_made_when_it_is_due(
    advanced: list[Network], monkeypatch: pytest.MonkeyPatch
) -> None:
    conclude = proving.conclude

    def broken(_ground: object) -> object:
        monkeypatch.setattr(proving, "conclude", conclude)
        raise RuntimeError("expected by the test")

    async def run() -> tuple[str, ...]:
        prover = Prover()
        await prover.change(BEFORE, HELD, 1)
        monkeypatch.setattr(proving, "conclude", broken)
        await _expect(prover, AFTER, WANTED)
        return await prover.change(AFTER, WANTED, 2)

    assert asyncio.run(run()) == ()
    assert advanced == [AFTER]  # the second was of the whole: nothing was left to go on from


def test_of_what_is_expected_the_newest_counts(advanced: list[Network]) -> None:
    async def run() -> None:
        prover = Prover()
        await prover.change(BEFORE, HELD, 1)
        prover.expect(BEFORE, WANTED)
        await _expect(prover, AFTER, WANTED)
        assert await prover.change(AFTER, WANTED, 2) == ()

    asyncio.run(run())
    assert advanced == [AFTER]


def test_nothing_is_proved_early_once_it_is_due(advanced: list[Network]) -> None:
    async def run() -> None:
        prover = Prover()
        await prover.change(BEFORE, HELD, 1)
        prover.expect(AFTER, WANTED)
        assert await prover.change(AFTER, WANTED, 2) == ()  # before that has begun
        others = asyncio.all_tasks() - {asyncio.current_task()}
        await asyncio.gather(*others)

    asyncio.run(run())
    assert advanced == [AFTER]
