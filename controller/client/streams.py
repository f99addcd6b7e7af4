"""Server-sent events, and how to go on where a stream broke off."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator

from controller.client.values import Event


def events_of(lines: Iterable[str]) -> Iterator[Event]:
    """The events of a stream's lines: ``id``, ``event`` and ``data``, then an empty one."""
    fields: dict[str, str] = {}
    for line in lines:
        name, _, value = line.partition(": ")
        if line and name:
            fields[name] = value
        elif "data" in fields:
            data = json.loads(fields["data"])
            at = data.pop("at")
            yield Event(int(fields["id"]), at, fields["event"], data)
            fields = {}
