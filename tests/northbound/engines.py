"""The real engine over switches and a history in memory, for whole writes without a socket."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from controller.control import Control
from controller.dataplane.program import Program, program
from controller.errors import Conflict, NotFound
from controller.model.intent import Intent
from controller.model.network import Facts, Network
from controller.needs import Revision
from controller.northbound.ports import Draft, Note, RevisionInfo
from controller.reconcile.events import (
    BundleDone,
    Event,
    Prepare,
    ReadBack,
    ReadBackDone,
    SendBundle,
)


class Obedient:
    """Switches that do what they are told at once; ``held`` is what is in them."""

    def __init__(self) -> None:
        self.held: dict[str, Program] = {}

    def prepare(self, effect: Prepare) -> None:
        """Nothing."""

    async def send_bundle(self, effect: SendBundle, asked: Callable[[], None]) -> Event:
        rows = dict(self._of(effect.switch).rows)
        for row in effect.remove:
            rows.pop(row.key, None)
        rows |= {row.key: row for row in effect.add}
        self.held[effect.switch] = program(rows.values())
        return BundleDone(effect.switch, effect.session)

    async def read_back(self, effect: ReadBack) -> Event:
        rows, cookies = self._of(effect.switch), effect.cookies
        held = program(row for row in rows if not cookies or row.cookie in cookies)
        return ReadBackDone(
            *(effect.switch, effect.session, effect.asked, held),
            cookies=cookies,
            audit=effect.audit,
        )

    def _of(self, switch: str) -> Program:
        return self.held.get(switch, program(()))


class Remembered:
    """Revisions in memory."""

    def __init__(self) -> None:
        self.stored: list[tuple[Revision, RevisionInfo, str]] = []

    async def latest(self) -> Revision | None:
        return self.stored[-1][0] if self.stored else None

    async def commit(self, drafts: Sequence[Draft], *, expected: int) -> Sequence[Revision]:
        if expected != len(self.stored):
            raise Conflict("another writer was first")
        made = [Revision(n, d.intent, d.origins) for n, d in enumerate(drafts, expected + 1)]
        at = "2026-01-01T00:00:00Z"
        for revision, draft in zip(made, drafts, strict=True):
            note = draft.note
            info = RevisionInfo(
                *(revision.number, note.author, note.message, at), note.changes, note.request
            )
            self.stored.append((revision, info, note.key))
        return made

    async def revisions(self, limit: int) -> Sequence[RevisionInfo]:
        return [info for _, info, _ in reversed(self.stored)][:limit]

    async def intent_at(self, number: int) -> Intent:
        if not 1 <= number <= len(self.stored):
            raise NotFound(f"there is no revision {number}")
        return self.stored[number - 1][0].intent

    async def revision_of(self, key: str) -> RevisionInfo | None:
        found = [info for _, info, known in self.stored if key and known == key]
        return found[-1] if found else None


async def running(network: Network, earlier: Intent) -> tuple[Control, Obedient]:
    """An engine whose switches are connected; revision 1 is ``earlier``, 2 is the network's."""
    switches, history = Obedient(), Remembered()
    control = Control(network.topology, switches, history, audit_s=3600)
    first, now = (
        Draft(earlier, {}, Note("test", "first")),
        Draft(network.intent, {}, Note("test", "")),
    )
    control.adopt((await history.commit([first, now], expected=0))[-1])
    control.observe(network.facts)
    for switch in network.topology.switches.values():
        control.switch_up(switch.datapath_id, 1)
    return control, switches


def plugged_for(facts: Sequence[Facts]) -> Facts:
    """Facts in which every port of the given ones is there, numbered from 1."""
    names: dict[str, set[str]] = {}
    for found in facts:
        for switch, port in found.ports:
            names.setdefault(switch, set()).add(port)
    return Facts(_numbered(names))


def _numbered(names: Mapping[str, set[str]]) -> dict[tuple[str, str], int]:
    return {
        (switch, port): number
        for switch, ports in names.items()
        for number, port in enumerate(sorted(ports), 1)
    }
