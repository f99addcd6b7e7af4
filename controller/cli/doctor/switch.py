"""Open vSwitch: whether it runs and can be reached where the settings say."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from controller.cli.client import Client
from controller.cli.doctor.checks import Check, ask, fail, warn, well
from controller.cli.doctor.keys import keys_for
from controller.settings import Settings

_START: Final = "start Open vSwitch (systemctl start openvswitch-switch), or set ovsdb"
_KEYS: Final = (
    "see that it listens (ovs-vsctl set-manager pssl:6640), and that the authorities in "
    "switch_tls_ca and in its set-ssl signed both certificates (docs/security.md)"
)


def open_vswitch(settings: Settings, _client: Client) -> Iterator[Check]:
    """OVSDB's remotes, the bridges of the first, and the port for OpenFlow."""
    for remote in remotes(settings.ovsdb):
        yield _remote(remote, settings)
    yield _openflow(settings.openflow_host, settings.openflow_port)


def remotes(text: str) -> list[str]:
    """The remotes of the setting ``ovsdb``, each once."""
    parts = [part.partition("=")[2] or part for part in text.split(",")]
    return list(dict.fromkeys(parts))


def _remote(remote: str, settings: Settings) -> Check:
    name = f"ovsdb {remote}"
    kind, _, place = remote.partition(":")
    if kind == "unix" and not Path(place).exists():
        return fail(name, "no such socket", _START)
    told = ask("ovs-vsctl", "--timeout=3", *keys_for(remote, settings), f"--db={remote}", "list-br")
    if told.text is None:
        mend = _KEYS if kind == "ssl" else _START
        return fail(name, f"does not answer: {told.why}", mend)
    return well(name, f"bridges: {', '.join(told.text.split()) or 'none yet'}")


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
