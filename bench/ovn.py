"""A private OVN of Debian's packages: its databases and processes, and the compared changes.

Only the first 2,000 ports are bound: the others are those of hosts that are not there.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any, Final

from bench import ovn_site, workload
from bench.live import Port, batched_ports
from bench.memory import Resident, resident
from bench.ovn_site import Operation
from controller.model.intent import Instance
from controller.model.network import Network
from controller.store.channel import Channel
from labkit.ledger import Ledger
from labkit.ovs import PrivateOvs
from labkit.processes import eventually
from labkit.sockets import answers

BRIDGE: Final = "br-int"
_PROGRAMS: Final = ("ovn-northd", "ovn-controller")
_SCHEMAS: Final = Path("/usr/share/ovn")
_PATIENCE_S: Final = 1800.0


def version() -> str:
    """OVN's version. Raises RuntimeError where it is not installed."""
    missing = [name for name in _PROGRAMS if shutil.which(name) is None]
    if missing:
        raise RuntimeError(
            f"expected OVN, found no {' and no '.join(missing)}: run `make setup` as root, which"
            " installs Debian's ovn-central and ovn-host, and starts none of their services"
        )
    done = subprocess.run(["ovn-northd", "--version"], capture_output=True, text=True, check=True)
    return done.stdout.split("\n")[0].rsplit(" ", 1)[1]


class OvnEnded(RuntimeError):
    """One of OVN's processes has ended by itself."""


class Ovn:
    """northd, ovn-controller and their two databases, on sockets of their own."""

    def __init__(self, ledger: Ledger, ovs: PrivateOvs, network: Network) -> None:
        self.network = network
        self._ledger = ledger
        self._ovs = ovs
        self._folder = ledger.folder / "ovn"
        self._folder.mkdir()
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        self._channels: dict[str, Channel] = {}
        self._asked = 0

    def start(self) -> None:
        """Start all, with an empty site."""
        self._declare_chassis()
        self._database("nb", "OVN_Northbound")
        self._ask("nb", ovn_site.insert("NB_Global"))
        self._database("sb", "OVN_Southbound")
        self._spawn(
            "ovn-northd", f"--ovnnb-db={self._remote('nb')}", f"--ovnsb-db={self._remote('sb')}"
        )
        self._spawn("ovn-controller", self._ovs.database)
        # What is asked for before a host has said that it is there, it never confirms.
        eventually(self._has_chassis, "OVN's host, in its southbound database")

    def stop(self) -> None:
        """End all."""
        for name in list(self._processes):
            self._end(name)

    def plug(self) -> None:
        """Bind the first host's ports."""
        bound = list(self.network.intent.instances.values())[: workload.PER_HOST]
        for some in batched_ports([Port(BRIDGE, i.port, i.port) for i in bound]):
            commands: list[str] = []
            for port in some:
                commands += ["--", "add-port", BRIDGE, port.device]
                commands += ["--", "set", "interface", port.device, "type=dummy"]
                commands += [f"external_ids:iface-id={port.name}"]
            self._ovs.vsctl(*commands[1:])

    def apply_site(self) -> None:
        """The whole site in one transaction."""
        self._apply(ovn_site.site(self.network.intent))

    def relabel(self, number: int) -> None:
        """One member gets another label."""
        instance = self.network.intent.instances[f"i-{number}"]
        before = ovn_site.group_of(self.network.intent, instance)
        after = re.sub(r"\d+$", str((number + 1) % workload.APPS), before)
        self._apply(ovn_site.regrouped(self._port(instance), before, after))

    def add_rule(self, number: int) -> None:
        """One ACL more."""
        rule = workload.rule_of(workload.RULES + number)
        self._apply(ovn_site.rule_made(rule, f"extra_{number}"))

    def move_tenant(self, number: int) -> None:
        """A logical switch of twenty goes to the other router, its members to other port groups."""
        intent = self.network.intent
        segment = intent.segments[f"segment-{number}"]
        there = next(vrf for vrf in intent.vrfs if vrf != segment.vrf)
        (gateway,) = self._select("Logical_Router_Port", f"{segment.name}-router", "_uuid")
        members = [
            i for i in intent.instances.values() if ovn_site.segment_of(intent, i) == segment.name
        ]
        ports = {i.name: self._port(i) for i in members}
        operations = [*ovn_site.moved(segment, gateway, there)]
        for instance in members:
            before = ovn_site.group_of(intent, instance)
            after = ovn_site.group(there, ovn_site.app_of(intent, instance))
            operations += ovn_site.regrouped(ports[instance.name], before, after)
        self._apply(operations)

    def flows(self) -> int:
        """Flows on the switch, as the switch counts them."""
        text = self._ovs.ofctl("dump-aggregate", BRIDGE)
        return int(text.rsplit("flow_count=", 1)[1].split()[0])

    def memory(self) -> Resident:
        """What its processes hold."""
        return resident(process.pid for process in self._processes.values())

    def _apply(self, operations: Iterable[Operation]) -> None:
        """Commit, and wait until the host has it: what ``ovn-nbctl --wait=hv`` does, in one call.

        The host's own word is waited for; that it is told northwards too is not.
        """
        self._asked += 1
        update = {"op": "update", "table": "NB_Global", "where": [], "row": {"nb_cfg": self._asked}}
        self._ask("nb", *operations, update)
        # Asked again and again: a server that a wait (RFC 7047, section 5.2.6) is pending with
        # leaves others' transactions unanswered until somebody else connects.
        eventually(self._is_confirmed, "the host's confirmation", _PATIENCE_S)

    def _is_confirmed(self) -> bool:
        self._check_alive()
        return any(row["nb_cfg"] == self._asked for row in self._chassis())

    def _check_alive(self) -> None:
        """Raises OvnEnded: what has ended, as ovn-controller 23.03 may, confirms nothing."""
        for name, process in self._processes.items():
            if process.poll() is not None:
                raise OvnEnded(f"{name} ended by itself, with status {process.returncode}")

    def _has_chassis(self) -> bool:
        self._check_alive()
        return bool(self._chassis())

    def _chassis(self) -> list[dict[str, Any]]:
        every: Operation = {"op": "select", "table": "Chassis_Private", "where": []}
        found: list[dict[str, Any]] = self._ask("sb", every | {"columns": ["nb_cfg"]})[0]["rows"]
        return found

    def _port(self, instance: Instance) -> list[str]:
        (port,) = self._select("Logical_Switch_Port", instance.port, "_uuid")
        return port

    def _select(self, table: str, name: str, column: str) -> list[list[str]]:
        (found,) = self._ask("nb", ovn_site.select(table, name, column))
        (row,) = found["rows"]
        value = row[column]
        return list(value[1]) if value[0] == "set" else [value]

    def _ask(self, name: str, *operations: Operation) -> list[Any]:
        return self._channels[name].transact(*operations)

    def _declare_chassis(self) -> None:
        ids = {
            "system-id": "host-0",
            "ovn-remote": self._remote("sb"),
            "ovn-encap-type": "geneve",
            "ovn-encap-ip": "127.0.0.1",
            "ovn-monitor-all": "true",
        }
        settings = [f"external_ids:{key}={value}" for key, value in ids.items()]
        self._ovs.vsctl("set", "Open_vSwitch", ".", *settings)
        self._ovs.vsctl("add-br", BRIDGE, "--", "set", "bridge", BRIDGE, "fail-mode=secure")

    def _remote(self, name: str) -> str:
        return f"unix:{self._folder}/{name}.sock"

    def _database(self, name: str, database: str) -> None:
        file, socket = self._folder / f"{name}.db", self._folder / f"{name}.sock"
        file.unlink(missing_ok=True)
        schema = _SCHEMAS / f"ovn-{name}.ovsschema"
        subprocess.run(["ovsdb-tool", "create", str(file), str(schema)], check=True)
        self._spawn("ovsdb-server", str(file), f"--remote=p{self._remote(name)}", name=name)
        eventually(lambda: answers(socket), f"socket of OVN's {name} database")
        self._channels[name] = Channel([self._remote(name)], database, _PATIENCE_S)

    def _spawn(self, program: str, *arguments: str, name: str = "") -> None:
        name = name or program
        if program != "ovn-controller":  # it has no such option, and goes by OVN_RUNDIR
            arguments = (*arguments, f"--unixctl={self._folder}/{name}.ctl")
        place = {"OVN_RUNDIR": str(self._folder), "OVN_LOGDIR": str(self._folder)}
        with (self._folder / f"{name}.log").open("ab") as log:
            process = subprocess.Popen(
                [program, *arguments, "-vsyslog:off"],
                env={**os.environ, **self._ovs.environment, **place},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        self._processes[name] = process
        self._ledger.add_process(process.pid)

    def _end(self, name: str) -> None:
        if name in self._channels:
            self._channels.pop(name).close()
        process = self._processes.pop(name)
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(10)
            return
        process.kill()
        process.wait()


@contextmanager
def ovn(network: Network) -> Iterator[Ovn]:
    """OVN of an empty site, its host's ports plugged."""
    ledger = Ledger.create("bench-ovn")
    with ExitStack() as running:
        running.callback(ledger.clean)
        ovs = running.enter_context(PrivateOvs(ledger, name="ovn-ovs"))
        made = Ovn(ledger, ovs, network)
        running.callback(made.stop)
        made.start()
        made.plug()
        yield made
