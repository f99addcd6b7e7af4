"""Network devices and namespaces of this machine, by ip(8), as the lab needs them."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

INSTANCE_MTU: Final = 1500
NETNS: Final = Path("/run/netns")


def is_device(name: str) -> bool:
    """Whether this namespace has a device of that name."""
    return Path("/sys/class/net", name).exists()


def taken(what: str) -> str:
    """What to say when somebody else has a name that we need."""
    return f"there is a {what} already; end the lab that made it (make clean), or remove it"


def run(*command: str) -> None:
    """Run a command. Raises RuntimeError with what it said."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)}: {done.stderr.strip()}")


def ip(*arguments: str) -> None:
    """Run ip(8). Raises RuntimeError."""
    run("ip", *arguments)


def inside(namespace: str, *command: str) -> None:
    """Run a command in a namespace. Raises RuntimeError."""
    run("ip", "netns", "exec", namespace, *command)


def mount_netns(name: str, pid: int) -> None:
    """Let ``ip netns exec`` find a Mininet host: a bind mount, as ip-netns(8) makes."""
    NETNS.mkdir(parents=True, exist_ok=True)
    (NETNS / name).touch()
    run("mount", "--bind", f"/proc/{pid}/ns/net", str(NETNS / name))


def no_checksum_offload(name: str) -> None:
    """With TX offload on, TCP and UDP die in the userspace datapath while ping works."""
    run("ethtool", "-K", name, "tx", "off")


def give_device(instance: Mapping[str, Any], port: str, within: str) -> None:
    """A device ``within`` an instance's namespace, its other end ``port`` here; no address yet."""
    name = instance["name"]
    ip("link", "add", port, "type", "veth", "peer", "name", within, "netns", name)
    inside(name, "ip", "link", "set", within, "address", instance["mac"])
    inside(name, "ip", "link", "set", within, "mtu", str(INSTANCE_MTU), "up")
    inside(name, "ethtool", "-K", within, "tx", "off")
    for which in ("all", within):  # see give_second_address
        inside(name, "sysctl", "-q", "-w", f"net.ipv4.conf.{which}.rp_filter=0")
    ip("link", "set", port, "up")
    no_checksum_offload(port)


def give_addresses(instance: Mapping[str, Any]) -> None:
    """An instance's address on its first device, and its routes."""
    name = instance["name"]
    address = f"{instance['ip']}/{instance['prefix_length']}"
    inside(name, "ip", "address", "add", address, "dev", "eth0")
    way = ("via", instance["gateway"], "dev", "eth0", "onlink")
    inside(name, "ip", "route", "add", "default", *way)


def give_second_address(instance: Mapping[str, Any], within: str, gateway_mac: str) -> None:
    """The same address on a second device, which receives at once and sends by no route yet.

    Either device takes what is for the address (the weak host model of RFC 1122, 3.3.4.2), so the
    check that a packet came by the device that its answer leaves by is off.
    """
    name = instance["name"]
    inside(name, "ip", "address", "add", f"{instance['ip']}/32", "dev", within)
    neighbour = ("lladdr", gateway_mac, "dev", within, "nud", "permanent")
    inside(name, "ip", "neighbour", "replace", instance["gateway"], *neighbour)
