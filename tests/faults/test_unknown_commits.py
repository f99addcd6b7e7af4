"""A commit whose answer was lost, in a store that others serve: no writer is locked out."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

import pytest

from controller.control import Control
from controller.errors import Conflict, NotFound, RemoteError, UnknownOutcome
from controller.model.change import Change, apply_changes
from controller.model.intent import Intent
from controller.model.network import Network
from controller.needs import Revision
from controller.northbound.ports import Draft, Note, Origins, Outcome, RevisionInfo, Write
from controller.reconcile.events import Event, Prepare, ReadBack, SendBundle
from tests.sites import intent, topology


class Far:
    """Revisions behind a network: ``lose_answer`` and ``silent`` are what it does to us."""

    def __init__(self) -> None:
        self.stored = [Revision(1, intent(), {})]
        self.lose_answer = False
        self.silent = False

    async def latest(self) -> Revision | None:
        if self.silent:
            raise RemoteError("nobody answers")
        return self.stored[-1]

    async def commit(self, drafts: Sequence[Draft], *, expected: int) -> Sequence[Revision]:
        if expected != self.stored[-1].number:
            raise Conflict("another writer was first")
        made = [Revision(n, d.intent, d.origins) for n, d in enumerate(drafts, expected + 1)]
        self.stored += made
        if self.lose_answer:
            raise UnknownOutcome("the connection was lost before the answer")
        return made

    async def revisions(self, limit: int) -> Sequence[RevisionInfo]:
        return []

    async def intent_at(self, number: int) -> Intent:
        raise NotFound(str(number))

    async def revision_of(self, key: str) -> RevisionInfo | None:
        return None


class NoSwitches:
    """None is connected, so none is asked."""

    def prepare(self, effect: Prepare) -> None:
        """Nothing."""

    async def send_bundle(self, effect: SendBundle, asked: Callable[[], None]) -> Event:
        raise AssertionError(effect)

    async def read_back(self, effect: ReadBack) -> Event:
        raise AssertionError(effect)


def started(far: Far) -> Control:
    control = Control(topology(), NoSwitches(), far, audit_s=30)
    control.adopt(far.stored[-1])
    return control


def deleting(rule: str, expected: int | None = None) -> Write:
    """The write that deletes a rule."""

    def plan(network: Network, origins: Origins) -> Draft:
        after = apply_changes(network.intent, [Change("delete", "rules", rule)])
        return Draft(after, origins, Note("", "", {"removed": [f"rules/{rule}"]}))

    return Write(plan, expected)


async def delete(control: Control, rule: str) -> Outcome:
    write = deleting(rule, control.revision())
    return (await control.submit(write, wait="stored", timeout_s=1)).outcome


def test_what_was_stored_unseen_is_taken_up() -> None:
    async def scenario() -> None:
        far = Far()
        control = started(far)
        far.lose_answer = True
        with pytest.raises(UnknownOutcome):
            await delete(control, "ping")
        assert control.revision() == 2
        assert "ping" not in control.network().intent.rules
        far.lose_answer = False
        assert (await delete(control, "web-to-api")).revision == 3

    asyncio.run(scenario())


def test_it_is_taken_up_with_the_next_write_while_the_store_is_silent() -> None:
    async def scenario() -> None:
        far = Far()
        control = started(far)
        far.lose_answer = far.silent = True
        with pytest.raises(UnknownOutcome):
            await delete(control, "ping")
        assert control.revision() == 1
        far.lose_answer = far.silent = False
        with pytest.raises(Conflict):
            await delete(control, "web-to-api")
        assert control.revision() == 2
        assert (await delete(control, "web-to-api")).revision == 3

    asyncio.run(scenario())
