"""Open vSwitch: whether it runs and can be reached where the settings say."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

from controller.cli.client import Client
from controller.cli.doctor.checks import Check, fail, output_of, warn, well
from controller.settings import Settings


def open_vswitch(settings: Settings, _client: Client) -> Iterator[Check]:
    """OVSDB's remotes, the bridges of the first, and the port for OpenFlow."""
    for remote in remotes(settings.ovsdb):
        yield _remote(remote)
    yield _openflow(settings.openflow_host, settings.openflow_port)


def remotes(text: str) -> list[str]:
    """The remotes of the setting ``ovsdb``, each once."""
    parts = [part.partition("=")[2] or part for part in text.split(",")]
    return list(dict.fromkeys(parts))


def _remote(remote: str) -> Check:
    name = f"ovsdb {remote}"
    mend = "start Open vSwitch (systemctl start openvswitch-switch), or set ovsdb"
    kind, _, place = remote.partition(":")
    if kind == "unix" and not Path(place).exists():
        return fail(name, "no such socket", mend)
    printed = output_of("ovs-vsctl", "--timeout=3", f"--db={remote}", "list-br")
    if printed is None:
        return fail(name, "does not answer", mend)
    return well(name, f"bridges: {', '.join(printed.split()) or 'none yet'}")


def _openflow(host: str, port: int) -> Check:
    """Either a controller has the port, or it is free for one."""
    name = f"openflow {host}:{port}"
    try:
        socket.create_server((host, port)).close()
    except OSError as error:
        try:
            socket.create_connection((host, port), timeout=1).close()
        except OSError:
            return fail(name, str(error.strerror), "set openflow_host and openflow_port")
        return well(name, "a controller listens")
    return warn(name, "nobody listens", "start the controller: ryu-manager controller.app")
