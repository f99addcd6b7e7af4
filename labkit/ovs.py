"""A private Open vSwitch: its own run directory, database and processes."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Final, Literal

from labkit.ledger import Ledger, delete_taps
from labkit.processes import DATAPATH, put_ahead
from labkit.sockets import answers

_SCHEMA: Final = Path("/usr/share/openvswitch/vswitch.ovsschema")
_START_S: Final = 10.0
_KEEPS_MEMORY: Final = "glibc.malloc.trim_threshold=268435456:glibc.malloc.top_pad=16777216"
"""For a switch (mallopt(3)): at each look at a port the userspace datapath takes buffers and gives
them up, and glibc the memory to the kernel and back, 4,000 times a second with 24 busy ports."""

KEEPS_BUFFERS: Final = ":glibc.malloc.tcache_max=16384:glibc.malloc.tcache_count=127"
"""So that buffers of a packet's size, 32 for each look, are among those that glibc keeps at hand
("Memory Allocation Tunables" in the GNU C Library's manual)."""

Datapath = Literal["dummy", "netdev"]


class PrivateOvs:
    """ovsdb-server and ovs-vswitchd for one run.

    ``dummy`` needs no device and carries no packet: it takes flows and answers ``ofproto/trace``.
    ``netdev`` is the userspace datapath on real devices.
    """

    def __init__(
        self,
        ledger: Ledger,
        datapath: Datapath = "dummy",
        name: str = "ovs",
        tunables: str = "",
    ) -> None:
        self._tunables = _KEEPS_MEMORY + tunables
        self.datapath: Datapath = datapath
        self.run_dir = ledger.folder / name
        self._ledger = ledger
        self._processes: dict[str, subprocess.Popen[bytes]] = {}

    @property
    def _file(self) -> str:
        """The switch's database, on disk."""
        return str(self.run_dir / "conf.db")

    @property
    def database(self) -> str:
        """The OVSDB remote of the switch's database."""
        return f"unix:{self.run_dir}/db.sock"

    def __enter__(self) -> PrivateOvs:
        self.run_dir.mkdir(parents=True)
        self._run("ovsdb-tool", "create", self._file, str(_SCHEMA))
        if self.datapath == "netdev":
            self._ledger.add("taps", self._file)
        self.start_database()
        self.vsctl("--no-wait", "init")
        self.vsctl("--no-wait", "set", "Open_vSwitch", ".", "other_config:vlan-limit=2")
        self.start_switch()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if "ovs-vswitchd" in self._processes:
            with suppress(RuntimeError, subprocess.TimeoutExpired):
                # On a mere signal it leaves the taps of its bridges behind.
                self.appctl("exit", "--cleanup")
        for process in reversed(self._processes.values()):
            _end(process)
        self._processes.clear()
        if self.datapath == "netdev":
            # Those of a run that was killed before are not the switch's own, and stay otherwise.
            delete_taps(self._file)

    def start_database(self) -> None:
        """Start ovsdb-server and wait until it takes connections."""
        self._spawn(
            "ovsdb-server",
            *("ovsdb-server", self._file),
            f"--remote=punix:{self.run_dir}/db.sock",
            "--remote=db:Open_vSwitch,Open_vSwitch,manager_options",
            "--private-key=db:Open_vSwitch,SSL,private_key",
            "--certificate=db:Open_vSwitch,SSL,certificate",
            "--ca-cert=db:Open_vSwitch,SSL,ca_cert",
            f"--unixctl={self.run_dir}/ovsdb-server.ctl",
        )
        self._wait(lambda: answers(self.run_dir / "db.sock"), "ovsdb-server")

    def kill_database(self) -> None:
        """SIGKILL to ovsdb-server: ovs-vswitchd only forwards until it is back."""
        process = self._processes.pop("ovsdb-server")
        process.kill()
        process.wait()
        (self.run_dir / "db.sock").unlink(missing_ok=True)

    def start_switch(self) -> None:
        """Start ovs-vswitchd and wait until it has taken up its database."""
        mode = ("--enable-dummy=override",) if self.datapath == "dummy" else ()
        self._spawn(
            "ovs-vswitchd",
            *("ovs-vswitchd", self.database, *mode, "--disable-system"),
            f"--unixctl={self.run_dir}/ovs-vswitchd.ctl",
        )
        self._wait(lambda: (self.run_dir / "ovs-vswitchd.ctl").exists(), "ovs-vswitchd")
        self.vsctl("--timeout=10", "get", "Open_vSwitch", ".", "cur_cfg")

    def kill_switch(self) -> None:
        """SIGKILL to ovs-vswitchd: its flows are gone, its database stays."""
        process = self._processes.pop("ovs-vswitchd")
        process.kill()
        process.wait()
        (self.run_dir / "ovs-vswitchd.ctl").unlink(missing_ok=True)

    def end_switch(self) -> None:
        """End ovs-vswitchd in order, as a planned restart does; its database stays."""
        self.appctl("exit")
        self._processes.pop("ovs-vswitchd").wait(_START_S)

    def signal_switch(self, number: signal.Signals) -> None:
        """A signal to ovs-vswitchd: SIGSTOP makes it silent, SIGCONT ends that."""
        self._processes["ovs-vswitchd"].send_signal(number)

    def cut(self, bridge: str) -> None:
        """End a bridge's OpenFlow session, as a broken connection does; it connects again at once.

        Not by its row in OVSDB: the controller puts that right before a busy switch has seen it.
        """
        self.appctl("bridge/reconnect", bridge)

    def vsctl(self, *arguments: str) -> str:
        """Run ovs-vsctl on this database; its output."""
        return self._run("ovs-vsctl", f"--db={self.database}", *arguments)

    def ofctl(self, command: str, bridge: str, *arguments: str, text: str | None = None) -> str:
        """Run ovs-ofctl, OpenFlow 1.4, on a bridge's management socket; its output."""
        socket = f"unix:{self.run_dir}/{bridge}.mgmt"
        return self._run(
            *("ovs-ofctl", "-O", "OpenFlow14", *command.split(), socket, *arguments), text=text
        )

    def appctl(self, *arguments: str) -> str:
        """Run ovs-appctl on ovs-vswitchd; its output."""
        return self._run("ovs-appctl", "-t", f"{self.run_dir}/ovs-vswitchd.ctl", *arguments)

    def trace(self, bridge: str, flow: str, *ct_states: str) -> str:
        """``ofproto/trace`` of a flow; ``ct_states`` are what each ct action finds, in order."""
        found = [part for state in ct_states for part in ("--ct-next", state)]
        return self.appctl("ofproto/trace", bridge, *found, flow)

    def wait_cache(self) -> None:
        """Wait until the datapath's cache follows the tables: what they say now, packets meet now.

        The threads that see to it are told in the turn of the main loop after a change, so what
        is permitted anew may be dropped by the cache for a moment yet.
        """
        self.appctl("revalidator/wait")

    def log(self) -> str:
        """What ovs-vswitchd has logged."""
        return (self.run_dir / "ovs-vswitchd.log").read_text()

    def _spawn(self, name: str, *command: str) -> None:
        with (self.run_dir / f"{name}.log").open("ab") as log:
            process = subprocess.Popen(
                command,
                env=self._environment() | {"GLIBC_TUNABLES": self._tunables},
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
            )
        if self.datapath == "netdev":
            put_ahead(process.pid, DATAPATH)
        self._processes[name] = process
        self._ledger.add_process(process.pid)

    def _run(self, *command: str, text: str | None = None) -> str:
        done = subprocess.run(
            command,
            env=self._environment(),
            input=text,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        if done.returncode:
            raise RuntimeError(f"{' '.join(command)}: {done.stderr.strip() or done.stdout.strip()}")
        return done.stdout

    @property
    def environment(self) -> dict[str, str]:
        """For programs that ask Open vSwitch where its files are."""
        control = f"{self.run_dir}/ovs-vswitchd.ctl"
        return {**self._environment(), "OVS_DB": self.database, "OVS_CTL": control}

    def _environment(self) -> dict[str, str]:
        place = str(self.run_dir)
        return {**os.environ, "OVS_RUNDIR": place, "OVS_DBDIR": place, "OVS_LOGDIR": place}

    def _wait(self, condition: Callable[[], bool], what: str) -> None:
        deadline = time.monotonic() + _START_S
        while not condition():
            if time.monotonic() > deadline:
                log = (self.run_dir / f"{what}.log").read_text()
                raise RuntimeError(f"{what} did not start within {_START_S:.0f} s: {log[-500:]}")
            time.sleep(0.005)


@contextmanager
def private_ovs(name: str, datapath: Datapath = "dummy") -> Iterator[PrivateOvs]:
    """A private Open vSwitch with a ledger of its own, of a name; nothing of it is left behind."""
    ledger = Ledger.create(name)
    try:
        with PrivateOvs(ledger, datapath) as found:
            yield found
    finally:
        ledger.clean()


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(5)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
