"""The machine: versions, clock, datapaths, MTU."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Final

from controller.cli.client import Client
from controller.cli.doctor.checks import Check, ask, fail, output_of, warn, well
from controller.settings import Settings

_PYTHONS: Final = ((3, 11), (3, 13))
_OVS_LEAST: Final = (3, 1)
_LIBRARIES: Final = {"ryu": "4.34", "eventlet": "0.41.3"}
_BUILT: Final = datetime(2026, 1, 1, tzinfo=UTC)
_NET: Final = Path("/sys/class/net")
_TUNNELLED_MTU: Final = 1500 + 8  # bytes: what instances send, with the two tags of the fabric


def versions(_settings: Settings, _client: Client) -> Iterator[Check]:
    """Python, Ryu, eventlet and Open vSwitch."""
    found = sys.version_info[:2]
    text = ".".join(map(str, sys.version_info[:3]))
    if _PYTHONS[0] <= found <= _PYTHONS[1]:
        yield well("python", text)
    else:
        yield fail("python", text, "run on 3.11, 3.12 or 3.13: PYTHON=python3.12 make setup")
    for name, wanted in _LIBRARIES.items():
        yield _library(name, wanted)
    yield ovs_version(output_of("ovs-vswitchd", "--version"))


def _library(name: str, wanted: str) -> Check:
    try:
        found = version(name)
    except PackageNotFoundError:
        return fail(name, "not installed", "run: make setup")
    if found == wanted:
        return well(name, found)
    return warn(name, f"{found}, tested with {wanted}", "run: make setup (docs/ryu.md)")


def ovs_version(printed: str | None) -> Check:
    """Open vSwitch's, from what ``ovs-vswitchd --version`` prints."""
    name = "openvswitch"
    if printed is None:
        return fail(name, "ovs-vswitchd is not installed", "apt-get install openvswitch-switch")
    match = re.search(r"\) (\d+)\.(\d+)", printed)
    text = printed.splitlines()[0]
    if match is None or (int(match[1]), int(match[2])) < _OVS_LEAST:
        return warn(name, text, "3.1 is the oldest that is tested")
    return well(name, text)


def clock(_settings: Settings, _client: Client) -> Iterator[Check]:
    """Whether it is set: history, events and certificates say when."""
    now = datetime.now(UTC)
    if now < _BUILT:
        yield fail("clock", now.isoformat(timespec="seconds"), "set it, or start chrony")
        return
    text = now.isoformat(timespec="seconds")
    told = ask("timedatectl", "show", "--property=NTPSynchronized", "--value")
    if told.text == "yes":
        yield well("clock", f"{text}, synchronised")
    elif told.text == "no":
        mend = "start a time service (chrony), so that times of several hosts compare"
        yield warn("clock", f"{text}, not synchronised", mend)
    else:
        why = told.why or f"timedatectl says `{told.text}`"
        mend = "see for yourself that a time service runs (chronyc tracking)"
        yield warn("clock", f"{text}; whether it is synchronised cannot be told: {why}", mend)


def datapaths(settings: Settings, _client: Client) -> Iterator[Check]:
    """The kernel's datapath, where bridges shall use it, and VRF devices."""
    kernel = Path("/sys/module/openvswitch").exists()
    if kernel:
        yield well("kernel datapath", "module openvswitch is loaded")
    elif settings.datapath_type == "netdev":
        yield well("kernel datapath", "not loaded, and not needed: datapath_type is netdev")
    else:
        mend = "modprobe openvswitch, or set datapath_type = netdev for the userspace datapath"
        yield warn("kernel datapath", "module openvswitch is not loaded", mend)


def mtu(_settings: Settings, _client: Client) -> Iterator[Check]:
    """Whether the tags that frames get between switches fit on this machine's physical ports."""
    ports = [path for path in sorted(_NET.iterdir()) if (path / "device").exists()]
    small = {path.name: size for path in ports if (size := mtu_of(path)) < _TUNNELLED_MTU}
    if small:
        shown = ", ".join(f"{name} {size}" for name, size in small.items())
        mend = (
            "on ports that are links between switches: ip link set NAME mtu 9000 "
            f"(at least {_TUNNELLED_MTU})"
        )
        yield warn("mtu", shown, mend)
    else:
        yield well("mtu", f"{len(ports)} physical ports take {_TUNNELLED_MTU} bytes")


def mtu_of(port: Path) -> int:
    """A port's MTU in bytes, from /sys/class/net."""
    return int((port / "mtu").read_text())
