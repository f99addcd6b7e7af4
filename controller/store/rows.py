"""The operations on the store's three tables, and what their rows say.

``Head`` (one row) has the number of the newest revision, and the ``base``: the revision whose
document the rows of ``Object`` are. ``Revision`` has what each later one changed. A row of
``Object`` has a UUID made of its key: the server finds a row at once by its UUID, and by any other
column only by looking at all of them.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping, Sequence
from typing import Any, Final

from controller.store.channel import Operation

Document = Mapping[str, Any]
"""What a revision holds: JSON-able values by key, none of them None."""

Difference = Mapping[str, Any]
"""What one revision changed: the new value of each key, None where it was removed."""

DURABLY: Final[Operation] = {"op": "commit", "durable": True}

_NAMESPACE: Final = uuid.UUID("6f2f3a51-6c0a-4b86-9d0e-3d2f6d1c8b57")  # ours alone, drawn once


def dumped(value: object) -> str:
    """A value as the store keeps it."""
    return json.dumps(value, separators=(",", ":"))


def select(table: str, columns: Sequence[str], *where: Sequence[Any]) -> Operation:
    """Some columns of all rows that satisfy every condition."""
    return {"op": "select", "table": table, "where": where, "columns": columns}


def expect(**head: int) -> Operation:
    """Fail unless the head is this, in the columns that are named."""
    return {
        **{"op": "wait", "table": "Head", "where": [], "columns": [*head]},
        **{"until": "==", "rows": [head], "timeout": 0},
    }


def move(**head: int) -> Operation:
    """Set columns of the head."""
    return update("Head", head)


def insert(table: str, row: Mapping[str, Any]) -> Operation:
    """A new row."""
    return {"op": "insert", "table": table, "row": row}


def update(table: str, row: Mapping[str, Any], *where: Sequence[Any]) -> Operation:
    """Set columns of the rows that satisfy every condition."""
    return {"op": "update", "table": table, "where": where, "row": row}


def delete(table: str, *where: Sequence[Any]) -> Operation:
    """Delete the rows that satisfy every condition."""
    return {"op": "delete", "table": table, "where": where}


def new_object(key: str, value: object) -> Operation:
    """The row of an object that has none."""
    row = {"key": key, "value": dumped(value)}
    return {"op": "insert", "table": "Object", "uuid": _row_id(key), "row": row}


def put_object(key: str, value: object) -> Operation:
    """Set an object's row, or delete it (None); a count of 0 answers where it has none."""
    where = [["_uuid", "==", ["uuid", _row_id(key)]]]
    if value is None:
        return delete("Object", *where)
    return update("Object", {"value": dumped(value)}, *where)


def values_of(texts: Sequence[str]) -> list[Any]:
    """Many values at once, in one call of the parser."""
    found: list[Any] = json.loads(f"[{','.join(texts)}]")
    return found


def document_of(objects: Sequence[Mapping[str, str]]) -> dict[str, Any]:
    """The document that rows of ``Object`` are."""
    values = values_of([row["value"] for row in objects])
    return {row["key"]: value for row, value in zip(objects, values, strict=True)}


def put_on(document: dict[str, Any], difference: Difference) -> None:
    """Make a document what it was after a difference."""
    for key, value in difference.items():
        if value is None:
            document.pop(key, None)
        else:
            document[key] = value


def united(revisions: Sequence[Mapping[str, Any]], after: int) -> dict[str, Any]:
    """What rows of ``Revision`` later than one changed, all together."""
    found: dict[str, Any] = {}
    for row in sorted(revisions, key=lambda row: int(row["number"])):
        if int(row["number"]) > after and row["difference"]:
            found.update(json.loads(row["difference"]))
    return found


def _row_id(key: str) -> str:
    return str(uuid.uuid5(_NAMESPACE, key))
