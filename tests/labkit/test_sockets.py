"""What a packet socket of the lab receives: what comes by its device, whatever comes by others."""

from __future__ import annotations

import select
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from labkit.devices import ip
from labkit.ledger import Ledger
from labkit.sockets import packets_of

QUIET = "quiet-test"
_ETH_P_IP = 0x0800
_TIMES = 100
_FLOOD = """
import socket, sys
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
    sock.bind(("127.0.0.1", 0))
    sock.connect(sock.getsockname())
    print("begun", flush=True)
    while True:
        sock.send(b"x")
"""


@pytest.fixture
def quiet() -> Iterator[str]:
    """A device by which nothing comes."""
    run = Ledger.create("test-sockets")
    try:
        run.add("link", QUIET)
        ip("link", "add", QUIET, "type", "veth", "peer", "name", f"{QUIET}-p")
        ip("link", "set", QUIET, "up")
        yield QUIET
    finally:
        run.clean()


@contextmanager
def flooded_loopback() -> Iterator[None]:
    """Datagrams by ``lo`` as fast as they go."""
    command = [sys.executable, "-c", _FLOOD]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "begun\n"
            yield
        finally:
            process.terminate()


def received(device: str) -> bool:
    """Whether a new socket of a device has received something."""
    with packets_of(device, socket.SOCK_DGRAM, _ETH_P_IP) as sock:
        return bool(select.select([sock], [], [], 0)[0])


def test_nothing_comes_by_another_device(quiet: str) -> None:
    with flooded_loopback():
        assert not any(received(quiet) for _ in range(_TIMES))


def test_what_comes_by_the_device_is_received() -> None:
    with flooded_loopback(), packets_of("lo", socket.SOCK_DGRAM, _ETH_P_IP) as sock:
        assert select.select([sock], [], [], 5.0)[0]


def test_no_such_device() -> None:
    with pytest.raises(OSError, match="No such device"):
        packets_of("no-such-device", socket.SOCK_DGRAM, _ETH_P_IP)
