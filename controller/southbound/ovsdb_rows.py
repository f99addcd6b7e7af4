"""Rows of bridges, ports and interfaces as plain values, each read once until it changes.

python-ovs converts a column each time it is asked for, about 15 microseconds: with thousands of
ports that is what an update costs, unless what has not changed is kept.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final, NamedTuple, TypeVar

import ovs.db.idl

T = TypeVar("T")


class InterfaceRow(NamedTuple):
    """An interface: its device, the name it is called by, its OpenFlow port, whether it is down."""

    device: str
    iface_id: str
    number: int
    down: bool


class PortRow(NamedTuple):
    """A port: the row, its name, its interfaces' rows, and whether it has queues."""

    row: Any
    name: str
    interfaces: tuple[Any, ...]
    has_qos: bool


class KeptRows:
    """What was read of rows, forgotten when they change."""

    def __init__(self) -> None:
        self._known: dict[Any, Any] = {}

    def forget(self, row: Any) -> None:
        """A row has changed, came or is gone."""
        self._known.pop(row.uuid, None)

    def keep_at_most(self, rows: int) -> None:
        """Start anew where more is kept: rows that went unseen, while there was no connection."""
        if len(self._known) > rows:
            self._known.clear()

    def ports(self, bridge: Any) -> Iterator[PortRow]:
        """A bridge's ports."""
        for row in self._kept(bridge, _ports):
            yield self._kept(row, _port)

    def interfaces(self, port: PortRow) -> Iterator[InterfaceRow]:
        """A port's interfaces."""
        for row in port.interfaces:
            yield self._kept(row, _interface)

    def names(self, port: PortRow) -> set[str]:
        """What a port may be called: its own name, and its interfaces' ids."""
        return {port.name, *(interface.iface_id for interface in self.interfaces(port))}

    def _kept(self, row: Any, read: Callable[[Any], T]) -> T:
        known = self._known.get(row.uuid)
        if known is None:
            known = self._known[row.uuid] = read(row)
        return known


class WatchedIdl(ovs.db.idl.Idl):  # type: ignore[misc]
    """An IDL whose kept rows are forgotten as they change."""

    def __init__(self, remote: str, helper: Any) -> None:
        self.kept: Final = KeptRows()
        super().__init__(remote, helper)

    def notify(self, event: str, row: Any, updates: Any = None) -> None:
        """A row came, changed or is gone."""
        self.kept.forget(row)


def _ports(bridge: Any) -> tuple[Any, ...]:
    return tuple(bridge.ports)


def _port(row: Any) -> PortRow:
    return PortRow(row, row.name, tuple(row.interfaces), bool(row.qos))


def _interface(row: Any) -> InterfaceRow:
    name, number = row.name, row.ofport[0] if row.ofport else -1
    return InterfaceRow(
        name, row.external_ids.get("iface-id", name), number, row.link_state == ["down"]
    )
