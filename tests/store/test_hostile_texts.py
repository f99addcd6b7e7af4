"""What a client writes never breaks the store: it is refused before, and takes nobody with it."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest

from controller.control import Control
from controller.errors import Invalid, NotFound
from controller.history import StoredHistory
from controller.northbound.operations import Options
from controller.northbound.rest import create_app
from controller.northbound.use_cases import UseCases
from controller.store.revisions import Store
from controller.store.server import StoreServer
from tests.northbound.engines import Obedient
from tests.northbound.fakes import DOCUMENT
from tests.strategies import site

HOSTILE = ["\0", "\ud800", "\x1b[31m", "x" * 2_000_000]
RULE = {"from": {}, "to": {}, "allow": ["icmp"]}


async def engine(store: Store) -> tuple[Control, UseCases]:
    """An engine over a real store, with a first revision in it."""
    control = Control(site(), Obedient(), StoredHistory(store), audit_s=3600)
    cases = UseCases.of(control)
    await cases.operations.apply(DOCUMENT, Options(wait="stored"))
    return control, cases


@pytest.mark.parametrize("text", HOSTILE, ids=["nul", "surrogate", "escape", "large"])
def test_one_writers_text_takes_no_other_write_with_it(server: StoreServer, text: str) -> None:
    """Whatever transport let it through: writes that come together share one commit."""

    async def scenario() -> None:
        store = Store([server.remote])
        control, cases = await engine(store)

        def put(name: str, **said: str) -> Any:
            return cases.operations.put("rules", name, RULE, Options(wait="stored", **said))  # type: ignore[arg-type]

        found = await asyncio.gather(
            *(put(f"good-{n}", message="fine", author="Zoë") for n in range(5)),
            put("bad-1", message=text),
            put("bad-2", author=text),
            *(put(f"good-{n}") for n in range(5, 10)),
            return_exceptions=True,
        )
        refused = [answer for answer in found if isinstance(answer, BaseException)]
        assert len(refused) == 2
        assert all(isinstance(error, Invalid) for error in refused)
        assert control.revision() == 11
        latest = await store.latest()
        assert latest is not None
        assert latest.head.number == 11
        assert "rules/good-9" in latest.document
        assert latest.document.keys().isdisjoint({"rules/bad-1", "rules/bad-2"})
        await store.close()

    asyncio.run(scenario())


@pytest.mark.parametrize("number", [10**18, 2**63 - 1, 2**63, 10**20])
def test_a_number_that_the_server_cannot_read_is_none_of_a_revision(
    server: StoreServer, number: int
) -> None:
    async def scenario() -> None:
        store = Store([server.remote])
        _, cases = await engine(store)
        for ask in (cases.queries.revision(number), cases.operations.restore(number, Options())):
            with pytest.raises(NotFound, match=f"there is no revision {number}"):
                await ask
        await store.close()

    asyncio.run(scenario())


def test_a_call_with_such_a_text_is_refused_and_the_next_one_is_stored(
    server: StoreServer,
) -> None:
    async def scenario() -> None:
        store = Store([server.remote])
        _, cases = await engine(store)
        transport = httpx.ASGITransport(create_app(cases))
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            for bad, path in (("%00", "/v1/rules/a"), ("x", f"/v1/rules/a/../{'b' * 9999}")):
                refused = await client.put(f"{path}?wait=stored&message={bad}", json=RULE)
                assert 400 <= refused.status_code < 500
            bodies = ('{"changes": [], "message": "\\u0000"}', '{"rules": {"\\ud800": {}}}')
            for body in bodies:
                refused = await client.post("/v1/apply?wait=stored", content=body)
                assert refused.status_code == 400
            good = await client.put("/v1/rules/a?wait=stored&message=ok", json=RULE)
            assert (good.status_code, good.json()["revision"]) == (201, 2)
        await store.close()

    asyncio.run(scenario())
