"""Files of earlier schemas: every revision they keep reads as it did."""

from __future__ import annotations

import asyncio
import json
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from controller.history import StoredHistory
from controller.model.encode import encode_intent
from controller.model.intent import Intent, Vrf, frozen
from controller.northbound.planning import objects_changed
from controller.northbound.ports import Draft, Note
from controller.store.channel import Channel
from controller.store.revisions import NewRevision, Store
from controller.store.rows import select
from controller.store.server import StoreServer
from tests.sites import INTENT, intent

_COLUMNS = {
    "1.0.0": ("number", "document", "author", "message", "created_at"),
    "1.1.0": (
        *("number", "document", "author", "message", "created_at"),
        *("changes", "key", "request"),
    ),
}
"""What a row of ``Revision`` had by the version of the schema."""


_INTENTS = (intent(), intent({**INTENT, "rules": []}), intent())

_FIRST = 7
"""Older revisions are gone."""


@pytest.mark.parametrize("version", _COLUMNS)
def test_a_file_of_an_earlier_schema_reads_as_before(tmp_path: Path, version: str) -> None:
    intents = [Intent(), *_INTENTS, Intent(vrfs=frozen({"a": Vrf("a", 1)}))]
    _old_file(tmp_path / "state.db", version, intents)
    server = StoreServer(tmp_path / "state.db", tmp_path / "run")
    server.start()

    async def scenario() -> None:
        store = Store([server.remote])
        history = StoredHistory(store)
        latest = await history.latest()
        assert latest is not None
        assert (latest.number, latest.intent) == (_FIRST + len(intents) - 1, intents[-1])
        assert latest.origins == {"vrfs/a": ("site.yaml", 3)}
        for number, wanted in enumerate(intents, _FIRST):
            assert await history.intent_at(number) == wanted
        info = (await history.revisions(1))[0]
        assert (info.author, info.message) == ("ann", "m")
        changes = objects_changed(intents[-1], intents[0])
        draft = Draft(intents[0], {}, Note("bob", "back", changes))
        await history.commit([draft], expected=latest.number)
        again = await StoredHistory(store).latest()
        assert again is not None
        assert (again.number, again.intent) == (latest.number + 1, intents[0])
        await store.close()

    asyncio.run(scenario())
    rows = Channel([server.remote]).transact(select("Revision", ["document"]))[0]["rows"]
    assert {row["document"] for row in rows} == {""}
    server.stop()


def test_two_that_upgrade_at_once_agree(tmp_path: Path) -> None:
    _old_file(tmp_path / "state.db", "1.1.0", [Intent(), *_INTENTS])
    server = StoreServer(tmp_path / "state.db", tmp_path / "run")
    server.start()

    async def scenario() -> None:
        stores = [Store([server.remote]) for _ in range(4)]
        found = await asyncio.gather(*(store.latest() for store in stores))
        assert all(one == found[0] for one in found)
        assert found[0] is not None
        newest = found[0].head.number
        await stores[0].commit(NewRevision({}, "ann", "m"), expected=newest)
        for store in stores:
            await store.close()

    asyncio.run(scenario())
    server.stop()


def _old_file(file: Path, version: str, intents: Sequence[Intent]) -> None:
    columns = {
        name: {"type": "integer" if name == "number" else "string"} for name in _COLUMNS[version]
    }
    head = {"columns": {"number": {"type": "integer"}}, "isRoot": True, "maxRows": 1}
    revision = {"columns": columns, "isRoot": True, "indexes": [["number"]]}
    schema = {
        "name": "Bulkhead",
        "version": version,
        "tables": {"Head": head, "Revision": revision},
    }
    (file.parent / "old.ovsschema").write_text(json.dumps(schema))
    _ovsdb_tool("create", str(file), str(file.parent / "old.ovsschema"))
    rows = [_row(number, intent) for number, intent in enumerate(intents, _FIRST)]
    operations = [{"op": "insert", "table": "Revision", "row": row} for row in rows]
    newest = {"number": _FIRST + len(intents) - 1}
    operations.append({"op": "insert", "table": "Head", "row": newest})
    _ovsdb_tool("transact", str(file), json.dumps(["Bulkhead", *operations]))


def _row(number: int, intent: Intent) -> dict[str, Any]:
    origins = {f"vrfs/{name}": ["site.yaml", 3] for name in intent.vrfs}
    document = json.dumps({"intent": encode_intent(intent), "origins": origins})
    return {
        **{"number": number, "document": document},
        **{"author": "ann", "message": "m", "created_at": "t"},
    }


def _ovsdb_tool(*arguments: str) -> None:
    subprocess.run(["ovsdb-tool", *arguments], check=True, capture_output=True)
