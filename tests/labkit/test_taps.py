"""What the userspace datapath makes in the kernel goes with its run, however that ended."""

from __future__ import annotations

from pathlib import Path

from labkit.ledger import Ledger
from labkit.ovs import PrivateOvs
from labkit.single import only_site

BRIDGE = "tap-test"
TAP = Path("/sys/class/net", BRIDGE)
INTERNAL = Path("/sys/class/net", "tap-test-in")


def plug(ovs: PrivateOvs) -> None:
    ovs.vsctl("add-br", BRIDGE, "--", "set", "bridge", BRIDGE, "datapath_type=netdev")
    port = INTERNAL.name
    ovs.vsctl("add-port", BRIDGE, port, "--", "set", "interface", port, "type=internal")
    assert TAP.exists() and INTERNAL.exists()


def test_a_killed_switch_leaves_no_tap() -> None:
    with only_site(wait_s=600):
        run = Ledger.create("test-taps")
        with PrivateOvs(run, "netdev") as ovs:
            plug(ovs)
            ovs.kill_switch()
            assert TAP.exists() and INTERNAL.exists()
        assert not TAP.exists() and not INTERNAL.exists()
        run.clean()


def test_the_record_of_a_killed_run_is_enough() -> None:
    with only_site(wait_s=600):
        run = Ledger.create("test-taps")
        ovs = PrivateOvs(run, "netdev")
        ovs.__enter__()
        plug(ovs)
        ovs.kill_switch()
        run.clean()
        assert not TAP.exists() and not INTERNAL.exists()
        ovs.__exit__(None, None, None)
