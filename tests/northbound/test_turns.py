"""Requests begin one in each turn of the loop, and whatever else is ready has its turn between."""

from __future__ import annotations

import asyncio

from controller.northbound.turns import Turns


def test_others_have_their_turn_between_any_two() -> None:
    seen: list[str] = []

    async def trial() -> None:
        loop, turns = asyncio.get_running_loop(), Turns()

        def switch(left: int) -> None:
            seen.append("switch")
            if left:
                loop.call_soon(switch, left - 1)

        for number in range(4):
            turns.take(lambda number=number: seen.append(f"request {number}"))  # type: ignore[misc]
        switch(3)
        while len(seen) < 8:
            await asyncio.sleep(0)

    asyncio.run(trial())
    assert [seen.index(f"request {number}") for number in range(4)] == [1, 3, 5, 7]


def test_what_comes_in_between_waits_behind_those_before() -> None:
    seen: list[int] = []

    async def trial() -> None:
        turns = Turns()
        turns.take(lambda: turns.take(lambda: seen.append(2)))
        turns.take(lambda: seen.append(1))
        while len(seen) < 2:
            await asyncio.sleep(0)
        turns.take(lambda: seen.append(3))
        while len(seen) < 3:
            await asyncio.sleep(0)

    asyncio.run(trial())
    assert seen == [1, 2, 3]


def test_a_failure_ends_no_turn_but_its_own() -> None:
    seen: list[str] = []

    def fail() -> None:
        raise RuntimeError("this one")

    async def trial() -> None:
        asyncio.get_running_loop().set_exception_handler(
            lambda _loop, context: seen.append(str(context["exception"]))
        )
        turns = Turns()
        turns.take(fail)
        turns.take(lambda: seen.append("the next"))
        while len(seen) < 2:
            await asyncio.sleep(0)

    asyncio.run(trial())
    assert seen == ["this one", "the next"]
