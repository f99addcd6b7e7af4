"""What ports between switches send, from the statistics that Open vSwitch keeps in its database.

Of thousands of ports only those that are asked for come, whenever their counters have moved; that
is every ``other_config:stats-update-interval``, 5 s by default (ovs-vswitchd.conf.db(5)).
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Collection, Mapping
from types import MappingProxyType
from typing import Any, Final

import ovs.db.idl
import ovs.poller

from controller.southbound.ovsdb_json import use_faster_parser
from controller.southbound.rates import Counted, counted, rate_bps

_LEAST_INTERVAL_S: Final = 5.0  # and by default, ovs-vswitchd.conf.db(5)
_BACKOFF_MS: Final = 1000
_STRING: Final = {"type": "string"}
_STRINGS: Final = {"key": "string", "value": "string", "min": 0, "max": "unlimited"}
_INTEGERS: Final = {"key": "string", "value": "integer", "min": 0, "max": "unlimited"}
_SCHEMA: Final[dict[str, Any]] = {
    "name": "Open_vSwitch",
    "version": "8.0.0",
    "tables": {
        "Open_vSwitch": {"columns": {"other_config": {"type": _STRINGS}}, "isRoot": True},
        "Interface": {"columns": {"name": _STRING, "statistics": {"type": _INTEGERS}}},
    },
}


class PortCounters:
    """Counters of one remote's ports. ``clock`` in seconds."""

    def __init__(self, remote: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._remote, self._clock = remote, clock
        self._wanted: frozenset[str] = frozenset()
        self._interval_s = _LEAST_INTERVAL_S
        self._counted: Mapping[str, Counted] = MappingProxyType({})
        self._ending = False
        self._wake_read, self._wake_write = os.pipe()
        os.set_blocking(self._wake_read, False)
        self._thread = threading.Thread(target=self._run, name=f"rates {remote}", daemon=True)

    def start(self) -> None:
        """Connect, and go on connecting until it succeeds."""
        self._thread.start()

    def watch(self, devices: Collection[str]) -> None:
        """The ports that are asked for from now on, by their interfaces' names."""
        if self._wanted != frozenset(devices):
            self._wanted = frozenset(devices)
            os.write(self._wake_write, b"w")

    def rate_bps(self, device: str) -> int | None:
        """What a port sends in bit/s, None while it is not known. From any thread."""
        return rate_bps(self._counted.get(device), self._clock(), self._interval_s)

    def close(self) -> None:
        """Disconnect."""
        self._ending = True
        os.write(self._wake_write, b"e")
        self._thread.join()
        os.close(self._wake_read)
        os.close(self._wake_write)

    def _run(self) -> None:
        use_faster_parser()
        helper = ovs.db.idl.SchemaHelper(schema_json=_SCHEMA)
        for table, spec in _SCHEMA["tables"].items():
            helper.register_columns(table, list(spec["columns"]))
        idl = _CountersIdl(self._remote, helper)
        idl._session.reconnect.set_backoff(50, _BACKOFF_MS)
        while not self._ending:
            names = sorted(self._wanted)
            idl.cond_change("Interface", [["name", "==", name] for name in names])
            idl.run()
            self._take(idl)
            self._wait(idl)
        idl.close()

    def _take(self, idl: _CountersIdl) -> None:
        """What has come. Once the connection is gone, nothing is known."""
        if not idl._session.is_connected():
            self._counted = MappingProxyType({})
            return
        changed, idl.changed = idl.changed, []
        if not changed:
            return
        self._interval_s = _interval_s(idl)
        now_s, known = self._clock(), dict(self._counted)
        for row in changed:
            sent = row.statistics.get("tx_bytes")
            if row.uuid not in idl.tables["Interface"].rows or sent is None:
                known.pop(row.name, None)
            else:
                known[row.name] = counted(known.get(row.name), sent, now_s, self._interval_s)
        self._counted = MappingProxyType(known)

    def _wait(self, idl: Any) -> None:
        """Until there is news.

        Where the library has a question that it cannot ask yet, it would not wait at all.
        """
        poller = ovs.poller.Poller()
        if idl._session.is_connected() and idl._request_id is None:
            idl.wait(poller)
        else:
            idl._session.wait(poller)
            idl._session.recv_wait(poller)
        poller.fd_wait(self._wake_read, ovs.poller.POLLIN)
        poller.block()
        try:
            os.read(self._wake_read, 4096)
        except BlockingIOError:
            return


class _CountersIdl(ovs.db.idl.Idl):  # type: ignore[misc]
    """An IDL that notes which interfaces have changed: others were not counted anew."""

    def __init__(self, remote: str, helper: Any) -> None:
        self.changed: list[Any] = []
        super().__init__(remote, helper)

    def notify(self, event: str, row: Any, updates: Any = None) -> None:
        """A row came, changed or is gone."""
        if row._table.name == "Interface":
            self.changed.append(row)


def _interval_s(idl: Any) -> float:
    for row in idl.tables["Open_vSwitch"].rows.values():
        text = row.other_config.get("stats-update-interval", "")
        if text.isdecimal():
            return max(_LEAST_INTERVAL_S, int(text) / 1000)
    return _LEAST_INTERVAL_S
