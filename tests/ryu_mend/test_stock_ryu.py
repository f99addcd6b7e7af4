"""The stock ryu-manager on every supported Python, with real switches."""

from __future__ import annotations

import os
import select
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from labkit.controller import free_port
from labkit.ledger import Ledger
from labkit.ovs import PrivateOvs
from tests.ryu_mend.pythons import ROOT

PATIENCE_S = 60.0  # the first start on a Python compiles modules
END_S = 20.0
SITE = ("topologies/small.yaml", "policies/small.yaml")


@contextmanager
def ryu_manager(run: Ledger, commands: Path, *arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    """The stock command; its standard output is a pipe, what it logs goes to a file."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("BULKHEAD_")}
    with (run.folder / "log").open("w") as log:
        process = subprocess.Popen(
            [str(commands / "ryu-manager"), *arguments],
            env={**environment, "PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "ignore"},
            stdout=subprocess.PIPE,
            stderr=log,
        )
    run.add_process(process.pid)
    with process:
        try:
            yield process
        finally:
            process.terminate()
            try:
                process.wait(END_S)
            except subprocess.TimeoutExpired:
                process.kill()


def lines(process: subprocess.Popen[bytes], count: int, log: Path) -> list[str]:
    """The first lines that it prints."""
    assert process.stdout is not None
    descriptor = process.stdout.fileno()
    said = b""
    deadline = time.monotonic() + PATIENCE_S
    while said.count(b"\n") < count:
        ready, _, _ = select.select([descriptor], [], [], max(0.0, deadline - time.monotonic()))
        part = os.read(descriptor, 4096) if ready else b""
        assert part, f"{count} lines expected, found {said!r}\n{log.read_text()}"
        said += part
    return said.decode().splitlines()


def add_bridge(ovs: PrivateOvs, number: int, controller: str) -> None:
    """A bridge with that datapath id, connected to a controller."""
    name = f"s{number}"
    ovs.vsctl(
        *("add-br", name, "--", "set", "bridge", name, "protocols=OpenFlow14"),
        *("fail_mode=secure", f"other-config:datapath-id={number:016x}"),
        *("--", "set-controller", name, controller),
        *("--", "set", "controller", name, "max_backoff=1000"),
    )


def self_signed(folder: Path) -> tuple[str, str]:
    """A key, and a certificate that is its own authority."""
    key, certificate = str(folder / "key.pem"), str(folder / "certificate.pem")
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"),
            *("-subj", "/CN=bulkhead-test", "-keyout", key, "-out", certificate),
        ],
        check=True,
        capture_output=True,
    )
    return key, certificate


@pytest.mark.skipif(shutil.which("openssl") is None, reason="no openssl command for certificates")
def test_every_switch_gets_a_session_over_mutual_tls(run: Ledger, commands: Path) -> None:
    """Stock Ryu accepts one; two here, each with its barrier answered over OpenFlow 1.4."""
    key, certificate = self_signed(run.folder)
    port = free_port()
    flags = (
        *("--ofp-listen-host", "127.0.0.1", "--ofp-ssl-listen-port", str(port)),
        *("--ctl-privkey", key, "--ctl-cert", certificate, "--ca-certs", certificate),
    )
    with (
        PrivateOvs(run) as ovs,
        ryu_manager(run, commands, *flags, "tests.ryu_mend.barrier_app") as ryu,
    ):
        ovs.vsctl("set-ssl", key, certificate, certificate)
        for number in (1, 2):
            add_bridge(ovs, number, f"ssl:127.0.0.1:{port}")
        assert sorted(lines(ryu, 2, run.folder / "log")) == ["barrier 1", "barrier 2"]


def test_speaker_and_engine_connect_and_program_a_switch(run: Ledger, commands: Path) -> None:
    """Both processes of the controller with that Python, over TCP, and their end by SIGTERM."""
    topology, policy = (ROOT / name for name in SITE)
    rest = f"127.0.0.1:{free_port()}"
    with PrivateOvs(run) as ovs:
        settings = {
            "openflow_port": free_port(),
            "rest": rest,
            "topology": topology,
            "policy": policy,
            "state": run.folder / "state.db",
            "run_dir": run.folder / "controller",
            "ovsdb": ovs.database,
            "datapath_type": "dummy",
        }
        config = run.folder / "bulkhead.conf"
        text = "".join(f"{name} = {value}\n" for name, value in settings.items())
        config.write_text(f"[DEFAULT]\n\n[bulkhead]\n{text}")
        with ryu_manager(run, commands, "--config-file", str(config), "controller.app") as ryu:
            wait_connected(f"http://{rest}", 3, ryu, run.folder / "log")
            flows = ovs.ofctl("dump-flows", "fabric-1", "--no-stats").count("cookie=")
            assert flows > 0, "fabric-1 is connected, but holds no flow"
        assert ryu.returncode == 0, (run.folder / "log").read_text()


def wait_connected(url: str, count: int, ryu: subprocess.Popen[bytes], log: Path) -> None:
    """Wait until so many switches are connected and hold the newest revision."""
    deadline = time.monotonic() + PATIENCE_S
    said = "nothing yet"
    while time.monotonic() < deadline and ryu.poll() is None:
        try:
            switches = httpx.get(f"{url}/v1/switches", timeout=2).json()
        except httpx.HTTPError as error:
            said = str(error)
        else:
            said = str(switches)
            if sum(s["connected"] and s["in_sync"] for s in switches) == count:
                return
        time.sleep(0.05)
    raise AssertionError(f"not all of {count} switches are in sync: {said}\n{log.read_text()}")
