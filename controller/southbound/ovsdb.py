"""Switches' OVSDB: bridges, QoS rows and ports, over python-ovs.

One thread per remote holds the IDL. What is wanted is declared whole (:class:`Wanted`); whenever
that or the database changes, the difference is written in one transaction. What is observed is
told whole (:class:`Observed`). Columns are those of ovs-vswitchd.conf.db(5).
"""

from __future__ import annotations

import asyncio
import logging
import os
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import ovs.db.idl
import ovs.poller
import ovs.stream

from controller.southbound.ovsdb_controller import ControllerRows
from controller.southbound.ovsdb_json import use_faster_parser
from controller.southbound.ovsdb_rows import PortRow, WatchedIdl
from controller.southbound.ovsdb_schema import COLUMNS, SCHEMA

log = logging.getLogger(__name__)

OWNER: Final = {"owner": "bulkhead"}
PROTOCOL: Final = "OpenFlow14"
_BACKOFF_FIRST_MS: Final = 50
_BACKOFF_MS: Final = 1000
_IN_VAIN_MS: Final = 400
"""Who waits so long before the next attempt has made four in vain, the last 0.35 s after the first.
An attempt that nobody answers at all takes a second by itself."""

REST: Final = 4.0
"""After a look at the database, how many times as long as it took nothing is looked at. A lone
update is seen at once; of a burst of them, as ports are plugged one by one, many are seen together.
"""


@dataclass(frozen=True, slots=True)
class Bridge:
    """A bridge as it should be. ``datapath_type`` empty leaves it to Open vSwitch."""

    name: str
    datapath_id: int
    controller: str
    datapath_type: str = ""


@dataclass(frozen=True, slots=True)
class Queue:
    """One queue of a port: guaranteed and most rate in bit/s, and who is served first (0)."""

    min_bps: int
    max_bps: int
    priority: int


@dataclass(frozen=True, slots=True)
class PortQos:
    """The queues of a port whose wire carries ``max_bps``."""

    max_bps: int
    queues: Mapping[int, Queue]


@dataclass(frozen=True, slots=True)
class Wanted:
    """Everything one remote should hold. ``qos`` by (bridge, port name or iface-id)."""

    bridges: tuple[Bridge, ...] = ()
    qos: Mapping[tuple[str, str], PortQos] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Observed:
    """Everything one remote shows. Ports are found by interface name and by iface-id.

    ``ports``: OpenFlow port numbers; ``devices``: interface names; ``down``: no link.
    """

    ports: Mapping[tuple[str, str], int]
    devices: Mapping[tuple[str, str], str]
    down: frozenset[tuple[str, str]]


def use_certificate(certificate: str, key: str, authority: str) -> None:
    """What ``ssl:`` remotes are shown, and who must have signed theirs; files in PEM.

    python-ovs has one for all connections of a process.
    """
    ovs.stream.Stream.ssl_set_certificate_file(certificate)
    ovs.stream.Stream.ssl_set_private_key_file(key)
    ovs.stream.Stream.ssl_set_ca_cert_file(authority)


class SwitchDatabase:
    """One remote. Callbacks come in the asyncio loop that called :meth:`start`."""

    def __init__(
        self,
        remote: str,
        tell: Callable[[Observed], None],
        absent: Callable[[], None] = lambda: None,
    ) -> None:
        """``absent`` is called once where it was tried in vain; attempts go on."""
        self._remote = remote
        self._tell = tell
        self._absent = absent
        self._wanted = Wanted()
        self._told: Observed | None = None
        self._refused: tuple[Wanted, int] | None = None
        self._controllers = ControllerRows()
        self._ending = False
        self._wake_read, self._wake_write = os.pipe()
        os.set_blocking(self._wake_read, False)
        self._thread = threading.Thread(target=self._run, name=f"ovsdb {remote}", daemon=True)

    def start(self) -> None:
        """Connect, and go on connecting until it succeeds."""
        self._loop = asyncio.get_running_loop()
        self._thread.start()

    def want(self, wanted: Wanted) -> None:
        """Declare what the database should hold."""
        self._wanted = wanted
        os.write(self._wake_write, b"w")

    async def close(self) -> None:
        """Disconnect. Nothing is changed in the database."""
        self._ending = True
        os.write(self._wake_write, b"e")
        await asyncio.to_thread(self._thread.join)
        os.close(self._wake_read)
        os.close(self._wake_write)

    def _run(self) -> None:
        use_faster_parser()
        helper = ovs.db.idl.SchemaHelper(schema_json=SCHEMA)
        for table, columns in COLUMNS.items():
            helper.register_columns(table, list(columns))
        idl = WatchedIdl(self._remote, helper)
        reconnect = idl._session.reconnect
        reconnect.set_backoff(_BACKOFF_MS, _BACKOFF_MS)
        reconnect.min_backoff = _BACKOFF_FIRST_MS  # set_backoff takes no less than a second
        looked: tuple[Wanted, int] | None = None
        rest_until_s, tried = 0.0, False
        while not self._ending:
            idl.run()
            if not tried and (idl.has_ever_connected() or _in_vain(idl)):
                tried = True
                if not idl.has_ever_connected():
                    self._loop.call_soon_threadsafe(self._absent)
            now = self._wanted, idl.change_seqno
            due = idl.has_ever_connected() and looked != now
            began_s = time.monotonic()
            if due and began_s >= rest_until_s:
                looked = now
                self._look(idl)
                ended_s = time.monotonic()
                rest_until_s = ended_s + REST * (ended_s - began_s)
                continue
            self._wait(idl, rest_until_s if due else None)
        idl.close()

    def _look(self, idl: WatchedIdl) -> None:
        idl.kept.keep_at_most(sum(len(table.rows) for table in idl.tables.values()))
        observed = observe(idl)
        if observed != self._told:
            self._told = observed
            self._loop.call_soon_threadsafe(self._tell, observed)
        if idl.tables["Open_vSwitch"].rows:
            self._write(idl)

    def _wait(self, idl: Any, until_s: float | None) -> None:
        """Until the database, or who wants something, has news; or a time has come."""
        poller = ovs.poller.Poller()
        idl.wait(poller)
        poller.fd_wait(self._wake_read, ovs.poller.POLLIN)
        if until_s is not None:
            poller.timer_wait(max(1, int((until_s - time.monotonic()) * 1000)))
        poller.block()
        try:
            os.read(self._wake_read, 4096)
        except BlockingIOError:
            return

    def _write(self, idl: WatchedIdl) -> None:
        wanted, state = self._wanted, idl.change_seqno
        if self._refused == (wanted, state):
            return
        transaction = ovs.db.idl.Transaction(idl)
        Writer(idl, transaction, self._controllers).write(wanted)
        status = transaction.commit_block()
        if status not in (transaction.SUCCESS, transaction.UNCHANGED):
            log.error("OVSDB %s refused: %s", self._remote, transaction.get_error() or status)
            self._refused = (wanted, state)


def _in_vain(idl: WatchedIdl) -> bool:
    return bool(idl._session.reconnect.backoff >= _IN_VAIN_MS)


def observe(idl: WatchedIdl) -> Observed:
    """What the database shows."""
    ports: dict[tuple[str, str], int] = {}
    devices: dict[tuple[str, str], str] = {}
    down: set[tuple[str, str]] = set()
    for bridge in idl.tables["Bridge"].rows.values():
        name, kept = bridge.name, idl.kept
        for interface in (i for port in kept.ports(bridge) for i in kept.interfaces(port)):
            for key in {(name, interface.device), (name, interface.iface_id)}:
                devices[key] = interface.device
                if 0 < interface.number < 0xFF00:
                    ports[key] = interface.number
                if interface.down:
                    down.add(key)
    return Observed(ports, devices, frozenset(down))


class Writer:
    """Writes what differs into one transaction."""

    def __init__(self, idl: WatchedIdl, transaction: Any, controllers: ControllerRows) -> None:
        self._controllers = controllers
        self._tables = idl.tables
        self._kept = idl.kept
        self._transaction = transaction

    def write(self, wanted: Wanted) -> None:
        """Make the transaction lead from what is there to what is wanted."""
        present = list(self._tables["Bridge"].rows.values())  # a new one has no port with queues
        for bridge in wanted.bridges:
            self._bridge(bridge)
        used = set()
        for bridge_row in present:
            for port in self._kept.ports(bridge_row):
                spec = self._spec(wanted, bridge_row.name, port)
                if spec is not None:
                    used.add(self._qos(port.row, spec))
                elif port.has_qos and any(_ours(qos) for qos in port.row.qos):
                    port.row.qos = []
        self._remove_unused(used)

    def _spec(self, wanted: Wanted, bridge: str, port: PortRow) -> PortQos | None:
        if not wanted.qos:
            return None
        found = (wanted.qos.get((bridge, name)) for name in self._kept.names(port))
        return next((spec for spec in found if spec is not None), None)

    def _bridge(self, spec: Bridge) -> None:
        rows = self._tables["Bridge"].rows.values()
        row = next((row for row in rows if row.name == spec.name), None)
        if row is None:
            row = self._new_bridge(spec)
        else:
            self._controller(row, spec)
        config = {**row.other_config, "datapath-id": f"{spec.datapath_id:016x}"}
        _set(row, "other_config", config)
        _set(row, "fail_mode", ["secure"])
        _set(row, "protocols", [PROTOCOL])
        if spec.datapath_type:
            _set(row, "datapath_type", spec.datapath_type)
        root = next(iter(self._tables["Open_vSwitch"].rows.values()))
        if int(root.other_config.get("vlan-limit", "1")) not in (0, 2):
            _set(root, "other_config", {**root.other_config, "vlan-limit": "2"})

    def _new_bridge(self, spec: Bridge) -> Any:
        """A bridge with its controller at once: setting that later flushes all flows."""
        interface = self._insert("Interface", name=spec.name, type="internal", external_ids={})
        port = self._insert("Port", name=spec.name, interfaces=[interface], qos=[])
        row = self._insert("Bridge", name=spec.name, ports=[port], other_config={})
        root = next(iter(self._tables["Open_vSwitch"].rows.values()))
        root.addvalue("bridges", row)
        row.controller = [self._controllers.new(self._insert, spec.controller)]
        return row

    def _controller(self, bridge: Any, spec: Bridge) -> None:
        present = [row.target for row in bridge.controller]
        if present != [spec.controller]:
            bridge.controller = [self._controllers.new(self._insert, spec.controller)]
            return
        (row,) = bridge.controller
        if not self._controllers.is_done(row):
            self._controllers.keep(row, taken=self._taken(bridge))

    def _taken(self, bridge: Any) -> bool:
        """Whether the switch has taken a bridge up: its own port has a number."""
        ports = (port for port in self._kept.ports(bridge) if port.name == bridge.name)
        return any(i.number > 0 for port in ports for i in self._kept.interfaces(port))

    def _qos(self, port: Any, spec: PortQos) -> Any:
        qos = next((row for row in port.qos if _ours(row)), None)
        if qos is None:
            qos = self._insert("QoS", type="linux-htb", external_ids=OWNER, queues={})
            port.qos = [qos]
        _set(qos, "other_config", {"max-rate": str(spec.max_bps)})
        queues = dict(qos.queues)
        for number, queue in spec.queues.items():
            if number not in queues:
                queues[number] = self._insert("Queue", external_ids=OWNER, other_config={})
            _set(
                queues[number],
                "other_config",
                {
                    "min-rate": str(queue.min_bps),
                    "max-rate": str(queue.max_bps),
                    "priority": str(queue.priority),
                },
            )
        kept = {number: row for number, row in queues.items() if number in spec.queues}
        if kept != dict(qos.queues):
            qos.queues = kept
        return qos.uuid

    def _remove_unused(self, used: set[Any]) -> None:
        """Rows of ours that no port refers to: Open vSwitch keeps them for ever."""
        kept_queues: set[Any] = set()
        for qos in list(self._tables["QoS"].rows.values()):
            if _ours(qos) and qos.uuid not in used:
                qos.delete()
            else:
                kept_queues.update(row.uuid for row in qos.queues.values())
        for queue in list(self._tables["Queue"].rows.values()):
            if _ours(queue) and queue.uuid not in kept_queues:
                queue.delete()

    def _insert(self, table: str, **columns: Any) -> Any:
        row = self._transaction.insert(self._tables[table])
        for name, value in columns.items():
            setattr(row, name, value)
        return row


def _ours(row: Any) -> bool:
    return bool(row.external_ids.get("owner") == OWNER["owner"])


def _set(row: Any, column: str, value: Any) -> None:
    if getattr(row, column, None) != value:  # a new row has no value yet
        setattr(row, column, value)
