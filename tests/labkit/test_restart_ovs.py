"""``scripts/restart-ovs.sh``: flows are saved and put back, whatever becomes of the restart."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from labkit.ledger import Ledger
from labkit.ovs import PrivateOvs

SCRIPT = Path(__file__).parents[2] / "scripts" / "restart-ovs.sh"
FLOW = "table=1, priority=7,tcp,tp_dst=80 actions=drop"
METERS = (
    "meter=1,pktps,burst,bands=type=drop,rate=20,burst_size=50",
    "meter=7,kbps,stats,bands=type=drop,rate=100",
)


@pytest.fixture
def ovs() -> Iterator[PrivateOvs]:
    """A switch with a flow, whose controller is not there."""
    ledger = Ledger.create("test-restart-ovs")
    try:
        with PrivateOvs(ledger) as switch:
            bridge = ("set", "bridge", "b", "datapath_type=dummy", "fail_mode=secure")
            more = ("protocols=OpenFlow14", "--", "set-controller", "b", "tcp:127.0.0.1:1")
            switch.vsctl("add-br", "b", "--", *bridge, *more)
            switch.ofctl("add-flow", "b", "table=1,priority=7,tcp,tcp_dst=80,actions=drop")
            for meter in METERS:
                switch.ofctl("add-meter", "b", meter)
            yield switch
    finally:
        ledger.clean()


def script(ovs: PrivateOvs, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(SCRIPT), *arguments], env=ovs.environment, capture_output=True, text=True, check=False
    )


def waiting(ovs: PrivateOvs) -> bool:
    return "flow-restore-wait" in ovs.vsctl("get", "Open_vSwitch", ".", "other_config")


def test_flows_survive_a_restart(ovs: PrivateOvs, tmp_path: Path) -> None:
    meters = _meters(ovs)
    assert len(meters) == 2 * len(METERS)
    assert script(ovs, "save", str(tmp_path)).returncode == 0
    assert waiting(ovs)
    ovs.end_switch()
    ovs.start_switch()
    done = script(ovs, "restore", str(tmp_path))
    assert done.returncode == 0, done.stderr
    assert FLOW in ovs.ofctl("dump-flows --no-stats", "b")
    assert _meters(ovs) == meters
    assert not waiting(ovs)


def _meters(ovs: PrivateOvs) -> list[str]:
    """A line for each meter and each of its bands."""
    return [line for line in ovs.ofctl("dump-meters", "b").splitlines()[1:] if line]


@pytest.mark.parametrize("command", ["true", "false"])
def test_a_command_that_fails_is_told_and_flows_are_put_back(ovs: PrivateOvs, command: str) -> None:
    done = script(ovs, "run", command)
    assert done.returncode == (command == "false"), done.stderr
    assert FLOW in ovs.ofctl("dump-flows --no-stats", "b")
    assert not waiting(ovs)


def test_without_a_command_it_says_how_it_is_used(ovs: PrivateOvs) -> None:
    done = script(ovs, "run")
    assert done.returncode == 2
    assert "restart-ovs.sh run COMMAND" in done.stderr
    assert not waiting(ovs)
