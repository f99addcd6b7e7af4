"""The table of statuses in docs/api.md is what the code answers, no more and no less."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from controller import errors
from controller.errors import BulkheadError, Invalid, Problem
from controller.northbound.access import refusals
from controller.northbound.bodies import KeyReused
from controller.northbound.plans import Replugged
from controller.northbound.problems import TYPE_PREFIX, of_error
from controller.northbound.stale import Stale
from tests.northbound.client import Client

PAGE = Path(__file__).parents[2] / "docs" / "api.md"
_ROW = re.compile(r"^\| ([0-9]{3}(?:, [0-9]{3})*) \| (.*?) \|", re.MULTILINE)
_BASES = (BulkheadError, refusals.Refusal)


def told() -> set[tuple[int, str]]:
    """Status and end of the type, as the page has them."""
    table = PAGE.read_text(encoding="utf-8").partition("## Errors")[2]
    return {
        (int(status), kind)
        for statuses, kinds in _ROW.findall(table)
        for status in statuses.split(", ")
        for kind in re.findall("`([a-z-]+)`", kinds)
    }


def kinds_of(base: type[BulkheadError]) -> Iterator[type[BulkheadError]]:
    """Every error below one, of the modules that the northbound imports."""
    for kind in base.__subclasses__():
        if kind.__module__.startswith(("controller.northbound", "controller.errors")):
            yield kind
            yield from kinds_of(kind)


def made(kind: type[BulkheadError]) -> Iterator[BulkheadError]:
    """An error of a kind, in each way that has a status of its own."""
    if issubclass(kind, Invalid):
        yield kind((Problem("path", "message"),))
    elif kind is Stale:
        yield from (Stale(1, 2, [], conditional=conditional) for conditional in (True, False))
    elif kind is Replugged:
        yield from made(Stale)  # of a plan, with the same status
    elif kind is KeyReused:
        yield KeyReused("key")
    else:
        yield kind("message")


def test_every_error_is_in_the_table_and_nothing_else_is(call: Client) -> None:
    found = {
        (body["status"], body["type"].removeprefix(TYPE_PREFIX))
        for kind in kinds_of(BulkheadError)
        if kind not in _BASES
        for error in made(kind)
        for body in (of_error(error),)
    }
    assert len(found) > 10
    found.add((500, "internal"))  # what is no error of ours
    answer = call("PATCH", "/v1/vrfs").json()
    found.add((answer["status"], answer["type"].removeprefix(TYPE_PREFIX)))
    assert found == told()
    assert of_error(errors.Conflict("other"), conditional=True)["status"] == 412
