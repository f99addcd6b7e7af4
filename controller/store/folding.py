"""Folds revisions that are no longer kept into the base, so that what is stored does not grow.

Their notes (who, when, why, what, and the key of the write) stay for much longer: they are small.

Done beside commits, in transactions of limited size. A fold that is cut short leaves some objects
ahead of the base; whoever reads puts the differences since the base on them, and so does not see
it. None of it is durable by itself: what is lost with a server is folded again.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from controller.store.channel import Channel
from controller.store.rows import (
    delete,
    expect,
    move,
    new_object,
    put_object,
    select,
    united,
    update,
)

PIECE: Final = 200
"""How many objects a transaction folds: about 10 ms, which a commit may have to wait."""


def fold(channel: Channel, kept: int, noted: int, piece: int = PIECE) -> Iterator[int]:
    """Let only the ``kept`` newest revisions have differences, and the ``noted`` newest notes.

    Yields the base, between transactions. Raises Conflict where another writer did it, and what
    :meth:`Channel.transact` raises.
    """
    (head,) = channel.transact(select("Head", ["number", "base"]))[0]["rows"]
    base, until = int(head["base"]), int(head["number"]) - kept
    old = (["number", "<=", until], ["difference", "!=", ""])
    rows = channel.transact(select("Revision", ["number", "difference"], *old))[0]["rows"]
    changed = [*united(rows, base).items()]
    for first in range(0, len(changed), piece):
        _put(channel, base, changed[first : first + piece])
        yield base
    if until > 0:
        now = max(base, until)
        channel.transact(
            *(expect(base=base), move(base=now)),
            update("Revision", {"difference": "", "document": ""}, *old),
            delete("Revision", ["number", "<=", int(head["number"]) - noted]),
        )
        yield now


def _put(channel: Channel, base: int, changed: list[tuple[str, Any]]) -> None:
    puts = (put_object(key, value) for key, value in changed)
    _, *counts = channel.transact(expect(base=base), *puts)
    new = [
        new_object(key, value)
        for (key, value), answer in zip(changed, counts, strict=True)
        if value is not None and not answer["count"]
    ]
    if new:
        channel.transact(expect(base=base), *new)
