"""A site in Mininet: Open vSwitch bridges of our own, links between them, instances plugged in.

All bridges share one private Open vSwitch in this namespace, so a port ``ens208`` of ``edge-1`` is
a device ``edge-1.ens208`` whose ``external_ids:iface-id`` is ``ens208``: the controller finds ports
by either name.
"""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from mininet.link import Link as VethLink
from mininet.net import Mininet
from mininet.node import Node

from controller.dataplane.pipeline import GATEWAY_MAC
from controller.model.decode_topology import decode_topology
from controller.model.network import Endpoint, Topology
from controller.northbound.documents import load_yaml
from labkit import devices
from labkit.controller import ControllerProcess
from labkit.devices import NETNS, ip, is_device, no_checksum_offload, taken
from labkit.ledger import Ledger
from labkit.ovs import PrivateOvs
from labkit.processes import AGENT, put_ahead

FABRIC_MTU = 9000  # two tags must fit besides a full frame

Progress = Callable[[str], None]


class Bridge(Node):  # type: ignore[misc]
    """A bridge of the private Open vSwitch: a place to plug devices of this namespace into."""

    def __init__(self, name: str, ovs: PrivateOvs | None = None, **parameters: Any) -> None:
        super().__init__(name, inNamespace=False, **parameters)
        self._ovs = ovs

    def plug(self, devices: Mapping[str, str]) -> None:
        """Add devices, each with its interface id, in one transaction."""
        assert self._ovs is not None
        commands: list[str] = []
        for device, iface_id in devices.items():
            commands += ["--", "add-port", self.name, device, "--", "set", "interface", device]
            commands += [f"external_ids:iface-id={iface_id}"]
        if commands:
            self._ovs.vsctl(*commands[1:])

    def unplug(self, device: str) -> None:
        """Take a device out."""
        assert self._ovs is not None
        self._ovs.vsctl("del-port", self.name, device)


class Plug(NamedTuple):
    """Where an instance is plugged in: the device in this namespace and its switch."""

    switch: str
    device: str


class Site:
    """Switches, links and instances of a topology and a running controller."""

    def __init__(self, ledger: Ledger, ovs: PrivateOvs, topology_file: Path) -> None:
        self._ledger = ledger
        self.ovs = ovs
        document, positions = load_yaml(topology_file)
        self.topology: Topology = decode_topology(document, positions)
        self._mininet = Mininet(topo=None, build=False, controller=None, cleanup=False)
        self._bridges: dict[str, Bridge] = {}
        self.agents: dict[str, AgentClient] = {}
        self.plugs: dict[str, Plug] = {}
        self._devices: dict[str, int] = {}
        for name in (*self.topology.switches, "ovs-netdev"):
            if not is_device(name):  # Open vSwitch will make it, and leaves it after a crash
                ledger.add("link", name)

    def start_switches(self, controller: ControllerProcess) -> None:
        """Wire the bridges, which the controller has made, and wait until they are programmed."""
        controller.wait_ready()
        for name in self.topology.switches:
            self._bridges[name] = Bridge(name, ovs=self.ovs)
        for link in self.topology.links.values():
            first, second = device(link.a), device(link.b)
            self._claim(first)
            self._claim(second)
            VethLink(
                self._bridges[link.a.switch],
                self._bridges[link.b.switch],
                intfName1=first,
                intfName2=second,
            )
            for name in (first, second):
                ip("link", "set", name, "mtu", str(FABRIC_MTU), "up")
                no_checksum_offload(name)
        for name, bridge in self._bridges.items():
            ends = [end for link in self.topology.links.values() for end in (link.a, link.b)]
            bridge.plug({device(end): end.port for end in ends if end.switch == name})

    def plug_instances(self, controller: ControllerProcess, progress: Progress) -> None:
        """Give every instance of the controller a namespace, its addresses, and a port."""
        self.plug_some(controller, controller.get("/v1/instances"), progress)

    def plug_some(
        self, controller: ControllerProcess, instances: Sequence[Mapping[str, Any]], tell: Progress
    ) -> None:
        """Do so with these instances, which are as the controller tells them."""
        by_bridge: dict[str, dict[str, str]] = {}
        for instance in instances:
            tell(instance["name"])
            by_bridge.setdefault(instance["switch"], {})[self._add(instance)] = instance["port"]
        for name, plugs in by_bridge.items():
            self._bridges[name].plug(plugs)
        controller.wait_bound({(i["switch"], i["port"]) for i in instances})
        for instance in instances:
            self.agents[instance["name"]].connect()

    def stop(self) -> None:
        """End agents and instances; what is in the ledger goes with it."""
        for agent in self.agents.values():
            agent.close()
        for bridge in self._bridges.values():
            bridge.terminate()
        self._mininet.stop()

    def _claim(self, name: str) -> None:
        """Write a device down that is about to be made. Raises if somebody else has it."""
        if is_device(name):
            raise RuntimeError(taken(f"device {name}"))
        self._ledger.add("link", name)

    def _add(self, instance: Mapping[str, Any]) -> str:
        """One instance's namespace; the device to plug into its bridge."""
        name = instance["name"]
        if (NETNS / name).exists():
            raise RuntimeError(taken(f"namespace {name}"))
        self._ledger.add("netns", name)
        host = self._mininet.addHost(name, ip=None)
        self._ledger.add_process(host.pid)
        devices.mount_netns(name, host.pid)
        port = self._plug_name(instance, instance["switch"])
        devices.give_device(instance, port, "eth0")
        devices.run("ip", "-n", name, "link", "set", "lo", "up")
        devices.give_addresses(instance)
        self.agents[name] = AgentClient(name, self._ledger)
        return port

    def plug_again(self, instance: Mapping[str, Any], switch: str) -> str:
        """A second device of an instance, with the same addresses, plugged into another switch.

        Returns its name in the instance's namespace. What it sends, and when the first goes, is
        the caller's to say.
        """
        name = instance["name"]
        self._devices[name] = self._devices.get(name, 0) + 1
        within = f"eth{self._devices[name]}"
        port = self._plug_name(instance, switch)
        devices.give_device(instance, port, within)
        devices.give_second_address(instance, within, _mac_text(GATEWAY_MAC))
        self._bridges[switch].plug({port: instance["port"]})
        return within

    def unplug(self, port: Plug) -> None:
        """Take a device of an instance away."""
        self._bridges[port.switch].unplug(port.device)
        ip("link", "delete", port.device)

    def _plug_name(self, instance: Mapping[str, Any], switch: str) -> str:
        """The device to plug into a switch for an instance, written down."""
        plug = Plug(switch, f"i{instance['id']}.{switch[-6:]}")
        self._claim(plug.device)
        self.plugs[instance["name"]] = plug
        return plug.device


class AgentClient:
    """Commands an instance's agent, one at a time."""

    def __init__(self, name: str, ledger: Ledger) -> None:
        self.name = name
        self._path = ledger.folder / f"{name}.sock"
        log = ledger.folder / f"{name}.log"
        with log.open("wb") as out:
            self._process = subprocess.Popen(
                [
                    *("ip", "netns", "exec", name, sys.executable, "-m", "labkit.agent"),
                    *(name, str(self._path)),
                ],
                cwd=Path(__file__).parent.parent,
                stdout=out,
                stderr=out,
                stdin=subprocess.DEVNULL,
            )
        put_ahead(self._process.pid, AGENT)
        ledger.add_process(self._process.pid)

    def connect(self, timeout_s: float = 20.0) -> None:
        """Wait until the agent answers."""
        deadline = time.monotonic() + timeout_s
        while True:
            try:
                self._socket = socket.socket(socket.AF_UNIX)
                self._socket.connect(str(self._path))
                break
            except OSError:
                self._socket.close()
                if time.monotonic() > deadline:
                    raise RuntimeError(f"the agent of {self.name} did not start") from None
                time.sleep(0.02)
        self._file = self._socket.makefile("rw")

    def ask(self, do: str, **arguments: Any) -> Any:
        """Carry a command out and return its answer."""
        self.tell(do, **arguments)
        return self.answer()

    def tell(self, do: str, **arguments: Any) -> None:
        """Give a command without waiting."""
        self._file.write(json.dumps({"do": do, **arguments}) + "\n")
        self._file.flush()

    def answer(self) -> Any:
        """The answer of the command given last."""
        line = self._file.readline()
        if not line:
            raise RuntimeError(f"the agent of {self.name} has died; see {self.name}.log")
        return json.loads(line)

    def close(self) -> None:
        """End the agent."""
        self._process.terminate()
        self._process.wait(5)


def _mac_text(number: int) -> str:
    return number.to_bytes(6, "big").hex(":")


def device(end: Endpoint) -> str:
    """The device of a link's end in this namespace."""
    return f"{end.switch}.{end.port}"
