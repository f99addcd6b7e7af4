"""Makes differences of the whole documents that revisions were before schema 2.0.0.

``ovsdb-tool convert`` keeps such rows as they are. One transaction turns all of them at once, so
that a store is of the old kind or of the new one whenever the controller is killed.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from controller.errors import Conflict
from controller.store.channel import Channel, Operation
from controller.store.entries import from_whole
from controller.store.rows import DURABLY, Difference, dumped, expect, move, new_object, select


def upgrade(channel: Channel) -> None:
    """Turn old revisions, where there are any. Raises what :meth:`Channel.transact` raises."""
    while numbers := _old(channel):
        with suppress(Conflict):  # another controller has done it
            channel.transact(*_turn(channel, numbers), DURABLY)


def _old(channel: Channel) -> list[int]:
    rows = channel.transact(select("Revision", ["number"], ["document", "!=", ""]))[0]["rows"]
    return sorted(int(row["number"]) for row in rows)


def _turn(channel: Channel, numbers: Sequence[int]) -> list[Operation]:
    """The oldest becomes the base, each other one a difference from the one before it."""
    operations = [expect(number=numbers[-1], base=0), move(base=numbers[0])]
    before: dict[str, Any] | None = None
    for number in numbers:
        after = _document(channel, number)
        if before is None:
            operations += [new_object(key, value) for key, value in after.items()]
        changed = {} if before is None else difference(before, after)
        operations.append(_turned(number, changed))
        before = after
    return operations


def difference(before: Mapping[str, Any], after: Mapping[str, Any]) -> Difference:
    """What makes one document the other."""
    changed = {key: value for key, value in after.items() if before.get(key) != value}
    return {**changed, **dict.fromkeys(before.keys() - after.keys())}


def _document(channel: Channel, number: int) -> dict[str, Any]:
    asked = select("Revision", ["document"], ["number", "==", number])
    (row,) = channel.transact(asked)[0]["rows"]
    if not row["document"]:
        raise Conflict("another controller has turned it")
    return from_whole(json.loads(row["document"]))


def _turned(number: int, changed: Difference) -> Operation:
    row = {"document": "", "difference": dumped(changed)}
    return {"op": "update", "table": "Revision", "where": [["number", "==", number]], "row": row}
