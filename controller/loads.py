"""What links between switches carry: what their two ports send."""

from __future__ import annotations

from collections.abc import Mapping

from controller.model.network import Topology
from controller.northbound.ports import LinkLoad
from controller.ports import PortKey, ends
from controller.southbound.counters import PortCounters


class LinkLoads:
    """Joins the counters of all remotes. ``counters`` by remote."""

    def __init__(self, topology: Topology, counters: Mapping[str, PortCounters]) -> None:
        self._links = {name: ends(link) for name, link in topology.links.items()}
        self._ports = frozenset(key for both in self._links.values() for key in both)
        self._counters = counters
        self._devices: dict[PortKey, tuple[str, str]] = {}

    def found(self, remote: str, devices: Mapping[PortKey, str]) -> None:
        """Which interface each port of a remote is: only links' are counted."""
        mine = {key: devices[key] for key in self._ports & devices.keys()}
        others = {key: at for key, at in self._devices.items() if at[0] != remote}
        self._devices = others | {key: (remote, device) for key, device in mine.items()}
        self._counters[remote].watch(mine.values())

    def now(self) -> Mapping[str, LinkLoad]:
        """The links whose both ports are counted."""
        found = {name: tuple(map(self._rate_bps, both)) for name, both in self._links.items()}
        return {
            name: LinkLoad(a, b)
            for name, (a, b) in found.items()
            if a is not None and b is not None
        }

    def _rate_bps(self, key: PortKey) -> int | None:
        remote, device = self._devices.get(key, ("", ""))
        return self._counters[remote].rate_bps(device) if remote else None
