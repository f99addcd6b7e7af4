"""One Open vSwitch without devices, that says what it would do with a packet."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

import pytest

from controller.dataplane.program import Program
from controller.dataplane.text import format_entry
from labkit.ledger import Ledger
from labkit.ovs import PrivateOvs

MOST_PORTS = 40


class Oracle:
    """A bridge that holds one switch's program at a time, with ports 1 to 40."""

    def __init__(self, ovs: PrivateOvs) -> None:
        self._ovs = ovs
        bridge = "set bridge oracle datapath_type=dummy protocols=OpenFlow14 fail_mode=secure"
        command = ["add-br", "oracle", "--", *bridge.split()]
        for port in range(1, MOST_PORTS + 1):
            place = f"set interface p{port} type=dummy ofport_request={port}"
            command += ["--", "add-port", "oracle", f"p{port}", "--", *place.split()]
        ovs.vsctl(*command)

    def install(self, program: Program) -> None:
        """Hold this program and nothing else."""
        text = "".join(f"{format_entry(entry)}\n" for entry in program.entries())
        self._ovs.ofctl("--bundle replace-flows", "oracle", "-", text=text)

    def ports(self) -> Mapping[int, int]:
        """OpenFlow port numbers by the datapath's own."""
        shown = re.findall(r"p\d+ (\d+)/(\d+): \(dummy\)", self._ovs.appctl("dpif/show"))
        return {int(own): int(port) for port, own in shown}

    def trace(self, port: int, mark: int, frame: bytes, states: list[str]) -> str:
        """What happens to a frame; ``states`` are what its look-ups find, with ``mark``."""
        next_states = [part for state in states for part in ("--ct-next", state)]
        # A frame's mark is read only where it has a state, too; no entry looks at that one.
        place = f"in_port={port}" + (f",ct_state=trk,ct_mark={mark}" if mark else "")
        return self._ovs.appctl("ofproto/trace", *next_states, "oracle", place, frame.hex())


@pytest.fixture(scope="session")
def oracle() -> Iterator[Oracle]:
    """The switch, for all tests."""
    ledger = Ledger.create("test-oracle")
    try:
        with PrivateOvs(ledger) as ovs:
            yield Oracle(ovs)
    finally:
        ledger.clean()
