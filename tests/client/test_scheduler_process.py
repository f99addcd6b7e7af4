"""The example of a placement tool as a process of its own, driven by the events of a real site.

The controller is `ryu-manager`, and each host has an Open vSwitch of its own (without a datapath)
that is killed and started again.
"""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from controller.client import Bulkhead
from labkit.controller import ControllerProcess
from labkit.faults import eventually
from labkit.ledger import Ledger
from labkit.ovs import PrivateOvs

ROOT = Path(__file__).parents[2]
COUNT = 50
WAIT_S = 30.0


@dataclass(frozen=True)
class Scheduled:
    """A site of two hosts, and the scheduler that keeps instances of `web` placed there."""

    hosts: dict[str, PrivateOvs]
    site: Bulkhead
    scheduler: subprocess.Popen[str]

    def load(self) -> Counter[str]:
        """How many instances each host has."""
        return Counter(item["host"] for item in self.site.objects("instances", "service=web"))

    def until(self, wanted: dict[str, int]) -> None:
        """Wait until hosts have what is wanted; the scheduler must live on."""
        eventually(lambda: self.load() == wanted, f"{COUNT} instances placed: {wanted}", WAIT_S)
        assert self.scheduler.poll() is None


@pytest.fixture
def scheduled(tmp_path: Path) -> Iterator[Scheduled]:
    ledger = Ledger.create("test-scheduler")
    try:
        with PrivateOvs(ledger, name="one") as one, PrivateOvs(ledger, name="two") as two:
            remotes = {"edge-1": one, "fabric-1": one, "edge-2": two}
            controller = ControllerProcess(
                ledger,
                topology=ROOT / "topologies/small.yaml",
                policy=ROOT / "policies/small.yaml",
                ovsdb=",".join(f"{name}={ovs.database}" for name, ovs in remotes.items()),
                datapath_type="dummy",
            )
            try:
                controller.start()
                controller.wait_ready()
                with Bulkhead(controller.url) as site, run(controller.url, tmp_path) as scheduler:
                    ledger.add_process(scheduler.pid)
                    try:
                        yield Scheduled({"host-1": one, "host-2": two}, site, scheduler)
                    finally:
                        scheduler.kill()
            finally:
                controller.stop()
    finally:
        ledger.clean()


def run(server: str, folder: Path) -> subprocess.Popen[str]:
    command = ["examples/scheduler.py", "--server", server, "--service", "web"]
    with (folder / "errors").open("w") as errors:
        return subprocess.Popen(
            [sys.executable, *command, "--count", str(COUNT)],
            cwd=ROOT,
            stdout=subprocess.DEVNULL,
            stderr=errors,
            text=True,
        )


def test_50_services_stay_placed_while_hosts_come_and_go(
    scheduled: Scheduled, tmp_path: Path
) -> None:
    scheduled.until({"host-1": COUNT // 2, "host-2": COUNT // 2})
    scheduled.hosts["host-2"].kill_switch()
    scheduled.until({"host-1": COUNT})
    scheduled.hosts["host-2"].start_switch()
    connected(scheduled.site, {"host-1", "host-2"})
    scheduled.hosts["host-1"].kill_switch()
    scheduled.until({"host-2": COUNT})
    addresses = {item["ip"] for item in scheduled.site.objects("instances", "service=web")}
    assert len(addresses) == COUNT
    # Somebody else's change is an event too: what he takes away comes back.
    scheduled.site.delete("instances", "web-7", wait="stored")
    scheduled.until({"host-2": COUNT})
    assert (tmp_path / "errors").read_text() == ""


def connected(site: Bulkhead, hosts: set[str]) -> None:
    def seen() -> bool:
        return {s["host"] for s in site.switches() if s["host"] and s["connected"]} == hosts

    eventually(seen, f"switches of {hosts} connected", WAIT_S)
