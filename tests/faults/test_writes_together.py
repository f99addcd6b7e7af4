"""Many writes at once: planned in turn, stored together, each answered for itself."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from controller.control import Control
from controller.errors import Conflict, Invalid, Problem
from controller.model.change import Change, apply_changes
from controller.model.network import Network
from controller.needs import Revision
from controller.northbound.ports import Draft, Note, Origins, Write
from tests.faults.test_unknown_commits import Far, NoSwitches, deleting, started
from tests.sites import topology


class Held(Far):
    """Commits nothing before it is let to; ``sizes`` is how many revisions each commit had."""

    def __init__(self) -> None:
        super().__init__()
        self.may_commit = asyncio.Event()
        self.begun = asyncio.Event()
        self.sizes: list[int] = []

    async def commit(self, drafts: Sequence[Draft], *, expected: int) -> Sequence[Revision]:
        self.sizes.append(len(drafts))
        self.begun.set()
        await self.may_commit.wait()
        return await super().commit(drafts, expected=expected)


def putting(rule: str, expected: int | None = None) -> Write:
    """The write that makes a rule."""

    def plan(network: Network, origins: Origins) -> Draft:
        body = {"from": {"vrf": "business"}, "to": {"vrf": "business"}, "allow": ["icmp"]}
        after = apply_changes(network.intent, [Change("put", "rules", rule, body)])
        return Draft(after, origins, Note("", rule, {"added": [f"rules/{rule}"]}))

    return Write(plan, expected)


def _refused(network: Network, origins: Origins) -> Draft:
    raise Invalid((Problem("rules.x", "is wrong"),))


def _same(network: Network, origins: Origins) -> Draft:
    return Draft(network.intent, origins, Note("", ""))


def test_writes_that_come_during_a_commit_share_the_next() -> None:
    async def scenario() -> None:
        far = Held()
        control = started(far)

        def submitted(write: Write) -> asyncio.Task[int]:
            async def work() -> int:
                return (await control.submit(write, wait="stored", timeout_s=1)).outcome.revision

            return asyncio.create_task(work())

        first = submitted(putting("r-0"))
        await asyncio.wait_for(far.begun.wait(), 10)
        writes = [putting("r-1"), Write(_refused), putting("r-2"), Write(_same), putting("r-3", 2)]
        tasks = [submitted(write) for write in [*writes, putting("r-4", 5), deleting("r-1")]]
        await asyncio.sleep(0)
        far.may_commit.set()
        found = await asyncio.gather(first, *tasks, return_exceptions=True)
        assert [found[0], found[1], found[3], found[4]] == [2, 3, 4, 4]
        assert isinstance(found[2], Invalid)
        assert isinstance(found[5], Conflict)  # 2 was the newest when it came, and 4 before it
        assert isinstance(found[6], Conflict)
        assert found[7] == 5
        assert far.sizes == [1, 3]
        assert [r.number for r in far.stored] == [1, 2, 3, 4, 5]
        assert [set(r.intent.rules) & {"r-0", "r-1", "r-2"} for r in far.stored[1:]] == [
            {"r-0"},
            {"r-0", "r-1"},
            {"r-0", "r-1", "r-2"},
            {"r-0", "r-2"},
        ]
        assert control.revision() == 5

    asyncio.run(scenario())


def test_where_another_controller_was_first_they_are_planned_again() -> None:
    async def scenario() -> None:
        far = Far()
        control = started(far)
        other = Control(topology(), NoSwitches(), far, audit_s=30)
        other.adopt(far.stored[-1])
        await other.submit(putting("other"), wait="stored", timeout_s=1)
        bound = control.submit(putting("bound", 1), wait="stored", timeout_s=1)
        free = control.submit(putting("free"), wait="stored", timeout_s=1)
        found = await asyncio.gather(bound, free, return_exceptions=True)
        assert isinstance(found[0], Conflict)
        assert not isinstance(found[1], BaseException)
        assert found[1].outcome.revision == 3
        assert {"other", "free"} <= control.network().intent.rules.keys()
        assert "bound" not in control.network().intent.rules

    asyncio.run(scenario())


def test_who_stops_waiting_does_not_keep_others_from_their_turn() -> None:
    async def scenario() -> None:
        far = Held()
        control = started(far)
        tasks = [
            asyncio.create_task(control.submit(putting(f"r-{n}"), wait="stored", timeout_s=1))
            for n in range(3)
        ]
        await asyncio.wait_for(far.begun.wait(), 10)
        tasks[0].cancel()
        far.may_commit.set()
        done = await asyncio.gather(*tasks[1:])
        assert [written.outcome.revision for written in done] == [3, 4]
        with pytest.raises(asyncio.CancelledError):
            await tasks[0]

    asyncio.run(scenario())
