"""The servers of a store that is a cluster: whether each answers and follows a leader."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from controller.cli.doctor.checks import Check, ask, fail, warn, well
from controller.cli.doctor.keys import keys_for
from controller.settings import Settings

DATABASE: Final = "Bulkhead"
_MEND: Final = "start its ovsdb-server (docs/store.md), or take it out of the setting state"
_WHERE: Final[list[object]] = [["name", "==", DATABASE]]
_COLUMNS: Final = ["connected", "leader", "model"]
_QUERY: Final = json.dumps(
    [
        "_Server",
        {"op": "select", "table": "Database", "where": _WHERE, "columns": _COLUMNS},
    ]
)
"""What a server knows of its databases (ovsdb-server(7), the database _Server)."""


@dataclass(frozen=True, slots=True)
class Member:
    """One server: what it ``found``, and whether the store can be had there."""

    remote: str
    serves: bool
    found: str


def cluster(settings: Settings) -> Iterator[Check]:
    """A check for each server; one that is away does no harm while another serves."""
    members = [_member(remote, settings) for remote in settings.state.split(",")]
    served = any(member.serves for member in members)
    for member in members:
        name = f"store {member.remote}"
        if member.serves:
            yield well(name, member.found)
        elif served:
            yield warn(name, f"{member.found}; the others serve", _MEND)
        else:
            yield fail(name, member.found, _MEND)


def _member(remote: str, settings: Settings) -> Member:
    told = ask("ovsdb-client", "--timeout=3", *keys_for(remote, settings), "query", remote, _QUERY)
    if told.text is None:
        return Member(remote, False, f"does not answer: {told.why}")
    rows: list[Mapping[str, Any]] = json.loads(told.text)[0]["rows"]
    if not rows:
        return Member(remote, False, f"has no database {DATABASE}")
    row = rows[0]
    if not row["connected"]:
        return Member(remote, False, "is in touch with no leader: most servers are away")
    if row["model"] != "clustered":
        return Member(remote, True, "serves alone, not as one of a cluster")
    return Member(remote, True, "leads" if row["leader"] else "follows a leader")
