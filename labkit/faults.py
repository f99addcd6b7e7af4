"""A site to hurt: a real controller over real switches without devices, that can be killed.

The switches are bridges of one private Open vSwitch on the dummy datapath: they take programs over
OpenFlow as any other, carry no packet, and need no root. Every interface that an instance may ever
have is plugged on every edge, so that moving one needs no new port.
"""

from __future__ import annotations

import itertools
import json
import re
import socket
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Literal

import httpx

from controller.compile import compile_network
from controller.dataplane.program import Program, program, row_of
from controller.dataplane.shapes import Entry
from controller.model.decode import restore_intent
from controller.model.decode_topology import decode_topology
from controller.model.intent import Intent
from controller.model.network import Facts, Network
from controller.southbound.openflow.decode import Foreign, decode_flow_stats
from controller.southbound.openflow.messages import (
    HEADER,
    flow_stats_request,
    has_more,
    header,
)
from labkit.controller import ControllerProcess
from labkit.ledger import Ledger
from labkit.ovs import PrivateOvs
from labkit.processes import eventually, family, kill, name_of, until_gone

Victim = Literal["engine", "controller", "store"]
READY_S: Final = 60.0
_STORE: Final = "ovsdb-server"  # its tools may end by themselves before they are killed
_ANSWER_S: Final = 20.0


@dataclass(frozen=True, slots=True)
class Held:
    """What a switch holds: rows of our shapes, and entries that are none, as text."""

    program: Program
    foreign: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Write:
    """A write as a request, in the words of the REST API; ``key`` is its idempotency key."""

    method: str
    path: str
    body: Mapping[str, Any] | None = None
    key: str | None = None

    def __str__(self) -> str:
        return f"{self.method} {self.path} {json.dumps(self.body) if self.body else ''}".strip()


class Answer:
    """The answer of a write that is under way in a thread; None where the connection died."""

    def __init__(self, url: str, write: Write) -> None:
        self._found: httpx.Response | None = None
        self.sent = threading.Event()
        self._thread = threading.Thread(target=self._ask, args=(url, write), daemon=True)
        self._thread.start()
        self.sent.wait()

    def _ask(self, url: str, write: Write) -> None:
        with httpx.Client(base_url=url, timeout=_ANSWER_S) as client:
            headers = {"Idempotency-Key": write.key} if write.key else {}
            request = client.build_request(
                write.method, write.path, json=write.body, headers=headers
            )
            self.sent.set()
            try:
                self._found = client.send(request)
            except httpx.HTTPError:
                self._found = None

    def came(self) -> bool:
        """Whether it is over, with an answer or without."""
        return not self._thread.is_alive()

    def wait(self) -> httpx.Response | None:
        """The answer. Raises RuntimeError if there is neither an answer nor a dead connection."""
        self._thread.join(2 * _ANSWER_S)
        if self._thread.is_alive():
            raise RuntimeError("a write has neither been answered nor lost its connection")
        return self._found


class FaultSite:
    """Switches, a controller, and what they should and do hold. Use it in a ``with`` block."""

    def __init__(
        self,
        ledger: Ledger,
        topology: Mapping[str, Any],
        policy: Mapping[str, Any],
        **settings: Any,
    ) -> None:
        self._ledger = ledger
        self.topology = decode_topology(topology)
        self.ovs = PrivateOvs(ledger)
        files: dict[str, Path] = {}
        for name, document in {"topology": topology, "policy": policy}.items():
            files[name] = ledger.folder / f"{name}.yaml"
            files[name].write_text(json.dumps(document))
        self.controller = ControllerProcess(
            ledger,
            **{"ovsdb": self.ovs.database, "datapath_type": "dummy", **files, **settings},
        )
        self.ports: Facts = Facts()

    def __enter__(self) -> FaultSite:
        self.ovs.__enter__()
        try:
            self.controller.start()
            self.controller.wait_ready(READY_S)
            self._plug()
            eventually(self._is_programmed, "the programs, with every port", READY_S)
            self.controller.wait_ready(READY_S)
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self.controller.process is not None:
            self.kill("controller")
        self.ovs.__exit__(kind, error, traceback)

    def _is_programmed(self) -> bool:
        """Whether every switch holds its program; one that is ready may not know its ports yet."""
        wanted = self.programs(self.intent(self.revision()))
        return {n: h.program.rows for n, h in self.held().items()} == {
            n: p.rows for n, p in wanted.items()
        }

    # What it should hold.

    def revision(self) -> int:
        """The newest stored revision."""
        return int(self.controller.get("/v1/status")["revision"])

    def intent(self, revision: int) -> Intent:
        """The intent of a stored revision."""
        return restore_intent(self.controller.get(f"/v1/revisions/{revision}")["document"])

    def programs(self, intent: Intent) -> Mapping[str, Program]:
        """What every switch should hold for an intent."""
        return compile_network(Network(intent, self.topology, self.ports))

    # What it holds.

    def held(self) -> dict[str, Held]:
        """What every switch holds now, asked of the switch itself, past the controller."""
        return {name: self.held_by(name) for name in sorted(self.topology.switches)}

    def held_by(self, switch: str) -> Held:
        """What one switch holds now: one atomic answer."""
        rows, foreign = [], []
        for entry in _dump(f"{self.ovs.run_dir}/{switch}.mgmt"):
            row = row_of(entry) if isinstance(entry, Entry) else None
            if row is None:
                foreign.append(str(entry))
            else:
                rows.append(row)
        return Held(program(rows), tuple(foreign))

    # What is done to it.

    def start_write(self, write: Write) -> Answer:
        """Send a write; its answer comes in a thread."""
        return Answer(self.controller.url, write)

    def pids(self, victim: Victim) -> list[int]:
        """The processes that a kill hits: ryu-manager and all it started, or one part of it."""
        process = self.controller.process
        assert process is not None, "the controller does not run"
        found = family(process.pid)
        match victim:
            case "controller":
                return found
            case "engine":
                return found[1:2]
            case "store":
                return [pid for pid in found[2:] if name_of(pid) == _STORE]

    def kill(self, victim: Victim, pids: Sequence[int] = ()) -> bool:
        """SIGKILL to a victim's processes at once, those found before where they are given.

        Answers whether there was anybody to kill.
        """
        chosen = list(pids) or self.pids(victim)
        engine = self.pids("engine") if victim == "store" and chosen else []
        kill(chosen)
        if victim == "controller" and self.controller.process is not None:
            self.controller.process.wait()
            self.controller.process = None
        until_gone([*chosen, *engine])  # an engine that has lost its store ends by itself
        return bool(chosen)

    def recover(self, victim: Victim) -> float:
        """Wait until all is well after a kill; the seconds it took.

        The speaker starts an engine again by itself; what was killed whole is started here.
        """
        began = time.monotonic()
        if victim == "controller":
            self.controller.start()
        self.controller.wait_ready(READY_S)
        return time.monotonic() - began

    def _plug(self) -> None:
        """Plug every link port and, on every edge, every instance's port, as dummy interfaces."""
        names: dict[str, set[str]] = {name: set() for name in self.topology.switches}
        for link in self.topology.links.values():
            for end in (link.a, link.b):
                names[end.switch].add(end.port)
        ports = {instance["port"] for instance in self.controller.get("/v1/instances")}
        for edge in self.topology.switches.values():
            if edge.role == "edge":
                names[edge.name] |= ports
        numbered = {
            (switch, port): number
            for switch, found in names.items()
            for number, port in enumerate(sorted(found), 1)
        }
        self.ovs.vsctl(*itertools.chain.from_iterable(_add(*key, n) for key, n in numbered.items()))
        self.ports = Facts(numbered)
        want = dict(numbered)
        eventually(lambda: self._seen(want), "every port in the topology of the controller")

    def _seen(self, want: Mapping[tuple[str, str], int]) -> bool:
        """Whether Open vSwitch has numbered the ports as asked, and the controller is through."""
        shown = self.ovs.vsctl("--columns=name,ofport", "--format=csv", "list", "interface")
        found = dict(re.findall(r"^([^,\n]+),(\d+)", shown, re.MULTILINE))
        return all(found.get(_device(*key)) == str(number) for key, number in want.items())


def _add(switch: str, port: str, number: int) -> list[str]:
    name = _device(switch, port)
    place = [f"ofport_request={number}", f"external_ids:iface-id={port}"]
    return [
        *("--", "add-port", switch, name),
        *("--", "set", "interface", name, "type=dummy", *place),
    ]


def _device(switch: str, port: str) -> str:
    return f"{switch}.{port}"


def _dump(path: str) -> list[Entry | Foreign]:
    """All entries of the bridge behind a management socket."""
    with socket.socket(socket.AF_UNIX) as sock:
        sock.settimeout(_ANSWER_S)
        sock.connect(path)
        stream = sock.makefile("rb")

        def receive() -> bytes:
            head = stream.read(HEADER.size)
            return head + stream.read(header(head).length - HEADER.size)

        sock.sendall(HEADER.pack(5, 0, HEADER.size, 1) + flow_stats_request(2))
        while header(reply := receive()).xid != 2:
            pass
        found = list(decode_flow_stats(reply))
        while has_more(reply):
            found += decode_flow_stats(reply := receive())
        return found
