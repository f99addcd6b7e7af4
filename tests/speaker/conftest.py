"""A private Open vSwitch, and the speaker under the stock ryu-manager."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

import pytest

from controller.southbound.frames import Frame, FrameReader, Kind, encode
from labkit.ledger import start_time
from labkit.ovs import PrivateOvs, private_ovs
from tests.speaker.relay import RELAY

PATIENCE_S = 15.0
BRIDGE = "s1"
DATAPATH_ID = 0x51
_ROOT = Path(__file__).parents[2]
_RYU_MANAGER = str(Path(sys.executable).with_name("ryu-manager"))

T = TypeVar("T")


def eventually(ask: Callable[[], T | None], what: str) -> T:
    """The first answer that is something; for what other processes do and announce to nobody."""
    deadline = time.monotonic() + PATIENCE_S
    while not (found := ask()):
        assert time.monotonic() < deadline, f"within {PATIENCE_S:g} s not seen: {what}"
        time.sleep(0.01)
    return found


def free_port() -> int:
    """A TCP port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def children(pid: int) -> list[int]:
    """The processes that a process has started and that still run."""
    found = subprocess.run(
        ["pgrep", "--parent", str(pid)], capture_output=True, text=True, check=False
    )
    return [int(line) for line in found.stdout.split()]


class Engine:
    """The engine's end of the relay: frames as they come."""

    def __init__(self, path: Path) -> None:
        self.pid = int(path.name)
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.settimeout(PATIENCE_S)
        self._socket.connect(str(path))
        self._reader = FrameReader()
        self._frames: list[Frame] = []

    def say(self, frame: Frame) -> None:
        self._socket.sendall(encode(frame))

    def hear(self, kind: Kind, matches: Callable[[Frame], bool] = lambda _: True) -> Frame:
        """The next frame of a kind that matches; what came before it is passed over."""
        while True:
            while self._frames:
                frame = self._frames.pop(0)
                if frame.kind is kind and matches(frame):
                    return frame
            data = self._socket.recv(1 << 16)
            assert data, f"the speaker was gone before it said {kind.name}"
            self._frames += self._reader.feed(data)

    def alive(self) -> bool:
        return start_time(self.pid) is not None

    def kill(self) -> None:
        os.kill(self.pid, signal.SIGKILL)

    def close(self) -> None:
        self._socket.close()


class Controller:
    """A ryu-manager process, its log, and the relays it starts."""

    def __init__(self, folder: Path, application: str, **settings: str) -> None:
        self.folder = folder
        self.port = free_port()
        self._rest = f"127.0.0.1:{free_port()}"
        self._log = folder / "log"
        self._engines: list[Engine] = []
        (folder / "relay").mkdir(parents=True)
        environment = {
            **os.environ,
            "PYTHONPATH": str(_ROOT),
            RELAY: str(folder / "relay"),
            "BULKHEAD_RUN_DIR": str(folder / "run"),
            "BULKHEAD_STATE": str(folder / "state.db"),
            "BULKHEAD_OPENFLOW_PORT": str(self.port),
            "BULKHEAD_REST": self._rest,
            "BULKHEAD_GRPC": "off",
            **{f"BULKHEAD_{name.upper()}": value for name, value in settings.items()},
        }
        with self._log.open("wb") as log:
            self.process = subprocess.Popen(
                [_RYU_MANAGER, application], env=environment, stdout=log, stderr=log
            )

    @property
    def log(self) -> str:
        return self._log.read_text()

    def engine(self) -> Engine:
        """The next relay that this process has started."""
        known = {engine.pid for engine in self._engines}

        def fresh() -> Path | None:
            assert self.process.poll() is None, self.log
            paths = (self.folder / "relay").iterdir()
            return next((p for p in paths if p.name != "new" and int(p.name) not in known), None)

        engine = Engine(eventually(fresh, "an engine"))
        self._engines.append(engine)
        return engine

    def serving(self, other_than: int | None = None) -> int | None:
        """The process id of an engine that answers on its REST address, if there is one now."""
        pids = [pid for pid in children(self.process.pid) if pid != other_than]
        try:
            with urllib.request.urlopen(f"http://{self._rest}/healthz", timeout=PATIENCE_S):
                return pids[0] if pids else None
        except OSError:
            return None

    def connect(self, ovs: PrivateOvs) -> None:
        """Make the switch's bridge, with this as its controller from the beginning."""
        ovs.vsctl("--if-exists", "del-br", BRIDGE)  # apart, or the bridge keeps its flows
        ovs.vsctl(
            *("add-br", BRIDGE, "--"),
            *("set", "bridge", BRIDGE, "fail_mode=secure", "protocols=OpenFlow14"),
            *(f"other-config:datapath-id={DATAPATH_ID:016x}", "--"),
            *("set-controller", BRIDGE, f"tcp:127.0.0.1:{self.port}"),
        )

    def end(self, number: signal.Signals) -> int:
        """Send a signal; the exit status."""
        self.process.send_signal(number)
        return self.process.wait(PATIENCE_S)

    def close(self) -> None:
        for engine in self._engines:
            engine.close()
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(PATIENCE_S)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()


@contextlib.contextmanager
def running(folder: Path, application: str, **settings: str) -> Iterator[Controller]:
    """A controller for as long as the block lasts."""
    controller = Controller(folder, application, **settings)
    try:
        yield controller
    finally:
        controller.close()


@pytest.fixture(scope="session")
def ovs() -> Iterator[PrivateOvs]:
    with private_ovs("test-speaker") as found:
        yield found


@pytest.fixture
def controller(tmp_path: Path) -> Iterator[Controller]:
    """The speaker, with relays for engines."""
    with running(tmp_path, "tests.speaker.relayed") as process:
        yield process
