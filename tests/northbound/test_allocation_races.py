"""What is allocated is one's own, whoever writes at the same time, and stays over a restart.

The engine, its store and the server of that are the real ones; only the switches are not there.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import pytest

from controller.control import Control
from controller.errors import Conflict
from controller.history import StoredHistory
from controller.model.decode import decode_intent
from controller.model.encode import Tree, tree_of
from controller.model.network import Facts
from controller.needs import Revision
from controller.northbound.ports import Draft, Note
from controller.store.revisions import Store
from controller.store.server import StoreServer
from tests.northbound.client import Client
from tests.northbound.engines import Obedient
from tests.northbound.fakes import DOCUMENT, HOSTS
from tests.strategies import site

WRITERS: Final = 64
WRITES_EACH: Final = 5


class Counted(StoredHistory):
    """A history that notes how many revisions each commit had, and how often another was first."""

    def __init__(self, store: Store) -> None:
        super().__init__(store)
        self.sizes: list[int] = []
        self.conflicts = 0

    async def commit(self, drafts: Sequence[Draft], *, expected: int) -> Sequence[Revision]:
        self.sizes.append(len(drafts))
        try:
            return await super().commit(drafts, expected=expected)
        except Conflict:
            self.conflicts += 1
            raise


@pytest.fixture
def server(tmp_path: Path) -> Iterator[StoreServer]:
    found = StoreServer(tmp_path / "state.db", tmp_path / "run")
    found.start()
    yield found
    found.stop()


@asynccontextmanager
async def controllers(remote: str, count: int) -> AsyncIterator[list[tuple[Client, Counted]]]:
    """Controllers on one store, whose first revision is made where there is none."""
    stores = [Store([remote]) for _ in range(count)]
    running: list[tuple[Control, Counted]] = []
    for store in stores:
        history = Counted(store)
        control = Control(site(), Obedient(), history, audit_s=3600)
        control.adopt(await history.latest() or await _first(history))
        control.observe(Facts({}))
        history.sizes.clear()
        running.append((control, history))
    yield [(Client(control), history) for control, history in running]
    for control, _ in running:
        await control.close()
    for store in stores:
        await store.close()


async def _first(history: StoredHistory) -> Revision:
    draft = Draft(decode_intent(DOCUMENT, hosts=HOSTS), {}, Note("test", "first"))
    return (await history.commit([draft], expected=0))[-1]


async def write(call: Client, number: int) -> list[tuple[str, Any]]:
    """One writer's: a segment, who lives there, and instances here and there, by every way there
    is. What it was told that they are, by path."""
    vrf, host = ("business", "monitoring")[number % 2], f"host-{1 + number % 3}"
    instance = {"service": f"own-{number}", "host": host}
    item = {"op": "place", "instance": f"placed-{number}", "service": "web", "host": host}
    change = {"op": "put", "collection": "instances", "name": f"changed-{number}"}
    told = [
        await _put(call, f"segments/own-{number}", {"vrf": vrf, "vlan": "auto"}),
        await _put(call, f"tenants/own-{number}", {"segment": f"own-{number}"}),
    ]
    body = {"changes": [{**change, "body": {"service": "api", "host": host}},
                        {**change, "collection": "services", "name": f"own-{number}",
                         "body": {"tenant": f"own-{number}"}}]}  # fmt: skip
    await _done(call, "POST", "/v1/apply?wait=stored", body)
    told.append(await _put(call, f"instances/own-{number}", instance))
    placed = await _done(call, "POST", "/v1/placements?wait=stored", {"items": [item]})
    return [*told, (f"instances/placed-{number}", placed["items"][0]["object"])]


async def _put(call: Client, path: str, body: Any) -> tuple[str, Any]:
    return path, await _done(call, "PUT", f"/v1/{path}?wait=stored", body)


async def _done(call: Client, method: str, path: str, body: Any) -> Any:
    response = await call.send(method, path, json=body)
    assert response.status_code in (200, 201), response.text
    return response.json()


async def all_writers(calls: Sequence[Client]) -> dict[str, Any]:
    """All of them at once, in turn to each controller."""
    work = (write(calls[number % len(calls)], number) for number in range(WRITERS))
    return dict(item for told in await asyncio.gather(*work) for item in told)


async def stored(remote: str) -> tuple[int, Tree]:
    """The newest revision that a store has."""
    store = Store([remote])
    revision = await StoredHistory(store).latest()
    await store.close()
    assert revision is not None
    return revision.number, tree_of(revision.intent)


def each_has_its_own(tree: Tree) -> None:
    """No VLAN id, subnet or address is twice in a VRF, and no id or MAC address on the site."""
    segments, instances = tree["segments"], tree["instances"]
    homes = {name: segments[tenant["segment"]] for name, tenant in tree["tenants"].items()}
    vrfs = {name: homes[body["tenant"]]["vrf"] for name, body in tree["services"].items()}
    assert len(segments) == 2 + WRITERS
    assert len(instances) == 4 + 3 * WRITERS
    assert len({(body["vrf"], body["vlan"]) for body in segments.values()}) == len(segments)
    assert len({body["subnet"] for body in segments.values()}) == len(segments)
    for key in ("id", "mac"):
        assert len({body[key] for body in instances.values()}) == len(instances)
    addresses = {(vrfs[body["service"]], body["ip"]) for body in instances.values()}
    assert len(addresses) == len(instances)


def is_as_told(told: dict[str, Any], tree: Tree) -> None:
    """What each writer was answered is what is stored."""
    for path, body in told.items():
        collection, _, name = path.partition("/")
        found = tree[collection][name]
        assert {key: body[key] for key in found} == found, path


def test_64_writers_at_once_get_values_of_their_own_that_survive_a_restart(
    server: StoreServer, tmp_path: Path
) -> None:
    async def busy() -> tuple[dict[str, Any], Tree]:
        async with controllers(server.remote, 1) as [(call, history)]:
            told = await all_writers([call])
            assert max(history.sizes) > 1, "the writers were never at once"
        number, tree = await stored(server.remote)
        assert number == 1 + WRITERS * WRITES_EACH
        return told, tree

    told, tree = asyncio.run(busy())
    each_has_its_own(tree)
    is_as_told(told, tree)
    gone = {"web-1", "placed-0", "own-1"}
    server.stop()
    again = StoreServer(tmp_path / "state.db", tmp_path / "run")
    again.start()

    async def restarted() -> Tree:
        async with controllers(again.remote, 1) as [(call, _)]:
            assert (await stored(again.remote))[1] == tree
            for name in gone:
                await _done(call, "DELETE", f"/v1/instances/{name}?wait=stored", None)
            # What is free now is not taken by who has something already: moved, or put again.
            move = {"host": "host-2"}
            await _done(call, "POST", "/v1/instances/placed-9/move?wait=stored", move)
            for number in range(2, WRITERS):
                body = {"service": f"own-{number}", "host": "host-1"}
                await _put(call, f"instances/own-{number}", body)
                vrf = ("business", "monitoring")[number % 2]
                await _put(call, f"segments/own-{number}", {"vrf": vrf, "vlan": "auto"})
        return (await stored(again.remote))[1]

    after = asyncio.run(restarted())
    again.stop()
    assert after["segments"] == tree["segments"]
    assert after["instances"].keys() == tree["instances"].keys() - gone
    for name, body in after["instances"].items():
        assert {**body, "host": ""} == {**tree["instances"][name], "host": ""}


def test_64_writers_at_two_controllers_of_one_store(server: StoreServer) -> None:
    async def busy() -> dict[str, Any]:
        async with controllers(server.remote, 2) as [(call, history), (other, theirs)]:
            told = await all_writers([call, other])
            assert history.conflicts + theirs.conflicts, "neither was ever in the other's way"
        return told

    told = asyncio.run(busy())
    number, tree = asyncio.run(stored(server.remote))
    assert number == 1 + WRITERS * WRITES_EACH
    each_has_its_own(tree)
    is_as_told(told, tree)
