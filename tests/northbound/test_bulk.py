"""Thousands of changes in one call are one revision, or none."""

from __future__ import annotations

from tests.northbound.client import Client
from tests.northbound.fakes import FakeController

MANY = 5000


def changes(count: int) -> list[dict[str, object]]:
    return [
        {
            "op": "put",
            "collection": "services",
            "name": f"s-{number}",
            "body": {"tenant": "shop", "labels": {"tier": "web" if number % 2 else "api"}},
        }
        for number in range(count)
    ]


def test_thousands_of_changes_are_one_revision(call: Client, engine: FakeController) -> None:
    answer = call("POST", "/v1/apply?wait=stored", json={"changes": changes(MANY)})
    assert answer.status_code == 200, answer.text
    assert answer.json()["revision"] == engine.revision() == 2
    assert len(engine.history[-1][0].changes["added"]) == MANY
    assert len(engine.network().intent.services) == MANY + 3


def test_one_wrong_change_of_thousands_leaves_all_undone(
    call: Client, engine: FakeController
) -> None:
    wrong = changes(MANY)
    wrong[17]["body"] = {"tenant": "nobody"}
    wrong[4711]["body"] = {"tenant": "shop", "labels": "no"}
    answer = call("POST", "/v1/apply", json={"changes": wrong})
    assert answer.status_code == 422
    paths = {item["path"] for item in answer.json()["errors"]}
    assert paths == {"services.s-17.tenant", "services.s-4711.labels"}
    assert engine.revision() == 1
