"""What is planned in a moment is planned at once; what may take longer never holds the loop."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable

import pytest

from controller.model.intent import Intent
from controller.model.network import Network
from controller.needs import Revision
from controller.northbound.operations import Operations, Options
from controller.northbound.ports import Draft, Note, Origins, Wait, Write, Written
from controller.northbound.programs import Programs
from controller.northbound.views import Body
from controller.writing import Writing
from tests.northbound.engines import Remembered
from tests.northbound.fakes import DOCUMENT, FakeController
from tests.sites import two_hosts

_PLACE = {"service": "web", "host": "host-1"}
_MANY_PORTS = {"from": {}, "to": {}, "allow": [f"tcp/{port}" for port in range(1, 200)]}
Call = Callable[[Operations], Awaitable[Body]]


class Noting(FakeController):
    """Knows of each write whether it was said to be brief."""

    def __init__(self) -> None:
        super().__init__()
        self.brief: list[bool] = []

    async def submit(self, write: Write, *, wait: Wait, timeout_s: float) -> Written:
        self.brief.append(write.is_brief)
        return await super().submit(write, wait=wait, timeout_s=timeout_s)


@pytest.mark.parametrize(
    ("call", "brief"),
    [
        (lambda do: do.put("instances", "web-2", _PLACE, Options()), True),
        (lambda do: do.delete("rules", "scrape", Options()), True),
        (lambda do: do.move_instance("web-1", {"host": "host-2"}, Options()), True),
        (lambda do: do.put("rules", "wide", _MANY_PORTS, Options()), False),
        (lambda do: do.put("segments", "more", {"vrf": "business"}, Options()), False),
        (lambda do: do.move_tenant("shop", {"vrf": "monitoring"}, Options()), False),
        (lambda do: do.apply({"document": DOCUMENT}, Options()), False),
    ],
)
def test_small_edits_of_what_there_is_much_of_are_brief(call: Call, brief: bool) -> None:
    controller = Noting()
    asyncio.run(_awaited(call(Operations(controller, Programs()))))
    assert controller.brief == [brief]


async def _awaited(work: Awaitable[Body]) -> Body:
    return await work


def test_a_lone_brief_write_is_planned_in_the_loop_and_all_others_elsewhere() -> None:
    threads: list[int] = []

    def plan(network: Network, origins: Origins) -> Draft:
        threads.append(threading.get_ident())
        return Draft(network.intent, origins, Note("", ""))

    async def scenario() -> None:
        writing = Writing(
            *(Remembered(), lambda: (Revision(0, Intent(), {}), two_hosts()), len, _catch_up),
            foresee=lambda _network, _revision: None,
        )
        await writing.store(Write(plan, is_brief=True))
        assert threads == [threading.get_ident()]
        await writing.store(Write(plan))
        await asyncio.gather(*(writing.store(Write(plan, is_brief=True)) for _ in range(3)))
        assert len(threads) == 5
        assert threading.get_ident() not in threads[1:]
        await writing.close()

    asyncio.run(scenario())


async def _catch_up() -> None:
    raise AssertionError("nobody else writes")
